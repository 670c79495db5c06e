/* Acknowledgements that wait until what they acknowledge is safe: here, and at every other worker
 * that has the message for a session of its own. */
#include "broker/owed.h"

#include "broker/letters.h"

#include <stdlib.h>
#include <string.h>

/* Twice the room of an array when it is full; false without memory. */
static bool make_room(void **items, size_t count, size_t *size, size_t item_size)
{
    size_t wanted = *size == 0 ? 64 : *size * 2;
    void *more;

    if (count < *size) {
        return true;
    }
    more = realloc(*items, wanted * item_size);
    if (more != NULL) {
        *items = more;
        *size = wanted;
    }
    return more != NULL;
}

/* --- What is owed --- */

void owe(struct connection *connection, uint8_t type, uint16_t packet_id, uint8_t reason,
         struct message *message)
{
    struct worker *worker = connection->worker;
    struct owings *owings = &worker->owings;
    void *items = owings->items;
    bool is_shared = message != NULL && atomic_load(&message->awaited) > 0;

    if (!make_room(&items, owings->count, &owings->size, sizeof *owings->items)) {
        connection_doom(connection, WAX_SERVER_BUSY);
        return;
    }
    owings->items = items;
    owings->items[owings->count++] = (struct owed){
        .client = connection->client,
        .connection = connection->number,
        .message = is_shared ? message_hold(message) : NULL,
        .mark = worker->is_keeping ? WAX_NEVER : 0, /* the turn's commit is still to come */
        .packet_id = packet_id,
        .type = type,
        .reason = reason,
    };
}

/* What another worker could not keep, the publisher must not believe kept. Returns whether it must
 * wait longer for that: the packet id, which is known on the disk, and the letters that stayed go
 * in one batch. Before that is safe, the publisher would not be believed that the id means
 * something new; and where the process ends before, the letters are delivered. */
static bool refuse_late(struct owed *owed)
{
    struct client *client = owed->client;
    uint8_t refusal = owed->message == NULL ? 0 : (uint8_t)atomic_load(&owed->message->refusal);

    if (refusal == 0 || owed->reason >= 0x80) {
        return false;
    }
    owed->reason = refusal;
    if (owed->type != WAX_PUBREC || !client->is_kept) {
        return false;
    }
    keep_no_received(client, owed->packet_id);
    letters_withdraw(client->worker, owed->message);
    owed->mark = WAX_NEVER;
    client->worker->owings.has_late = true;
    return true;
}

/* MQTT 3 has no word for a refusal: the connection ends, and the message is sent again. */
static void refuse_silently(const struct owed *owed)
{
    if (owed->type == WAX_PUBREC) {
        (void)!wax_flows_acknowledge(&owed->client->incoming, WAX_PUBREC, owed->packet_id,
                                     owed->reason);
    }
    connection_doom(owed->client->connection, WAX_QUOTA_EXCEEDED);
}

/* Sends one; an exchange of a session that is offline goes on without a word. */
static void settle(const struct owed *owed)
{
    struct client *client = owed->client;
    struct connection *connection = client->connection;
    bool is_same = connection != NULL && connection->number == owed->connection;
    bool is_open = connection != NULL && connection->session.state == WAX_SESSION_OPEN;
    bool is_told = is_open && (is_same || owed->type != WAX_PUBACK);
    wax_writer out;

    if (is_told && owed->reason >= 0x80 && connection->session.version != WAX_VERSION_5) {
        refuse_silently(owed);
    } else if (is_told) {
        out = out_begin(connection, WAX_ANSWER_SIZE_MAX);
        if (wax_session_acknowledge(&connection->session, (wax_packet_type)owed->type,
                                    owed->packet_id, owed->reason, &out) == WAX_OK) {
            out_end(connection, &out);
        }
    } else if (owed->type != WAX_PUBACK) {
        (void)wax_flows_acknowledge(owed->type == WAX_PUBREL ? &client->outgoing
                                                             : &client->incoming,
                                    (wax_packet_type)owed->type, owed->packet_id, owed->reason);
    }
}

/* Reads on from a client that has its answers now. */
static void go_on(struct connection *connection)
{
    if (connection != NULL && connection->is_paused) {
        connection->is_paused = false;
        if (wax_link_is_alone(&connection->due)) {
            wax_link_append(&connection->worker->hungry, &connection->due);
        }
    }
}

static bool is_safe(const struct owed *owed, uint64_t durable)
{
    struct message *message = owed->message;

    return owed->mark <= durable && (message == NULL || (atomic_load(&message->awaited) == 0 &&
                                                         atomic_load(&message->mark) <= durable));
}

/* Sends what is safe, of each client in order. [MQTT-4.6.0-2] [MQTT-4.6.0-3] What waits keeps what
 * comes behind it for the same client waiting, and nothing else. */
