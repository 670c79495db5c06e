/* Queues. The places of a session's deliveries grow: those in memory come before those that are in
 * the store alone, which begin at `spill_from`. */
#include "broker/queue.h"

#include <stdlib.h>
#include <string.h>

#include "broker/keep.h"
#include "broker/keep_group.h"

enum {
    MEMORY_MAX = 512,          /* deliveries of one queue in memory */
    MEMORY_SIZE_MAX = 1048576, /* and bytes of their messages */
    OFFLINE_MAX = 16,          /* the same for who is offline */
    OFFLINE_SIZE_MAX = 65536,
    FETCH_LOW = 64, /* when so few are left, more are fetched */
    FETCH_SIZE_MAX = 524288,
};

void delivery_clear(struct delivery *delivery)
{
    message_release(delivery->message);
    free(delivery->identifiers);
    *delivery = (struct delivery){.message = NULL};
}

/* What waits for a client. It is made when something first does. */
struct queue {
    struct delivery *ring;
    uint32_t first;
    uint32_t count;
    uint32_t size;
    uint32_t empty_count;   /* looks that found none of those in the store */
    uint64_t bytes;         /* of all of them */
    uint64_t spilled_count; /* deliveries behind those in the ring, in the store alone */
    uint64_t spilled_bytes;
    uint64_t dropped;    /* messages that found no room */
    uint64_t spill_from; /* the place of the first of them */
    bool is_fetching;    /* some of them are on their way */
};

static const struct queue nothing;

static const struct queue *look_at(const struct client *client)
{
    return client->queue == NULL ? &nothing : client->queue;
}

/* The client's queue, or NULL without memory. */
static struct queue *queue_of(struct client *client)
{
    if (client->queue == NULL) {
        client->queue = calloc(1, sizeof *client->queue);
    }
    return client->queue;
}

static wax_status grow_queue(struct queue *queue)
{
    uint32_t size = queue->size == 0 ? 8 : queue->size * 2;
    struct delivery *ring = calloc(size, sizeof *ring);

    if (ring == NULL) {
        return WAX_FULL;
    }
    for (uint32_t i = 0; i < queue->count; i++) {
        ring[i] = queue->ring[(queue->first + i) % queue->size];
    }
    free(queue->ring);
    queue->ring = ring;
    queue->first = 0;
    queue->size = size;
    return WAX_OK;
}

/* Room for one more in memory. Returns NULL without memory. */
static struct queue *make_room(struct client *client)
{
    struct queue *queue = queue_of(client);

    return queue == NULL || (queue->count == queue->size && grow_queue(queue) != WAX_OK) ? NULL
                                                                                         : queue;
}

bool queue_is_empty(const struct client *client)
{
    const struct queue *queue = client->queue;

    return queue == NULL || (queue->count == 0 && queue->spilled_count == 0);
}

uint64_t queue_length(const struct client *client)
{
    return look_at(client)->count + look_at(client)->spilled_count;
}

uint64_t queue_size(const struct client *client)
{
    return look_at(client)->bytes;
}

const struct message *queue_first(const struct client *client)
{
    const struct queue *queue = look_at(client);

    return queue->count == 0 ? NULL : queue->ring[queue->first].message;
}

uint64_t queue_dropped(const struct client *client)
{
    return look_at(client)->dropped;
}

static void note_dropped(struct client *client)
{
    struct queue *queue = queue_of(client);

    if (queue != NULL) {
        queue->dropped++;
    }
}

static void count_in(struct client *client, size_t size)
{
    client->queue->bytes += size;
    count_up(client->worker, COUNT_STORED, 1);
    count_up(client->worker, COUNT_STORED_BYTES, size);
}

static void count_out(struct client *client, uint64_t count, uint64_t size)
{
    client->queue->bytes -= size;
    count_down(client->worker, COUNT_STORED, count);
    count_down(client->worker, COUNT_STORED_BYTES, size);
}

static struct delivery *at(const struct queue *queue, uint32_t index)
{
    return &queue->ring[(queue->first + index) % queue->size];
}

