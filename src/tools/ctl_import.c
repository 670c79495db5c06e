/* wax ctl import: brings what Mosquitto has kept into a running broker. */
#include "tools/ctl_show.h"
#include "tools/ctl_verbs.h"
#include "tools/mosquitto_db.h"

#include "os/os.h"
#include "wire/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILE_SIZE_MAX = 1 << 30,
    PROPERTY_ROOM = 16,     /* for an expiry and the length */
    STATE_PUBREL_FIRST = 6, /* resend_pubrel: the client has the message */
    STATE_PUBCOMP = 9,      /* wait_for_pubcomp: so it has */
};

enum brought { SESSIONS, SUBSCRIPTIONS, QUEUED, RETAINED, BROUGHT_COUNT };

/* clang-format off */
static const struct ctl_column found_columns[] = {
    {"WHAT",   "what",     -12, CTL_TEXT  },
    {"CLIENT", "id",       -24, CTL_TEXT  },
    {"USER",   "user",     -12, CTL_TEXT  },
    {"QOS",    "qos",        3, CTL_NUMBER},
    {"SIZE",   "size",       7, CTL_BYTES },
    {"TOPIC",  "topic",    -30, CTL_TEXT  },
};
/* clang-format on */

static const char *const names[BROUGHT_COUNT] = {"session", "subscription", "queued", "retained"};

struct import {
    struct ctl_link *link;
    wax_bytes file;
    struct db_chunk *messages; /* sorted by their store id */
    size_t message_count;
    size_t message_size;
    struct ctl_table table;
    size_t found[BROUGHT_COUNT];
    size_t failed;
    uint64_t now_s;
};

/* --- Messages are stored apart from who waits for them --- */

static int compare(const void *one, const void *other)
{
    uint64_t first = ((const struct db_chunk *)one)->store_id;
    uint64_t second = ((const struct db_chunk *)other)->store_id;

    return first < second ? -1 : first > second ? 1 : 0;
}

static bool keep_message(struct import *import, const struct db_chunk *chunk)
{
    if (import->message_count == import->message_size) {
        size_t size = import->message_size == 0 ? 1024 : import->message_size * 2;
        struct db_chunk *messages = realloc(import->messages, size * sizeof *messages);
        if (messages == NULL) {
            return false;
        }
        import->messages = messages;
        import->message_size = size;
    }
    import->messages[import->message_count++] = *chunk;
    return true;
}

static const struct db_chunk *find_message(const struct import *import, uint64_t store_id)
{
    struct db_chunk wanted = {.store_id = store_id};

    return import->message_count == 0
               ? NULL
               : bsearch(&wanted, import->messages, import->message_count, sizeof wanted, compare);
}

/* --- Asking the broker --- */

static bool is_text(wax_bytes text)
{
    return text.size > 0 && wax_utf8_is_valid(text);
}

/* Mosquitto 2.0 writes a client without a user name with what its memory held before: a name with a
 * zero in it is none. */
static void add_user(struct ctl_link *link, wax_bytes user)
{
    if (is_text(user)) {
        ctl_add(link, "user", user);
    }
}

static bool has_time(const struct import *import, const struct db_chunk *chunk)
{
    return chunk->expires_s == 0 || chunk->expires_s > import->now_s;
}

/* The body of a request: properties, an expiry of what is left among them, and the payload. False
 * without memory. */
static bool write_body(const struct import *import, const struct db_chunk *message,
                       wax_writer *body)
{
    wax_reader in = wax_reader_over(message->properties);
    size_t size = PROPERTY_ROOM + message->properties.size;
    uint8_t *room = malloc(size);
    wax_writer properties = wax_writer_over(room, size);

    if (room == NULL) {
        return false;
    }
    if (message->expires_s > 0) {
        wax_property_write_number(&properties, WAX_MESSAGE_EXPIRY,
                                  (uint32_t)(message->expires_s - import->now_s));
    }
    if (message->properties.size > 0) {
        wax_write_bytes(&properties, wax_read_properties(&in, WAX_PUBLISH));
    }
    wax_write_properties(body, wax_writer_bytes(&properties));
    wax_write_bytes(body, message->payload);
    free(room);
    return body->status == WAX_OK;
}

