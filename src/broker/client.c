/* Sessions: they are found by client id, and outlive their connections. */
#include "broker/estate.h"
#include "broker/owed.h"
#include "broker/walk.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS_FIRST = 256, SLOTS_MAX = 32768 };

wax_status clients_open(struct clients *clients)
{
    *clients = (struct clients){.bucket_count = BUCKETS_FIRST};
    clients->buckets = calloc(BUCKETS_FIRST, sizeof(struct client *));
    return clients->buckets == NULL ? WAX_FULL : WAX_OK;
}

static struct client **bucket_of(struct worker *worker, wax_bytes id)
{
    uint64_t hash = wax_hash(worker->broker->key, id);

    return &worker->clients.buckets[(hash >> 8) % worker->clients.bucket_count];
}

struct client *clients_find(struct worker *worker, wax_bytes id)
{
    struct client *client = *bucket_of(worker, id);

    while (client != NULL && !wax_bytes_equal(client->id, id)) {
        client = client->next;
    }
    return client;
}

/* Twice the buckets when there are more clients than buckets; without memory chains just grow. */
static void grow_buckets(struct worker *worker)
{
    struct clients *clients = &worker->clients;
    struct client **old = clients->buckets;
    size_t old_count = clients->bucket_count;
    struct client **buckets = calloc(old_count * 2, sizeof(struct client *));

    if (buckets == NULL) {
        return;
    }
    clients->buckets = buckets;
    clients->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        struct client *client = old[i];
        while (client != NULL) {
            struct client *next = client->next;
            struct client **bucket = bucket_of(worker, client->id);
            client->next = *bucket;
            *bucket = client;
            client = next;
        }
    }
    free(old);
}

static void insert(struct client *client)
{
    struct worker *worker = client->worker;
    struct client **bucket;

    if (worker->clients.count >= worker->clients.bucket_count) {
        grow_buckets(worker);
    }
    bucket = bucket_of(worker, client->id);
    client->next = *bucket;
    *bucket = client;
    worker->clients.count++;
    count_set(worker, COUNT_CLIENTS, worker->clients.count);
    atomic_fetch_add(&worker->broker->client_count, 1);
}

static void take_out(struct client *client)
{
    struct worker *worker = client->worker;
    struct client **at = bucket_of(worker, client->id);

    while (*at != client) {
        at = &(*at)->next;
    }
    *at = client->next;
    worker->clients.count--;
    count_set(worker, COUNT_CLIENTS, worker->clients.count);
    atomic_fetch_sub(&worker->broker->client_count, 1);
}

static void forget_user(struct client *client)
{
    if (client->user.size > 0) {
        free((void *)(uintptr_t)client->user.data);
    }
    client->user = wax_bytes_of_text("");
}

wax_status client_belong(struct client *client, bool has_user, wax_bytes user)
{
    uint8_t *copy = user.size > 0 ? malloc(user.size) : NULL;

    if (user.size > 0 && copy == NULL) {
        return WAX_FULL;
    }
    forget_user(client);
    if (user.size > 0) {
        memcpy(copy, user.data, user.size);
        client->user = wax_bytes_of(copy, user.size);
    }
    client->has_user = has_user;
    return WAX_OK;
}

struct client *client_make(struct worker *worker, wax_bytes id, bool has_user, wax_bytes user)
{
    struct client *client = calloc(1, sizeof *client + id.size);

    if (client == NULL || client_belong(client, has_user, user) != WAX_OK) {
        free(client);
        return NULL;
    }
    client->worker = worker;
    client->number = worker_number(worker);
    client->id = wax_bytes_of((uint8_t *)(client + 1), id.size);
    if (id.size > 0) {
        memcpy(client + 1, id.data, id.size);
    }
    wax_subscriber_init(&client->subscriber);
    insert(client);
    return client;
}

void absence_end(struct client *client)
{
    if (client->absence != NULL) {
        wax_loop_stop(&client->worker->loop, &client->absence->timer);
        free(client->absence);
        client->absence = NULL;
    }
}

struct absence *absence_begin(struct client *client)
{
    if (client->absence == NULL) {
        client->absence = calloc(1, sizeof *client->absence);
    }
    if (client->absence != NULL) {
        client->absence->client = client;
    }
    return client->absence;
}

static void leave_groups(struct client *client)
{
    if (client->seat != NULL) {
        commons_leave_all(&client->worker->broker->commons, client->seat);
        client->seat->client = NULL;
        seat_release(client->seat);
        client->seat = NULL;
    }
}

void client_clear(struct client *client)
{
    struct worker *worker = client->worker;

    walk_end_all(client);
    estate_begin(client);
    keep_no_session(client);
    owed_forget(worker, client);
    client->owed_count = 0;
    wax_router_remove_subscriber(worker->router, &client->subscriber);
    note_subscriptions(worker);
    leave_groups(client);
    queue_clear(client);
    for (uint16_t i = 0; i < client->outgoing.slot_count; i++) {
        bool is_kept = client->has_estate && client->held[i].place != 0;
        if (client->held[i].qos == 1 && !is_kept) { /* not at QoS 2 [MQTT-4.8.2-5] */
            worker_pass_on(client->worker, &client->held[i]);
        }
        delivery_clear(&client->held[i]);
    }
    client->held_bytes = 0;
    wax_flows_init(&client->outgoing, client->outgoing.slots, client->outgoing.slot_count);
    wax_flows_init(&client->incoming, client->incoming.slots, client->incoming.slot_count);
    client->is_resuming = false;
}