static void settle_all(struct worker *worker, size_t first, uint64_t durable)
{
    struct owings *owings = &worker->owings;
    size_t kept = first;

    owings->scan++;
    for (size_t i = first; i < owings->count; i++) {
        struct owed *owed = &owings->items[i];
        struct client *client = owed->client;
        bool is_behind = client != NULL && client->owing_scan == owings->scan;
        if (client != NULL && (is_behind || !is_safe(owed, durable) || refuse_late(owed))) {
            client->owing_scan = owings->scan;
            owings->items[kept++] = *owed;
            continue;
        }
        if (client != NULL) {
            settle(owed);
            client->owed_count--;
            go_on(client->connection);
        }
        message_release(owed->message);
    }
    owings->count = kept;
}

/* The marks of this turn. Returns the first that can be looked at alone: those before it wait, and
 * nothing has changed for them. */
static size_t mark_new(struct worker *worker, uint64_t mark)
{
    struct owings *owings = &worker->owings;
    bool has_older = owings->has_late;

    for (size_t i = has_older ? 0 : owings->old_count; i < owings->count; i++) {
        struct owed *owed = &owings->items[i];
        if (owed->mark == WAX_NEVER) {
            owed->mark = mark;
        }
        if (owed->client != NULL) {
            has_older = has_older || owed->client->owed_count > 0;
        }
    }
    for (size_t i = owings->old_count; i < owings->count; i++) {
        if (owings->items[i].client != NULL) {
            owings->items[i].client->owed_count++;
        }
    }
    owings->has_late = false;
    return has_older ? 0 : owings->old_count;
}

/* --- What others wait for --- */

void await_here(struct worker *worker, struct message *message)
{
    struct owings *owings = &worker->owings;
    void *items = owings->judged;

    if (atomic_load(&message->awaited) == 0) {
        return;
    }
    if (!make_room(&items, owings->judged_count, &owings->judged_size, sizeof *owings->judged)) {
        atomic_store(&message->refusal, WAX_QUOTA_EXCEEDED);
        atomic_fetch_sub(&message->awaited, 1);
        return;
    }
    owings->judged = items;
    owings->judged[owings->judged_count++] =
        (struct judged){message_hold(message), worker->is_keeping};
}

static void raise_mark(struct message *message, uint64_t mark)
{
    uint64_t now = atomic_load(&message->mark);

    while (now < mark && !atomic_compare_exchange_weak(&message->mark, &now, mark)) {
    }
}

/* Tells the publishers' workers under which mark their messages are safe here. */
static void tell_homes(struct worker *worker, uint64_t mark)
{
    struct owings *owings = &worker->owings;
    uint64_t homes = 0;

    for (size_t i = 0; i < owings->judged_count; i++) {
        struct message *message = owings->judged[i].message;
        unsigned home = message->home;
        if (owings->judged[i].is_kept) {
            raise_mark(message, mark);
        }
        if (atomic_fetch_sub(&message->awaited, 1) == 1) {
            homes |= UINT64_C(1) << (home % 64);
        }
        message_release(message);
    }
    owings->judged_count = 0;
    for (unsigned i = 0; homes != 0 && i < worker->broker->worker_count; i++) {
        if ((homes >> (i % 64) & 1U) != 0) {
            wax_mailbox_ring(&worker->broker->workers[i]->mailbox);
        }
    }
}

/* --- The turn --- */

void owed_release(struct worker *worker)
{
    struct owings *owings = &worker->owings;
    wax_store *store = worker->broker->store;
    uint64_t mark = keep_commit(worker);
    uint64_t durable = store->kind->durable(store);
    bool is_news = durable != owings->durable || owings->is_rung;
    size_t first;

    if (mark > owings->mark) {
        owings->mark = mark;
    }
    tell_homes(worker, mark);
    first = mark_new(worker, mark);
    settle_all(worker, is_news ? 0 : first, durable);
    owings->old_count = owings->count;
    owings->durable = durable;
    owings->is_rung = false;
    out_release(worker, owings->mark, durable);
}

void owed_forget(struct worker *worker, const struct client *client)
{
    struct owings *owings = &worker->owings;

    for (size_t i = 0; i < owings->count; i++) {
        if (owings->items[i].client == client) {
            owings->items[i].client = NULL;
        }
    }
}

void owed_close(struct worker *worker)
{
    struct owings *owings = &worker->owings;

    for (size_t i = 0; i < owings->count; i++) {
        message_release(owings->items[i].message);
    }
    for (size_t i = 0; i < owings->judged_count; i++) {
        message_release(owings->judged[i].message);
    }
    free(owings->items);
    free(owings->judged);
}
