/* What an earlier process has kept is brought back before the workers run: sessions with all that
 * belongs to them, and what is retained. A record that this version does not understand is left in
 * the store, and counted. */
#include "broker/estate.h"
#include "broker/keep_group.h"
#include "broker/letters.h"
#include "broker/standing.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

#include "broker/control.h"

enum { MESSAGES_FIRST = 1024 };

#define OWNER_KEY "owner key"

/* The messages that were read, so that sessions share them as before. */
struct bodies {
    struct message **slots; /* open addressing by number */
    size_t size;            /* a power of two */
    size_t count;
};

struct loader {
    wax_store_task task;
    struct wax_broker *broker;
    wax_store_view *view;
    struct client **clients; /* in the order of their numbers */
    size_t client_count;
    size_t client_size;
    struct bodies bodies;
    size_t visit;      /* which table is read */
    uint64_t *estates; /* numbers of sessions that have ended */
    size_t estate_count;
    uint64_t strange_count;
    uint64_t message_count;
    bool has_key;
    wax_status status;
    sem_t done;
};

/* --- Messages --- */

static struct message **slot_of(const struct bodies *bodies, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (bodies->size - 1);

    while (bodies->slots[at] != NULL && bodies->slots[at]->number != number) {
        at = (at + 1) & (bodies->size - 1);
    }
    return &bodies->slots[at];
}

static bool grow(struct bodies *bodies)
{
    struct bodies larger = {.size = bodies->size == 0 ? MESSAGES_FIRST : bodies->size * 2,
                            .count = bodies->count};

    if (bodies->count * 2 < bodies->size) {
        return true;
    }
    larger.slots = calloc(larger.size, sizeof(struct message *));
    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < bodies->size; i++) {
        if (bodies->slots[i] != NULL) {
            *slot_of(&larger, bodies->slots[i]->number) = bodies->slots[i];
        }
    }
    free(bodies->slots);
    *bodies = larger;
    return true;
}

static void free_bodies(struct bodies *bodies)
{
    for (size_t i = 0; i < bodies->size; i++) {
        message_release(bodies->slots[i]);
    }
    free(bodies->slots);
}

/* What the store has under this number. */
static struct message *find_message(const struct loader *loader, uint64_t number)
{
    return kept_message_find(loader->broker->store, loader->view, number);
}

/* The message of this number, held for the caller; NULL when there is none, or no memory. */
static struct message *load_message(struct loader *loader, uint64_t number)
{
    struct message **slot;

    if (!grow(&loader->bodies)) {
        loader->status = WAX_FULL;
        return NULL;
    }
    slot = slot_of(&loader->bodies, number);
    if (*slot == NULL) {
        *slot = find_message(loader, number);
        loader->bodies.count += *slot != NULL ? 1 : 0;
    }
    return *slot == NULL ? NULL : message_hold(*slot);
}

/* --- Sessions --- */

static uint16_t find_listener(const wax_config *config, const struct kept_session *session)
{
    for (uint16_t i = 0; i < config->listener_count; i++) {
        if (config->listeners[i].port == session->port) {
            return i;
        }
    }
    return 0;
}

static bool is_bridge(const wax_config *config, wax_bytes id)
{
    for (size_t i = 0; i < config->bridge_count; i++) {
        const wax_bridge_config *block = &config->bridges[i];
        if (!block->local_cleansession &&
            wax_bytes_equal(wax_bytes_of_text(block->local_clientid), id)) {
            return true;
        }
    }
    return false;
}

/* Numbers that are given out from here on are greater. */
static void raise_numbers(struct wax_broker *broker, uint64_t number)
{
    uint64_t counter = number & (UINT64_MAX >> 8);

    for (unsigned i = 0; i < broker->worker_count; i++) {
        if (broker->workers[i]->last_number < counter) {
            broker->workers[i]->last_number = counter;
        }
    }
}

static bool add_client(struct loader *loader, struct client *client)
{
    if (loader->client_count == loader->client_size) {
        size_t size = loader->client_size == 0 ? 256 : loader->client_size * 2;
        struct client **clients = realloc(loader->clients, size * sizeof(struct client *));
        if (clients == NULL) {
            return false;
        }
        loader->clients = clients;
        loader->client_size = size;
    }
    loader->clients[loader->client_count++] = client;
    return true;
}

/* How long a client has been away; the wall clock may have been set back. */
static uint64_t gone_for(uint64_t left_wall_ms)
{
    uint64_t now_ms = wax_clock_wall_ms();

    return left_wall_ms == 0 || left_wall_ms > now_ms ? 0 : now_ms - left_wall_ms;
}

