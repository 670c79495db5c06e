/* What must outlive the process, written down as it happens. */
#include "broker/keep.h"

#include "broker/keep_group.h"

#include <stdlib.h>
#include <string.h>

enum { SHARE_ROOM = 8 }; /* $share/ and / */

bool keeps(const struct client *client)
{
    return (client->is_durable || client->is_kept) && client->worker->broker->store->kind->keeps;
}

bool keep_is_possible(const struct worker *worker)
{
    const wax_store *store = worker->broker->store;

    return store->kind->state(store) == WAX_OK;
}

/* The batch of this turn; who asks for it has something to write down. */
static wax_store_batch *batch_of(const struct client *client)
{
    client->worker->is_keeping = true;
    return &client->worker->changes;
}

/* --- Sessions --- */

static uint16_t port_of(const struct client *client)
{
    const wax_config *config = &client->worker->settings->config;

    return client->listener < config->listener_count
               ? (uint16_t)config->listeners[client->listener].port
               : 0;
}

static void put_session(struct client *client)
{
    struct kept_key key = kept_key_of(client->number);
    struct kept_session session = {
        .id = client->id,
        .user = client->user,
        .has_user = client->has_user,
        .is_bridge = client->bridge != NULL,
        .port = port_of(client),
        .expiry_s = client->expiry_s,
        .left_wall_ms = client->connection == NULL ? wax_clock_wall_ms() : 0,
    };
    wax_writer out = wax_store_put_begin(batch_of(client), WAX_STORE_SESSIONS, kept_key_bytes(&key),
                                         kept_session_size(&session), !client->is_kept);

    kept_session_write(&out, &session);
}

void keep_session(struct client *client)
{
    if (keeps(client)) {
        put_session(client);
        client->is_kept = true;
    }
}

/* Of a session that is kept for its Will alone, nothing stays. */
static void forget_will(struct client *client)
{
    struct kept_key key = kept_key_of(client->number);

    if (client->is_will_kept) {
        wax_store_remove(batch_of(client), WAX_STORE_WILLS, kept_key_bytes(&key));
    }
    if (client->is_will_kept && !client->is_kept) {
        wax_store_remove(batch_of(client), WAX_STORE_SESSIONS, kept_key_bytes(&key));
    }
    client->is_will_kept = false;
}

void keep_no_session(struct client *client)
{
    static const wax_store_table tables[] = {WAX_STORE_SUBSCRIPTIONS, WAX_STORE_RECEIVED,
                                             WAX_STORE_WILLS, WAX_STORE_QUEUES};
    size_t count = WAX_COUNT(tables) - (client->has_estate ? 1 : 0);
    struct kept_key key = kept_key_of(client->number);

    forget_will(client);
    if (!client->is_kept) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        wax_store_remove_all(batch_of(client), tables[i], kept_key_bytes(&key));
    }
    wax_store_remove(batch_of(client), WAX_STORE_SESSIONS, kept_key_bytes(&key));
    client->is_kept = false;
}

/* --- Subscriptions --- */

/* The key of a subscription, in memory that the caller frees; NULL without memory. */
static uint8_t *make_key(const struct client *client, const wax_interest *interest, wax_bytes *key)
{
    struct kept_key number = kept_key_of(client->number);
    size_t size = number.size + SHARE_ROOM + interest->share_name.size + interest->filter.size;
    uint8_t *room = malloc(size);
    wax_writer out = wax_writer_over(room, size);

    if (room == NULL) {
        return NULL;
    }
    wax_write_bytes(&out, kept_key_bytes(&number));
    if (interest->share_name.size > 0) {
        wax_write_bytes(&out, WAX_TEXT("$share/"));
        wax_write_bytes(&out, interest->share_name);
        wax_write_u8(&out, '/');
    }
    wax_write_bytes(&out, interest->filter);
    *key = wax_writer_bytes(&out);
    return room;
}