/* Whether one more belongs in memory. */
static bool has_memory_room(const struct client *client, size_t size)
{
    const struct queue *queue = look_at(client);
    bool is_online = client->connection != NULL;
    uint32_t most = is_online ? MEMORY_MAX : OFFLINE_MAX;
    size_t size_most = is_online ? MEMORY_SIZE_MAX : OFFLINE_SIZE_MAX;
    uint64_t used = queue->bytes - queue->spilled_bytes;

    return queue->spilled_count == 0 && queue->count < most && used + size <= size_most;
}

static void note_spilled(struct client *client, uint64_t place, size_t size)
{
    struct queue *queue = client->queue;

    if (queue->spilled_count == 0) {
        queue->spill_from = place;
    }
    queue->spilled_count++;
    queue->spilled_bytes += size;
    count_up(client->worker, COUNT_SPILLED, 1);
}

/* None is in the store alone any more. */
static void forget_spilled(struct client *client)
{
    struct queue *queue = client->queue;

    count_out(client, queue->spilled_count, queue->spilled_bytes);
    count_down(client->worker, COUNT_SPILLED, queue->spilled_count);
    queue->spilled_count = 0;
    queue->spilled_bytes = 0;
}

/* Writes it down, and forgets it here. */
static wax_status spill(struct client *client, const struct delivery *delivery)
{
    struct delivery kept = *delivery;
    size_t size = delivery_weight(delivery);
    struct queue *queue = queue_of(client);

    if (queue == NULL) {
        return WAX_FULL;
    }
    keep_delivery(client, &kept, KEPT_WAITING, 0);
    client->has_shared_rows = client->has_shared_rows || kept.group.number != 0;
    note_spilled(client, kept.place, size);
    count_in(client, size);
    delivery_clear(&kept);
    return WAX_OK;
}

/* Whether the queue can hold one more. */
static bool fits(const struct client *client, const struct delivery *delivery)
{
    const wax_config *config = &client->worker->settings->config;

    return queue_length(client) < config->max_queued_messages &&
           queue_size(client) + delivery_weight(delivery) <= config->max_queued_bytes;
}

static wax_status put_last(struct client *client, const struct delivery *delivery)
{
    struct queue *queue = make_room(client);

    if (queue == NULL) {
        return WAX_FULL;
    }
    *at(queue, queue->count) = *delivery;
    keep_delivery(client, at(queue, queue->count), KEPT_WAITING, 0);
    queue->count++;
    count_in(client, delivery_weight(delivery));
    return WAX_OK;
}

wax_status queue_append(struct client *client, const struct delivery *delivery)
{
    struct delivery dropped = *delivery;
    wax_status status = WAX_QUOTA_EXCEEDED;

    if (fits(client, delivery)) {
        bool is_spilled = keeps(client) && !has_memory_room(client, delivery_weight(delivery));
        status = is_spilled ? spill(client, delivery) : put_last(client, delivery);
    }
    if (status != WAX_OK) {
        delivery_clear(&dropped);
        note_dropped(client);
        return WAX_QUOTA_EXCEEDED;
    }
    return WAX_OK;
}

void queue_in_front(struct client *client, struct delivery *delivery)
{
    if (make_room(client) == NULL) {
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
        queue_drop(client, delivery);
        return;
    }
    keep_delivery(client, delivery, KEPT_WAITING, 0);
    queue_unpop(client, delivery);
}

void queue_unpop(struct client *client, const struct delivery *first)
{
    struct queue *queue = client->queue;

    queue->first = (queue->first + queue->size - 1) % queue->size;
    queue->ring[queue->first] = *first;
    queue->count++;
    count_in(client, delivery_weight(first));
}

void queue_drop(struct client *client, struct delivery *delivery)
{
    keep_no_delivery(client, delivery);
    delivery_clear(delivery);
}

/* --- From the store --- */

void fetch_free(struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->count; i++) {
        delivery_clear(&fetch->rows[i]);
    }
    free(fetch->letter);
    free(fetch);
}

struct look {
    struct fetch *fetch;
    wax_store_view *view;
};