/* What is left of a time that began when the client went. */
static uint64_t left_of(uint64_t lasts_ms, uint64_t gone_ms)
{
    return lasts_ms > gone_ms ? lasts_ms - gone_ms : 0;
}

/* How much longer the session lasts: one that was connected begins its time now. */
static void resume_time(struct client *client, struct absence *absence,
                        const struct kept_session *session)
{
    uint64_t now_ms = wax_clock_ms();
    uint64_t gone_ms = gone_for(session->left_wall_ms);
    uint64_t lasts_ms = client->expiry_s * UINT64_C(1000);

    absence->ends_ms = WAX_NEVER;
    if (client->expiry_s != UINT32_MAX) {
        absence->ends_ms = now_ms + left_of(lasts_ms, gone_ms);
    }
    absence->will_due_ms = gone_ms; /* until its Will is there, whose delay it shortens */
}

static void make_session(struct loader *loader, uint64_t number, const struct kept_session *session)
{
    struct wax_broker *broker = loader->broker;
    struct worker *worker = broker->workers[control_owner(broker, session->id)];
    const wax_config *config = &worker->settings->config;
    struct client *client = client_make(worker, session->id, session->has_user, session->user);

    struct absence *absence = client == NULL ? NULL : absence_begin(client);

    if (absence == NULL || !add_client(loader, client)) {
        loader->status = WAX_FULL;
        return;
    }
    client->number = number;
    client->is_durable = session->expiry_s > 0; /* else it ends now, with its Will */
    client->is_kept = true;
    client->expiry_s = session->expiry_s;
    client->listener = session->is_bridge ? WAX_CONFIG_INNER : find_listener(config, session);
    client->access = access_of(worker, client->listener, &client->identity);
    resume_time(client, absence, session);
}

static bool on_session(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    const wax_config *config = &loader->broker->settings->config;
    struct kept_session session;

    raise_numbers(loader->broker, kept_number(key)); /* its rows stay, even if it is left out */
    if (!kept_session_read(value, &session)) {
        loader->strange_count++;
    } else if (!session.is_bridge || is_bridge(config, session.id)) {
        make_session(loader, kept_number(key), &session);
    }
    return loader->status == WAX_OK;
}

static int by_number(const void *key, const void *item)
{
    uint64_t number = *(const uint64_t *)key;
    uint64_t other = (*(struct client *const *)item)->number;

    return number < other ? -1 : number > other ? 1 : 0;
}

/* The session that a row belongs to; NULL: it was left out. */
static struct client *client_of(const struct loader *loader, wax_bytes key)
{
    uint64_t number = kept_number(key);
    struct client **found = loader->client_count == 0
                                ? NULL
                                : bsearch(&number, loader->clients, loader->client_count,
                                          sizeof(struct client *), by_number);

    return found == NULL ? NULL : *found;
}

/* --- What belongs to them --- */

static bool on_subscription(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct client *client = client_of(loader, key);
    wax_subscription_options options;

    if (client == NULL || !kept_options_read(value, &options) ||
        subscribe_silently(client, kept_rest(key), &options) != WAX_OK) {
        loader->strange_count++;
    }
    return loader->status == WAX_OK;
}

static bool on_received(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct client *client = client_of(loader, key);
    wax_reader in = wax_reader_over(kept_rest(key));
    uint16_t packet_id = wax_read_u16(&in);
    wax_status status = WAX_CROWDED;

    (void)value;
    while (client != NULL && status == WAX_CROWDED) {
        status = wax_flows_restore(&client->incoming, packet_id, WAX_WAIT_PUBREL);
        if (status == WAX_CROWDED && client_grow_incoming(client) != WAX_OK) {
            break;
        }
    }
    loader->strange_count += status == WAX_OK ? 0 : 1;
    return loader->status == WAX_OK;
}

static wax_status take_up(struct client *client, const struct kept_row *row,
                          const struct delivery *delivery)
{
    wax_wait waits = row->state == KEPT_RELEASED ? WAX_WAIT_PUBCOMP
                     : row->qos == 2             ? WAX_WAIT_PUBREC
                                                 : WAX_WAIT_PUBACK;
    wax_status status = wax_flows_restore(&client->outgoing, row->packet_id, waits);

    while (status == WAX_CROWDED && client_grow_outgoing(client) == WAX_OK) {
        status = wax_flows_restore(&client->outgoing, row->packet_id, waits);
    }
    if (status == WAX_OK) {
        client->outgoing.last_id = row->packet_id;
        client_rehold(client, row->packet_id, delivery);
    }
    return status;
}

