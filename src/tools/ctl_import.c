/* wax ctl import: brings what Mosquitto has kept into a running broker. */
#include "tools/ctl_import_show.h"
#include "tools/ctl_verbs.h"

#include "os/os.h"

#include <stdlib.h>
#include <unistd.h>

enum { EXPIRY_SIZE = 5, LENGTH_SIZE = 4 };

/* The file is read whole; payloads stay where they are in it. */
static const size_t file_size_max = SIZE_MAX / 4 < 4294967296U ? SIZE_MAX / 4 : 4294967296U;

/* Before this version the file does not tell the user who sent a message. */
enum { AUTHORS_SINCE = 4 };

/* --- Asking the broker --- */

/* Sends the request. Returns whether the broker did it; otherwise says of `name` that it did not.
 */
static bool ask(struct import *import, enum import_thing thing, wax_bytes name, wax_bytes body)
{
    struct ctl_link *link = import->link;
    bool is_done = ctl_ask(link, body, NULL, NULL) == 0;

    import->is_lost = link->is_lost;
    if (is_done) {
        import->taken[thing]++;
    } else if (!import->is_lost) {
        ctl_takeover_fail(import, thing, name, link->fault);
    }
    return is_done;
}

static void add_name(struct ctl_link *link, const char *name, wax_bytes value)
{
    if (value.size > 0) {
        ctl_add(link, name, value);
    }
}

static void add_replace(const struct import *import)
{
    ctl_add_text(import->link, "replace", import->link->settings->replaces ? "1" : NULL);
}

/* The body of a request: properties, those of the client's copy and what is left of the lifetime
 * among them, and the payload. Returns it in memory of the caller's to be; NULL without memory. */
static uint8_t *make_body(const wax_import_message *message, wax_bytes own, uint32_t left_s,
                          wax_bytes *body)
{
    size_t properties_size = EXPIRY_SIZE + own.size + message->properties.size;
    size_t size = LENGTH_SIZE + properties_size + message->payload.size;
    uint8_t *room = malloc(size + properties_size);
    wax_writer out = wax_writer_over(room, size);
    wax_writer properties;

    if (room == NULL) {
        return NULL;
    }
    properties = wax_writer_over(room + size, properties_size);
    if (left_s != UINT32_MAX) {
        wax_property_write_number(&properties, WAX_MESSAGE_EXPIRY, left_s);
    }
    wax_write_bytes(&properties, own);
    wax_write_bytes(&properties, message->properties);
    wax_write_properties(&out, wax_writer_bytes(&properties));
    wax_write_bytes(&out, message->payload);
    wax_assert(out.status == WAX_OK && properties.status == WAX_OK);
    *body = wax_writer_bytes(&out);
    return room;
}

static bool ask_with_message(struct import *import, enum import_thing thing,
                             const wax_import_message *message, wax_bytes own)
{
    struct ctl_link *link = import->link;
    uint32_t left_s = wax_import_seconds_left(message->expires_s, import->now_s);
    wax_bytes body = {NULL, 0};
    uint8_t *room = make_body(message, own, left_s, &body);
    bool is_done;

    if (room == NULL) {
        (void)fputs("wax ctl import: there is not enough memory\n", stderr);
        abort();
    }
    ctl_add(link, "topic", message->topic);
    if (import->contents->version >= AUTHORS_SINCE) {
        add_name(link, "user", message->source_username);
        add_name(link, "client", message->source_id);
    }
    ctl_add_number(link, "port", message->source_port);
    is_done = ask(import, thing, message->topic, body);
    free(room);
    return is_done;
}

/* --- Retained messages --- */

static void bring_retained(struct import *import, const wax_import_message *message)
{
    struct ctl_link *link = import->link;

    if (wax_import_seconds_left(message->expires_s, import->now_s) == 0) {
        ctl_takeover_leave(import, "retained messages that have expired", 1);
    } else if (message->payload.size == 0) {
        ctl_takeover_leave(import, "retained messages without payload, which are none", 1);
    } else if (link->settings->is_dry) {
        import->taken[IMPORT_RETAINED]++;
    } else {
        ctl_begin(link, "import-retained");
        ctl_add_text(link, "retain", "1");
        ctl_add_number(link, "qos", message->qos);
        add_replace(import);
        (void)ask_with_message(import, IMPORT_RETAINED, message, (wax_bytes){NULL, 0});
    }
}