void client_free(struct client *client)
{
    wax_assert(client->connection == NULL);
    client_clear(client);
    take_out(client);
    absence_end(client);
    message_release(client->will);
    free(client->held);
    free(client->outgoing.slots);
    free(client->incoming.slots);
    free(client->quarrel);
    forget_user(client);
    free(client);
}

/* Most sessions have one exchange at a time, or none ever. */
static uint16_t more_slots(uint16_t old_count)
{
    return old_count == 0 ? 1 : (uint16_t)(old_count * 2);
}

wax_status client_grow_outgoing(struct client *client)
{
    uint16_t old_count = client->outgoing.slot_count;
    uint16_t slot_count = more_slots(old_count);
    struct delivery *held;
    wax_flow *slots;

    if (old_count >= SLOTS_MAX) {
        return WAX_FULL;
    }
    held = calloc(slot_count, sizeof *held);
    slots = calloc(slot_count, sizeof *slots);
    if (held == NULL || slots == NULL) {
        free(held);
        free(slots);
        return WAX_FULL;
    }
    for (uint16_t i = 0; i < old_count; i++) {
        if (client->outgoing.slots[i].waits != WAX_WAIT_NONE) {
            held[client->outgoing.slots[i].packet_id % slot_count] = client->held[i];
        }
    }
    wax_flow *old_slots = client->outgoing.slots;
    wax_flows_move(&client->outgoing, slots, slot_count);
    free(client->held);
    free(old_slots);
    client->held = held;
    return WAX_OK;
}

wax_status client_grow_incoming(struct client *client)
{
    wax_flow *old_slots = client->incoming.slots;
    uint16_t slot_count = more_slots(client->incoming.slot_count);
    wax_flow *slots;

    if (client->incoming.slot_count >= SLOTS_MAX) {
        return WAX_FULL;
    }
    slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return WAX_FULL;
    }
    wax_flows_move(&client->incoming, slots, slot_count);
    free(old_slots);
    return WAX_OK;
}

/* The slot stays the exchange's to its end, and beyond it until the next begins. */
static struct delivery *held_at(struct client *client, uint16_t packet_id)
{
    return &client->held[packet_id % client->outgoing.slot_count];
}

void client_rehold(struct client *client, uint16_t packet_id, const struct delivery *delivery)
{
    *held_at(client, packet_id) = *delivery;
    if (delivery->message != NULL) {
        client->held_bytes += delivery->message->payload.size;
    }
}

void client_hold(struct client *client, uint16_t packet_id, const struct delivery *delivery)
{
    client_rehold(client, packet_id, delivery);
    keep_delivery(client, held_at(client, packet_id), KEPT_SENT, packet_id);
}

/* Lets go of the message; the place stays. */
static void let_go(struct client *client, struct delivery *delivery)
{
    uint64_t place = delivery->place;

    if (delivery->message != NULL) {
        client->held_bytes -= delivery->message->payload.size;
        delivery_clear(delivery);
    }
    delivery->place = place;
}

void client_let_go(struct client *client, uint16_t packet_id)
{
    struct delivery *delivery = held_at(client, packet_id);

    keep_released(client, delivery, packet_id);
    let_go(client, delivery);
}

void client_finish(struct client *client, uint16_t packet_id)
{
    struct delivery *delivery = held_at(client, packet_id);

    keep_no_delivery(client, delivery);
    let_go(client, delivery);
}

/* The last of the held messages first. */
static int by_number(const void *one, const void *other)
{
    uint64_t a = ((const struct delivery *)one)->message->number;
    uint64_t b = ((const struct delivery *)other)->message->number;

    return a < b ? 1 : a > b ? -1 : 0;
}

void client_take_back(struct client *client)
{
    struct delivery *held = client->held;
    uint16_t count = 0;

    for (uint16_t i = 0; i < client->outgoing.slot_count; i++) {
        if (held[i].message != NULL) {
            held[count++] = held[i];
        } else {
            keep_no_delivery(client, &held[i]);
        }
    }
    for (uint16_t i = count; i < client->outgoing.slot_count; i++) {
        held[i] = (struct delivery){.message = NULL};
    }
    if (count > 0) {
        qsort(held, count, sizeof *held, by_number);
    }
    for (uint16_t i = 0; i < count; i++) {
        queue_in_front(client, &held[i]);
        held[i] = (struct delivery){.message = NULL};
    }
    client->held_bytes = 0;
    client->is_resuming = false;
    wax_flows_init(&client->outgoing, client->outgoing.slots, client->outgoing.slot_count);
}