static bool is_of_estate(const struct loader *loader, uint64_t number)
{
    for (size_t i = 0; i < loader->estate_count; i++) {
        if (loader->estates[i] == number) {
            return true;
        }
    }
    return false;
}

static bool on_row(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct client *client = client_of(loader, key);
    struct kept_row row;
    struct delivery delivery = {.place = kept_number(kept_rest(key))};
    wax_status status = WAX_INVALID;

    if (client != NULL) {
        client->last_place = delivery.place; /* whatever stands there */
    }
    if (client == NULL || !kept_row_read(value, &row)) {
        loader->strange_count += is_of_estate(loader, kept_number(key)) ? 0 : 1;
        return true;
    }
    delivery.qos = row.qos;
    delivery.retain = row.retain;
    delivery.group = keep_find_group(loader->broker, &row);
    loader->message_count++;
    if (row.state == KEPT_WAITING && !queue_wants(client, delivery.place, row.weight)) {
        client->has_shared_rows = client->has_shared_rows || row.share_name.size > 0;
        return true;
    }
    if (row.state != KEPT_RELEASED) {
        delivery.message = load_message(loader, row.message);
        delivery.identifiers = kept_identifiers(row.identifiers);
    }
    if (row.state == KEPT_WAITING && delivery.message != NULL) {
        status = queue_take_up(client, &delivery);
    } else if (row.state == KEPT_RELEASED || delivery.message != NULL) {
        status = take_up(client, &row, &delivery);
    }
    if (status != WAX_OK) {
        loader->strange_count++;
        delivery_clear(&delivery);
    }
    return loader->status == WAX_OK;
}

static bool on_will(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct client *client = client_of(loader, key);
    struct absence *absence;
    struct kept_will will;

    if (client == NULL || !kept_will_read(value, &will)) {
        loader->strange_count++;
        return true;
    }
    absence = client->absence;
    client->will = load_message(loader, will.message);
    client->will_delay_s = will.delay_s;
    absence->will_due_ms =
        wax_clock_ms() + left_of(will.delay_s * UINT64_C(1000), absence->will_due_ms);
    client->is_will_kept = true;
    return loader->status == WAX_OK;
}

/* Reads the message, unless memory has no more room for it and the row says all that must be known:
 * then it is left where it is. */
static struct retained *load_retained(struct loader *loader, wax_bytes topic,
                                      const struct kept_retained *row)
{
    const struct wax_broker *broker = loader->broker;
    bool has_room = commons_has_room(&broker->commons, &broker->settings->config);
    struct message *message;
    struct retained *made = NULL;

    if (!has_room && row->payload_size != UINT32_MAX) {
        return retained_stored(row->message, row->payload_size);
    }
    message = find_message(loader, row->message);
    if (message != NULL && wax_bytes_equal(message->topic, topic)) {
        made = has_room ? retained_make(message)
                        : retained_stored(message->number, message->payload.size);
    }
    message_release(message);
    return made;
}

static bool on_retained(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct kept_retained row;
    struct retained *retained = NULL;

    if (kept_retained_read(value, &row)) {
        retained = load_retained(loader, key, &row);
    }
    if (retained == NULL || commons_restore(&loader->broker->commons, key, retained) != WAX_OK) {
        loader->strange_count++;
    }
    return loader->status == WAX_OK;
}

static bool on_letter(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    struct message *message = load_message(loader, kept_number(key));

    if (message == NULL || !letter_again(loader->broker, key, value, message)) {
        loader->strange_count++;
    }
    message_release(message);
    return loader->status == WAX_OK;
}

static void add_estate(struct loader *loader, uint64_t number)
{
    size_t size = (loader->estate_count + 1) * sizeof *loader->estates;
    uint64_t *estates = realloc(loader->estates, size);

    if (estates == NULL) {
        loader->status = WAX_FULL;
        return;
    }
    loader->estates = estates;
    loader->estates[loader->estate_count++] = number;
    raise_numbers(loader->broker, number);
}

/* The key by which sessions are given to workers; a store without one gets ours. And whose sessions
 * have left something. */