/* --- Sessions --- */

static bool make_session(struct import *import, const wax_import_client *client, wax_bytes owner)
{
    struct ctl_link *link = import->link;
    uint32_t left_s = wax_import_seconds_left(client->expires_s, import->now_s);

    if (link->settings->is_dry) {
        import->taken[IMPORT_SESSION]++;
        return true;
    }
    ctl_begin(link, "import-session");
    ctl_add(link, "id", client->client_id);
    add_name(link, "user", owner);
    ctl_add_number(link, "port", client->listener_port);
    ctl_add_number(link, "expiry", left_s == UINT32_MAX ? client->session_expiry_s : left_s);
    ctl_add_number(link, "packet_id", client->last_packet_id);
    add_replace(import);
    return ask(import, IMPORT_SESSION, client->client_id, (wax_bytes){NULL, 0});
}

static bool is_begun(const wax_import_queued *queued)
{
    return queued->state == WAX_IMPORT_WAIT_FOR_PUBACK ||
           queued->state == WAX_IMPORT_WAIT_FOR_PUBREC;
}

static void bring_queued(struct import *import, const wax_import_queued *queued)
{
    struct ctl_link *link = import->link;
    const wax_import_message *message = queued->message;

    if (wax_import_seconds_left(message->expires_s, import->now_s) == 0) {
        ctl_takeover_leave(import, "queued messages that have expired", 1);
    } else if (link->settings->is_dry) {
        import->taken[IMPORT_QUEUED]++;
    } else {
        ctl_begin(link, "import-queued");
        ctl_add(link, "id", queued->client_id);
        ctl_add_number(link, "qos", queued->qos);
        ctl_add_text(link, "retain", queued->retain ? "1" : NULL);
        ctl_add_number(link, "packet_id", is_begun(queued) ? queued->packet_id : 0);
        (void)ask_with_message(import, IMPORT_QUEUED, message, queued->properties);
    }
}

/* The options as in SUBSCRIBE, without the QoS. [MQTT 5.0, 3.8.3.1] */
static unsigned options_of(const wax_subscription *subscription)
{
    return (subscription->no_local ? 0x04U : 0U) |
           (subscription->retain_as_published ? 0x08U : 0U) |
           (unsigned)subscription->retain_handling << 4;
}

static void bring_subscription(struct import *import, const wax_import_subscription *row)
{
    struct ctl_link *link = import->link;

    if (link->settings->is_dry) {
        import->taken[IMPORT_SUBSCRIPTION]++;
        return;
    }
    ctl_begin(link, "import-subscription");
    ctl_add(link, "id", row->client_id);
    ctl_add(link, "filter", row->subscription.filter);
    ctl_add_number(link, "qos", row->subscription.qos);
    ctl_add_number(link, "options", options_of(&row->subscription));
    ctl_add_number(link, "identifier", row->identifier);
    (void)ask(import, IMPORT_SUBSCRIPTION, row->subscription.filter, (wax_bytes){NULL, 0});
}

/* Makes a session, or says why not. */
static bool begin_session(struct import *import, const wax_import_session *session)
{
    wax_bytes owner;

    if (ctl_takeover_is_over(import, session)) {
        ctl_takeover_leave(import, "sessions that have ended", 1);
        return false;
    }
    if (!ctl_takeover_owner(import, session, &owner)) {
        ctl_takeover_leave(
            import,
            "sessions whose user the file does not tell: --user USER says whose they "
            "are, --user '' that they are nobody's",
            1);
        import->failed++;
        return false;
    }
    return make_session(import, &session->client, owner);
}