void keep_subscription(struct client *client, const wax_interest *interest)
{
    wax_bytes key;
    uint8_t *room;
    wax_writer out;

    if (!keeps(client)) {
        return;
    }
    room = make_key(client, interest, &key);
    if (room == NULL) {
        batch_of(client)->is_broken = true;
        return;
    }
    out = wax_store_put_begin(batch_of(client), WAX_STORE_SUBSCRIPTIONS, key, KEPT_OPTIONS_SIZE,
                              false);
    kept_options_write(&out, &interest->options);
    free(room);
}

void keep_no_subscription(struct client *client, const wax_interest *interest)
{
    wax_bytes key;
    uint8_t *room;

    if (!client->is_kept) {
        return;
    }
    room = make_key(client, interest, &key);
    if (room == NULL) {
        batch_of(client)->is_broken = true;
        return;
    }
    wax_store_remove(batch_of(client), WAX_STORE_SUBSCRIPTIONS, key);
    free(room);
}

/* --- Messages --- */

size_t delivery_weight(const struct delivery *delivery)
{
    const struct message *message = delivery->message;
    size_t identifier_count = delivery->identifiers == NULL ? 0 : delivery->identifiers[0];

    return message->topic.size + message->properties.size + message->payload.size +
           identifier_count * sizeof(uint32_t);
}

static void put_message(wax_store_batch *batch, const struct message *message)
{
    struct kept_key key = kept_key_of(message->number);
    wax_writer out = wax_store_put_begin(batch, WAX_STORE_MESSAGES, kept_key_bytes(&key),
                                         kept_message_size(message), true);

    kept_message_write(&out, message);
}

void keep_message(struct worker *worker, const struct message *message)
{
    if (worker->kept_message != message->number) {
        put_message(&worker->changes, message);
        worker->kept_message = message->number;
    }
}

/* Identifiers as they stand in a row. */
static wax_bytes write_identifiers(wax_writer *out, const uint32_t *identifiers)
{
    uint32_t count = identifiers == NULL ? 0 : identifiers[0];

    for (uint32_t i = 0; i < count && i < KEPT_IDENTIFIER_MAX; i++) {
        wax_write_u32(out, identifiers[i + 1]);
    }
    return wax_writer_bytes(out);
}

static void put_row(struct client *client, const struct delivery *delivery, struct kept_row *row,
                    bool is_new)
{
    uint8_t room[4 * KEPT_IDENTIFIER_MAX];
    wax_writer identifiers = wax_writer_over(room, sizeof room);
    struct kept_key key = kept_key_of_row(client->number, delivery->place);
    wax_interest group;
    wax_writer out;

    row->identifiers = write_identifiers(&identifiers, delivery->identifiers);
    if (row->message != 0 && keep_group(client->worker, delivery->group, &group)) {
        row->share_name = group.share_name;
        row->filter = group.filter;
    }
    out = wax_store_put_begin(batch_of(client), WAX_STORE_QUEUES, kept_key_bytes(&key),
                              kept_row_size(row), is_new);
    kept_row_write(&out, row);
}

void keep_delivery(struct client *client, struct delivery *delivery, enum kept_state state,
                   uint16_t packet_id)
{
    const struct message *message = delivery->message;
    bool is_new = delivery->place == 0;
    struct kept_row row;

    if (!keeps(client)) {
        return;
    }
    if (is_new) {
        delivery->place = ++client->last_place;
        keep_message(client->worker, message);
    }
    row = (struct kept_row){
        .message = message->number,
        .state = (uint8_t)state,
        .qos = delivery->qos,
        .retain = delivery->retain,
        .packet_id = packet_id,
        .weight = (uint32_t)delivery_weight(delivery),
    };
    put_row(client, delivery, &row, is_new);
}

void keep_released(struct client *client, const struct delivery *delivery, uint16_t packet_id)
{
    struct kept_row row = {.state = KEPT_RELEASED, .qos = 2, .packet_id = packet_id};

    if (client->is_kept && delivery->place != 0) {
        put_row(client, delivery, &row, false);
    }
}