static bool on_meta(void *context, wax_bytes key, wax_bytes value)
{
    struct loader *loader = context;
    uint64_t *owner_key = loader->broker->owner_key;

    if (wax_bytes_start_with(key, WAX_TEXT(ESTATE_KEY)) && value.size == sizeof(uint64_t)) {
        add_estate(loader, kept_number(value));
    }

    if (wax_bytes_equal(key, WAX_TEXT(OWNER_KEY)) && value.size == 2 * sizeof *owner_key) {
        owner_key[0] = kept_number(value);
        owner_key[1] = kept_number(kept_rest(value));
        loader->has_key = true;
    }
    return loader->status == WAX_OK;
}

static void keep_key(const struct loader *loader)
{
    struct wax_broker *broker = loader->broker;
    struct kept_key value = kept_key_of_row(broker->owner_key[0], broker->owner_key[1]);

    wax_store_put(&broker->workers[0]->changes, WAX_STORE_META, WAX_TEXT(OWNER_KEY),
                  kept_key_bytes(&value), false);
}

/* --- All of it --- */

static const struct {
    wax_store_table table;
    wax_store_visit *visit;
    bool holds; /* values begin with the number of a message */
} visits[] = {
    {WAX_STORE_META,          on_meta,         false},
    {WAX_STORE_SESSIONS,      on_session,      false},
    {WAX_STORE_SUBSCRIPTIONS, on_subscription, false},
    {WAX_STORE_RECEIVED,      on_received,     false},
    {WAX_STORE_QUEUES,        on_row,          true },
    {WAX_STORE_WILLS,         on_will,         true },
    {WAX_STORE_RETAINED,      on_retained,     true },
    {WAX_STORE_LETTERS,       on_letter,       true },
};

/* A row that is left out still holds its message in the store: no other may get that number. */
static bool on_value(void *context, wax_bytes key, wax_bytes value)
{
    const struct loader *loader = context;

    if (visits[loader->visit].holds) {
        message_pass_number(kept_number(value));
    }
    return visits[loader->visit].visit(context, key, value);
}

/* On the thread of the store, while the main thread waits. */
static void run(wax_store_task *task, wax_store_view *view)
{
    struct loader *loader = WAX_OWNER(task, struct loader, task);
    const wax_store_kind *kind = loader->broker->store->kind;

    loader->view = view;
    for (size_t i = 0; i < WAX_COUNT(visits) && loader->status == WAX_OK; i++) {
        const wax_store_range all = {.table = visits[i].table};
        wax_status status;
        loader->visit = i;
        status = kind->walk(view, &all, on_value, loader);
        if (status == WAX_MALFORMED) {
            loader->strange_count++; /* the engine has left out what does not verify */
        } else if (loader->status == WAX_OK) {
            loader->status = status;
        }
    }
    sem_post(&loader->done);
}

static void log_loaded(struct loader *loader, uint64_t began_ms)
{
    wax_log *log = &loader->broker->log;

    wax_log_write(log, WAX_NOTICE,
                  "store_loaded sessions=%zu messages=%llu retained=%u took_ms=%llu",
                  loader->client_count, (unsigned long long)loader->message_count,
                  atomic_load(&loader->broker->commons.retained_count),
                  (unsigned long long)(wax_clock_ms() - began_ms));
    if (loader->strange_count > 0) {
        wax_log_write(
            log, WAX_WARNING,
            "store_left_out records=%llu reason=they do not verify, are of a later version, or "
            "belong to a bridge that is not configured; `wax ctl store check` tells which",
            (unsigned long long)loader->strange_count);
    }
}

wax_status keep_load(struct wax_broker *broker)
{
    struct loader loader = {.task = {.run = run}, .broker = broker};
    uint64_t began_ms = wax_clock_ms();

    if (!broker->store->kind->keeps) {
        return WAX_OK;
    }
    sem_init(&loader.done, 0, 0);
    broker->store->kind->ask(broker->store, &loader.task);
    while (sem_wait(&loader.done) != 0) {
    }
    sem_destroy(&loader.done);
    if (!loader.has_key) {
        keep_key(&loader);
    }
    for (size_t i = 0; i < loader.client_count && loader.status == WAX_OK; i++) {
        leave_resume(loader.clients[i]);
    }
    for (size_t i = 0; i < loader.estate_count && loader.status == WAX_OK; i++) {
        estate_go_on(broker->workers[0], loader.estates[i]);
    }
    /* Before any worker can commit what depends on it. */
    (void)broker->store->kind->commit(broker->store, &broker->workers[0]->changes);
    if (loader.status == WAX_OK) {
        log_loaded(&loader, began_ms);
    }
    free_bodies(&loader.bodies);
    free(loader.estates);
    free(loader.clients);
    return loader.status;
}