/* Of what was begun to be sent at QoS 2 others get nothing. [MQTT-4.8.2-5] */
static bool is_wanted(const struct fetch *fetch, const struct kept_row *row)
{
    bool is_for_others = row->share_name.size > 0 && row->state == KEPT_SENT && row->qos == 1;

    return fetch->is_estate
               ? is_for_others || (row->share_name.size > 0 && row->state == KEPT_WAITING)
               : row->state == KEPT_WAITING;
}

static bool on_row(void *context, wax_bytes key, wax_bytes value)
{
    struct look *look = context;
    struct fetch *fetch = look->fetch;
    struct kept_row row;
    struct message *message = NULL;

    fetch->last = kept_number(kept_rest(key));
    if (kept_row_read(value, &row) && is_wanted(fetch, &row)) {
        message = kept_message_find(fetch->broker->store, look->view, row.message);
    }
    if (message != NULL) {
        fetch->size += message->size;
        fetch->rows[fetch->count++] =
            (struct delivery){.message = message,
                              .identifiers = kept_identifiers(row.identifiers),
                              .group = keep_find_group(fetch->broker, &row),
                              .qos = row.qos,
                              .retain = row.retain,
                              .place = fetch->last};
    }
    return fetch->count < FETCH_MAX && fetch->size < FETCH_SIZE_MAX;
}

/* On the thread of the store. */
static void run(wax_store_task *task, wax_store_view *view)
{
    struct fetch *fetch = WAX_OWNER(task, struct fetch, task);
    struct look look = {.fetch = fetch, .view = view};
    struct kept_key session = kept_key_of(fetch->session);
    struct kept_key after = kept_key_of_row(fetch->session, fetch->from - 1);
    const wax_store_range rows = {.table = WAX_STORE_QUEUES,
                                  .prefix = kept_key_bytes(&session),
                                  .after = kept_key_bytes(&after)};
    wax_letters letters = {NULL, NULL};

    (void)!fetch->broker->store->kind->walk(view, &rows, on_row, &look);
    wax_letters_append(&letters, &fetch->letter->letter);
    fetch->letter = NULL;
    wax_mailbox_post(&fetch->worker->mailbox, &letters);
}

struct fetch *fetch_make(struct worker *worker, uint64_t session, wax_bytes id)
{
    struct fetch *fetch = calloc(1, sizeof *fetch + id.size);
    struct letter *letter = calloc(1, sizeof *letter);

    if (fetch == NULL || letter == NULL) {
        free(fetch);
        free(letter);
        return NULL;
    }
    *letter = (struct letter){.kind = LETTER_FETCHED, .fetch = fetch};
    fetch->task.run = run;
    fetch->broker = worker->broker;
    fetch->worker = worker;
    fetch->letter = letter;
    fetch->session = session;
    fetch->id_size = id.size;
    if (id.size > 0) {
        memcpy(fetch->id, id.data, id.size);
    }
    return fetch;
}

void fetch_ask(struct fetch *fetch)
{
    fetch->looks++;
    fetch->broker->store->kind->ask(fetch->broker->store, &fetch->task);
}

bool fetch_again(struct fetch *fetch)
{
    fetch->letter = calloc(1, sizeof *fetch->letter);
    if (fetch->letter == NULL) {
        return false;
    }
    *fetch->letter = (struct letter){.kind = LETTER_FETCHED, .fetch = fetch};
    for (size_t i = 0; i < fetch->count; i++) {
        delivery_clear(&fetch->rows[i]);
    }
    fetch->from = fetch->last < fetch->from ? fetch->from : fetch->last + 1;
    fetch->count = 0;
    fetch->size = 0;
    fetch_ask(fetch);
    return true;
}

/* Asks for more of the queue. Without memory it is asked for again later. */
static void fetch_more(struct client *client)
{
    struct fetch *fetch = fetch_make(client->worker, client->number, client->id);

    if (fetch != NULL) {
        fetch->from = client->queue->spill_from;
        client->queue->is_fetching = true;
        fetch_ask(fetch);
    }
}