static int ask_with_message(struct import *import, const struct db_chunk *message)
{
    size_t size = (size_t)2 * PROPERTY_ROOM + message->properties.size + message->payload.size;
    uint8_t *room = malloc(size);
    wax_writer body = wax_writer_over(room, size);
    struct ctl_link *link = import->link;
    int code = 1;

    ctl_add(link, "topic", message->topic);
    add_user(link, message->user);
    if (is_text(message->client_id)) {
        ctl_add(link, "client", message->client_id);
    }
    ctl_add_number(link, "port", message->port);
    if (room != NULL && write_body(import, message, &body)) {
        code = ctl_ask(link, wax_writer_bytes(&body), NULL, NULL);
    }
    free(room);
    return code;
}

static void set_text(json_t *line, const char *name, wax_bytes text)
{
    if (is_text(text)) {
        json_object_set_new(line, name, json_stringn((const char *)text.data, text.size));
    }
}

/* Counts what there is, and with --dry-run shows it. */
static void show(struct import *import, enum brought what, const struct db_chunk *chunk,
                 const struct db_chunk *message)
{
    const struct db_chunk *about = message == NULL ? chunk : message;
    json_t *line;

    import->found[what]++;
    if (!import->link->settings->is_dry) {
        return;
    }
    line = json_pack("{s:s, s:i}", "what", names[what], "qos", (int)about->qos);
    set_text(line, "id",
             message != NULL && what == RETAINED ? message->client_id : chunk->client_id);
    set_text(line, "user", about->user);
    set_text(line, "topic", about->topic);
    if (message != NULL) {
        json_object_set_new(line, "size", json_integer((json_int_t)message->payload.size));
    }
    if (import->link->settings->is_json) {
        (void)json_dumpf(line, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
    } else {
        ctl_show_row(&import->table, line);
    }
    json_decref(line);
}

static int bring_session(struct import *import, const struct db_chunk *chunk)
{
    uint32_t expiry_s = chunk->expiry_s;

    if (expiry_s != UINT32_MAX && chunk->expires_s > import->now_s) {
        expiry_s = (uint32_t)(chunk->expires_s - import->now_s);
    }
    ctl_begin(import->link, "import-session");
    ctl_add(import->link, "id", chunk->client_id);
    add_user(import->link, chunk->user);
    ctl_add_number(import->link, "port", chunk->port);
    ctl_add_number(import->link, "expiry", expiry_s);
    return ctl_ask(import->link, (wax_bytes){NULL, 0}, NULL, NULL);
}

static int bring_subscription(struct import *import, const struct db_chunk *chunk)
{
    ctl_begin(import->link, "import-subscription");
    ctl_add(import->link, "id", chunk->client_id);
    ctl_add(import->link, "filter", chunk->topic);
    ctl_add_number(import->link, "qos", chunk->qos);
    ctl_add_number(import->link, "options", chunk->options);
    ctl_add_number(import->link, "identifier", chunk->identifier);
    return ctl_ask(import->link, (wax_bytes){NULL, 0}, NULL, NULL);
}

static int bring_queued(struct import *import, const struct db_chunk *chunk,
                        const struct db_chunk *message)
{
    ctl_begin(import->link, "import-queued");
    ctl_add(import->link, "id", chunk->client_id);
    ctl_add_number(import->link, "qos", chunk->qos);
    ctl_add_text(import->link, "retain", chunk->retain ? "1" : NULL);
    return ask_with_message(import, message);
}

static int bring_retained(struct import *import, const struct db_chunk *message)
{
    ctl_begin(import->link, "import-retained");
    ctl_add_text(import->link, "retain", "1");
    ctl_add_number(import->link, "qos", message->qos);
    return ask_with_message(import, message);
}

/* Whether the client still waits for it: what it has already, and what came from it, is past. */
static bool is_waiting(const struct db_chunk *chunk)
{
    return !chunk->is_incoming &&
           (chunk->state < STATE_PUBREL_FIRST || chunk->state > STATE_PUBCOMP);
}

static int bring_chunk(struct import *import, const struct db_chunk *chunk)
{
    const struct db_chunk *message = find_message(import, chunk->store_id);
    bool is_dry = import->link->settings->is_dry;

    switch (chunk->kind) {
    case DB_CLIENT:
        if (chunk->expiry_s == 0 || !has_time(import, chunk)) {
            return 0;
        }
        show(import, SESSIONS, chunk, NULL);
        return is_dry ? 0 : bring_session(import, chunk);
    case DB_SUBSCRIPTION:
        show(import, SUBSCRIPTIONS, chunk, NULL);
        return is_dry ? 0 : bring_subscription(import, chunk);
    case DB_QUEUED:
        if (message == NULL || !is_waiting(chunk) || !has_time(import, message)) {
            return 0;
        }
        show(import, QUEUED, chunk, message);
        return is_dry ? 0 : bring_queued(import, chunk, message);
    case DB_RETAINED:
        if (message == NULL || !has_time(import, message)) {
            return 0;
        }
        show(import, RETAINED, chunk, message);
        return is_dry ? 0 : bring_retained(import, message);
    default:
        return 0;
    }
}

/* --- The file --- */

/* Goes over the chunks of a kind; messages are only kept. */
static bool go_over(struct import *import, uint32_t kind)
{
    struct db db;
    struct db_chunk chunk;
    wax_status status = db_open(&db, import->file);

    while (status == WAX_OK && (status = db_next(&db, &chunk)) == WAX_OK) {
        if (chunk.kind == DB_MESSAGE && kind == DB_MESSAGE) {
            status = keep_message(import, &chunk) ? WAX_OK : WAX_FULL;
        } else if (chunk.kind == kind && bring_chunk(import, &chunk) != 0) {
            import->failed++;
        }
    }
    if (status == WAX_UNSUPPORTED_VERSION) {
        (void)fprintf(stderr,
                      "wax ctl import: this is version %u of Mosquitto's database; 3 to 6 can be "
                      "read\n",
                      db.version);
    } else if (status == WAX_MALFORMED) {
        (void)fputs("wax ctl import: this is no mosquitto.db, or it is damaged; stop Mosquitto "
                    "first, which then writes it whole\n",
                    stderr);
    }
    return status == WAX_NOT_FOUND;
}

static bool import_all(struct import *import)
{
    static const uint32_t order[] = {DB_CLIENT, DB_SUBSCRIPTION, DB_QUEUED, DB_RETAINED};
    bool is_good = go_over(import, DB_MESSAGE);

    if (is_good && import->message_count > 0) {
        qsort(import->messages, import->message_count, sizeof *import->messages, compare);
    }
    for (size_t i = 0; is_good && i < WAX_COUNT(order); i++) {
        is_good = go_over(import, order[i]);
    }
    return is_good;
}

static void say_sum(const struct import *import)
{
    const struct ctl_settings *settings = import->link->settings;

    if (settings->is_json) {
        (void)printf("{\"sessions\":%zu,\"subscriptions\":%zu,\"queued\":%zu,\"retained\":%zu,"
                     "\"failed\":%zu}\n",
                     import->found[SESSIONS], import->found[SUBSCRIPTIONS], import->found[QUEUED],
                     import->found[RETAINED], import->failed);
        return;
    }
    (void)printf("%s %zu sessions, %zu subscriptions, %zu queued and %zu retained messages; %zu of "
                 "them %s\n",
                 settings->is_dry ? "there are" : "read", import->found[SESSIONS],
                 import->found[SUBSCRIPTIONS], import->found[QUEUED], import->found[RETAINED],
                 import->failed, "could not be brought");
}

int ctl_import(struct ctl_link *link)
{
    struct import import = {
        .link = link,
        .table = {found_columns, WAX_COUNT(found_columns), 0},
        .now_s = (uint64_t)wax_clock_wall_s()
    };
    char fault[512];
    bool is_good;

    if (wax_file_read(link->settings->words[0], FILE_SIZE_MAX, &import.file, fault, sizeof fault) !=
        WAX_OK) {
        (void)fprintf(stderr, "wax ctl import: %s\n", fault);
        return 1;
    }
    is_good = import_all(&import);
    if (is_good) {
        say_sum(&import);
    }
    free(import.messages);
    wax_file_free(&import.file);
    return is_good && import.failed == 0 ? 0 : 1;
}