/* What waits comes before the subscriptions, or what is published meanwhile would overtake it. */
static void bring_session(struct import *import, const wax_import_session *session)
{
    if (!begin_session(import, session)) {
        ctl_takeover_leave(import, "subscriptions of these sessions", session->subscription_count);
        ctl_takeover_leave(import, "queued messages of these sessions", session->queued_count);
        ctl_takeover_progress(import, 1 + session->queued_count + session->subscription_count);
        return;
    }
    ctl_takeover_progress(import, 1);
    for (size_t i = 0; i < session->queued_count && !import->is_lost; i++) {
        bring_queued(import, &session->queued[i]);
        ctl_takeover_progress(import, 1);
    }
    for (size_t i = 0; i < session->subscription_count && !import->is_lost; i++) {
        bring_subscription(import, &session->subscriptions[i]);
        ctl_takeover_progress(import, 1);
    }
}

/* --- The file --- */

/* What the broker has taken it has in memory: at the end it is asked whether the disk has it, too.
 */
static void settle(struct import *import)
{
    struct ctl_link *link = import->link;

    if (link->settings->is_dry || import->is_lost) {
        return;
    }
    ctl_begin(link, "settle");
    if (ctl_ask(link, (wax_bytes){NULL, 0}, NULL, NULL) != 0 && !link->is_lost) {
        (void)fprintf(stderr, "wax ctl import: %s\n", link->fault);
        import->failed++;
    }
    import->is_lost = link->is_lost;
}

static void bring_all(struct import *import)
{
    const wax_import_contents *contents = import->contents;

    for (size_t i = 0; i < contents->retained_count && !import->is_lost; i++) {
        bring_retained(import, contents->retained[i]);
        ctl_takeover_progress(import, 1);
    }
    for (size_t i = 0; i < contents->session_count && !import->is_lost; i++) {
        bring_session(import, &contents->sessions[i]);
    }
    settle(import);
}

static void say_fault(const struct import *import)
{
    const wax_import_fault *fault = &import->contents->fault;

    if (fault->text != NULL) {
        (void)fprintf(stderr, "wax ctl import: %s, byte %zu: %s\n",
                      import->link->settings->words[0], fault->offset, fault->text);
    }
}

static int use(struct import *import)
{
    const struct ctl_settings *settings = import->link->settings;
    bool is_whole = import->contents->fault.text == NULL;

    say_fault(import);
    if (!is_whole && !settings->is_forced && !settings->is_dry) {
        (void)fputs("wax ctl import: nothing was taken over; --dry-run shows what stands before "
                    "the damage, --force takes it\n",
                    stderr);
        return 1;
    }
    if (settings->is_dry) {
        ctl_import_show(import);
    }
    bring_all(import);
    ctl_takeover_sum(import);
    return is_whole && (settings->is_dry || import->failed == 0) && !import->is_lost ? 0 : 1;
}

static int import_file(struct ctl_link *link, wax_bytes file)
{
    wax_import_contents contents;
    wax_status status = wax_import_gather(&contents, file, wax_heap());
    struct import import = {.link = link, .contents = &contents, .now_s = wax_clock_wall_s()};
    int code = 1;

    link->keeps_fault = true;
    import.shows_progress = isatty(STDERR_FILENO) != 0 && !link->settings->is_dry;
    if (status == WAX_OK || (status == WAX_MALFORMED && contents.version != 0)) {
        code = use(&import);
    } else if (status == WAX_FULL) {
        (void)fputs("wax ctl import: there is not enough memory\n", stderr);
    } else {
        say_fault(&import);
    }
    wax_import_discard(&contents, wax_heap());
    return code;
}

int ctl_import(struct ctl_link *link)
{
    wax_bytes file;
    char fault[512];
    int code;

    if (wax_file_read(link->settings->words[0], file_size_max, &file, fault, sizeof fault) !=
        WAX_OK) {
        (void)fprintf(stderr, "wax ctl import: %s\n", fault);
        return 1;
    }
    code = import_file(link, file);
    wax_file_free(&file);
    return code;
}