/* Rows that are counted and not there: damage has taken them. */
static void give_up_spilled(struct client *client)
{
    struct queue *queue = client->queue;

    wax_log_write(&client->worker->broker->log, WAX_ERROR,
                  "messages_lost client=%.*s count=%llu reason=they are not in the store any more",
                  SHOWN(client->id), (unsigned long long)queue->spilled_count);
    forget_spilled(client);
}

/* One row less is in the store alone; what it counted for is known by its message. */
static void take_row(struct client *client, struct delivery *row)
{
    struct queue *queue = client->queue;
    size_t size = delivery_weight(row);

    queue->spilled_count--;
    count_down(client->worker, COUNT_SPILLED, 1);
    queue->spilled_bytes -= size < queue->spilled_bytes ? size : queue->spilled_bytes;
    if (make_room(client) == NULL) {
        count_out(client, 1, size);
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
        queue_drop(client, row);
        return;
    }
    *at(queue, queue->count) = *row;
    queue->count++;
    *row = (struct delivery){.message = NULL};
}

bool queue_on_fetched(struct client *client, struct fetch *fetch)
{
    struct queue *queue = client->queue;

    if (client->number != fetch->session) {
        return false; /* another session of that client id */
    }
    if (queue == NULL) {
        return true; /* it was cleared meanwhile */
    }
    queue->is_fetching = false;
    if (queue->spill_from != fetch->from) {
        return true; /* part of it went back meanwhile */
    }
    for (size_t i = 0; i < fetch->count && queue->spilled_count > 0; i++) {
        take_row(client, &fetch->rows[i]);
    }
    if (fetch->last >= fetch->from) {
        queue->spill_from = fetch->last + 1;
        queue->empty_count = 0;
    } else if (queue->spilled_count > 0 && ++queue->empty_count > 1) {
        give_up_spilled(client); /* at the second look all that was written was committed */
    }
    return true;
}

bool queue_pop(struct client *client, struct delivery *first)
{
    struct queue *queue = client->queue;

    if (queue == NULL) {
        return false;
    }
    if (queue->spilled_count > 0 && queue->count <= FETCH_LOW && !queue->is_fetching) {
        fetch_more(client);
    }
    if (queue->count == 0) {
        return false;
    }
    *first = *at(queue, 0);
    queue->first = (queue->first + 1) % queue->size;
    queue->count--;
    count_out(client, 1, delivery_weight(first));
    return true;
}

void queue_unload(struct client *client)
{
    struct queue *queue = client->queue;

    while (queue != NULL && keeps(client) && queue->count > OFFLINE_MAX) {
        struct delivery *last = at(queue, queue->count - 1);
        if (last->place == 0) {
            break; /* it came before the session was kept */
        }
        queue->spill_from = last->place;
        queue->spilled_count++;
        queue->spilled_bytes += delivery_weight(last);
        client->has_shared_rows = client->has_shared_rows || last->group.number != 0;
        count_up(client->worker, COUNT_SPILLED, 1);
        queue->count--;
        delivery_clear(last);
    }
}

/* --- After a start --- */

bool queue_wants(struct client *client, uint64_t place, uint32_t size)
{
    if (has_memory_room(client, size)) {
        return true;
    }
    if (queue_of(client) != NULL) {
        note_spilled(client, place, size);
        count_in(client, size);
    }
    return false;
}

wax_status queue_take_up(struct client *client, const struct delivery *delivery)
{
    struct queue *queue = make_room(client);

    if (queue == NULL) {
        return WAX_FULL;
    }
    *at(queue, queue->count) = *delivery;
    queue->count++;
    count_in(client, delivery_weight(delivery));
    return WAX_OK;
}

void queue_clear(struct client *client)
{
    struct queue *queue = client->queue;

    if (queue == NULL) {
        return;
    }
    forget_spilled(client);
    while (queue->count > 0) {
        struct delivery delivery;
        (void)queue_pop(client, &delivery);
        if (!client->has_estate || delivery.place == 0) {
            worker_pass_on(client->worker, &delivery);
        }
        delivery_clear(&delivery);
    }
    free(queue->ring);
    free(queue);
    client->queue = NULL;
}

uint64_t queue_spilled(const struct client *client)
{
    return look_at(client)->spilled_count;
}