void keep_no_delivery(struct client *client, struct delivery *delivery)
{
    struct kept_key key;

    if (client->is_kept && delivery->place != 0) {
        key = kept_key_of_row(client->number, delivery->place);
        wax_store_remove(batch_of(client), WAX_STORE_QUEUES, kept_key_bytes(&key));
    }
    delivery->place = 0;
}

void keep_received(struct client *client, uint16_t packet_id)
{
    struct kept_key key;

    if (keeps(client)) {
        key = kept_key_of_received(client->number, packet_id);
        wax_store_put(batch_of(client), WAX_STORE_RECEIVED, kept_key_bytes(&key),
                      (wax_bytes){NULL, 0}, false);
    }
}

void keep_no_received(struct client *client, uint16_t packet_id)
{
    struct kept_key key;

    if (client->is_kept) {
        key = kept_key_of_received(client->number, packet_id);
        wax_store_remove(batch_of(client), WAX_STORE_RECEIVED, kept_key_bytes(&key));
    }
}

/* --- Wills --- */

/* A session that ends with its connection is written down for its Will: who starts next finds that
 * the connection is gone, and ends it. Nobody waits for that, and a disk that takes nothing now is
 * not waited for either. */
static bool keeps_will(const struct client *client)
{
    return keeps(client) ||
           (client->worker->broker->store->kind->keeps && keep_is_possible(client->worker));
}

void keep_will(struct client *client)
{
    struct kept_key key = kept_key_of(client->number);
    struct kept_will will = {.delay_s = client->will_delay_s};
    wax_writer out;

    if (client->will == NULL || !keeps_will(client)) {
        forget_will(client);
        return;
    }
    if (!keeps(client)) {
        put_session(client);
    }
    will.message = client->will->number;
    keep_message(client->worker, client->will);
    out = wax_store_put_begin(batch_of(client), WAX_STORE_WILLS, kept_key_bytes(&key),
                              KEPT_WILL_SIZE, false);
    kept_will_write(&out, &will);
    client->is_will_kept = true;
}

/* --- What is retained --- */

bool keep_takes_retained(const struct commons *commons, wax_bytes topic)
{
    return commons->keeps && !wax_bytes_start_with(topic, WAX_TEXT("$SYS/"));
}

void keep_retained(struct commons *commons, const struct message *message)
{
    struct kept_retained row = {message->number, (uint32_t)message->payload.size};
    wax_writer out;

    if (keep_takes_retained(commons, message->topic)) {
        put_message(&commons->changes, message);
        out = wax_store_put_begin(&commons->changes, WAX_STORE_RETAINED, message->topic,
                                  KEPT_RETAINED_SIZE, false);
        kept_retained_write(&out, &row);
        atomic_store(&commons->is_changed, true);
    }
}

void keep_no_retained(struct commons *commons, wax_bytes topic)
{
    if (keep_takes_retained(commons, topic)) {
        wax_store_remove(&commons->changes, WAX_STORE_RETAINED, topic);
        atomic_store(&commons->is_changed, true);
    }
}

/* --- Commits --- */

/* What is retained is committed by whoever comes first, in the order in which it was retained. */
uint64_t keep_commit_retained(struct wax_broker *broker)
{
    struct commons *commons = &broker->commons;

    if (atomic_load(&commons->is_changed)) {
        pthread_mutex_lock(&commons->mutex);
        if (commons->changes.count > 0) {
            atomic_store(&commons->mark,
                         broker->store->kind->commit(broker->store, &commons->changes));
        }
        atomic_store(&commons->is_changed, false);
        pthread_mutex_unlock(&commons->mutex);
    }
    return atomic_load(&commons->mark);
}

uint64_t keep_commit(struct worker *worker)
{
    wax_store *store = worker->broker->store;
    uint64_t of_commons = keep_commit_retained(worker->broker);
    uint64_t mark = store->kind->commit(store, &worker->changes);

    worker->kept_message = 0;
    return mark > of_commons ? mark : of_commons;
}
