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

static wax_status grow_queue(struct client *client)
{
    uint32_t size = client->queue_size == 0 ? 8 : client->queue_size * 2;
    struct delivery *queue = calloc(size, sizeof *queue);

    if (queue == NULL) {
        return WAX_FULL;
    }
    for (uint32_t i = 0; i < client->queue_count; i++) {
        queue[i] = client->queue[(client->queue_first + i) % client->queue_size];
    }
    free(client->queue);
    client->queue = queue;
    client->queue_first = 0;
    client->queue_size = size;
    return WAX_OK;
}

bool queue_is_empty(const struct client *client)
{
    return client->queue_count == 0 && client->spilled_count == 0;
}

uint64_t queue_length(const struct client *client)
{
    return client->queue_count + client->spilled_count;
}

static void count_in(struct client *client, size_t size)
{
    client->queue_bytes += size;
    count_up(client->worker, COUNT_STORED, 1);
    count_up(client->worker, COUNT_STORED_BYTES, size);
}

static void count_out(struct client *client, uint64_t count, uint64_t size)
{
    client->queue_bytes -= size;
    count_down(client->worker, COUNT_STORED, count);
    count_down(client->worker, COUNT_STORED_BYTES, size);
}

static struct delivery *at(const struct client *client, uint32_t index)
{
    return &client->queue[(client->queue_first + index) % client->queue_size];
}

/* Whether one more belongs in memory. */
static bool has_memory_room(const struct client *client, size_t size)
{
    bool is_online = client->connection != NULL;
    uint32_t most = is_online ? MEMORY_MAX : OFFLINE_MAX;
    size_t size_most = is_online ? MEMORY_SIZE_MAX : OFFLINE_SIZE_MAX;
    uint64_t used = client->queue_bytes - client->spilled_bytes;

    return client->spilled_count == 0 && client->queue_count < most && used + size <= size_most;
}

static void note_spilled(struct client *client, uint64_t place, size_t size)
{
    if (client->spilled_count == 0) {
        client->spill_from = place;
    }
    client->spilled_count++;
    client->spilled_bytes += size;
    count_up(client->worker, COUNT_SPILLED, 1);
}

/* None is in the store alone any more. */
static void forget_spilled(struct client *client)
{
    count_out(client, client->spilled_count, client->spilled_bytes);
    count_down(client->worker, COUNT_SPILLED, client->spilled_count);
    client->spilled_count = 0;
    client->spilled_bytes = 0;
}

/* Writes it down, and forgets it here. */
static void spill(struct client *client, const struct delivery *delivery)
{
    struct delivery kept = *delivery;
    size_t size = delivery_weight(delivery);

    keep_delivery(client, &kept, KEPT_WAITING, 0);
    client->has_shared_rows = client->has_shared_rows || kept.group.number != 0;
    note_spilled(client, kept.place, size);
    count_in(client, size);
    delivery_clear(&kept);
}

/* Whether the queue can hold one more. */
static bool fits(const struct client *client, const struct delivery *delivery)
{
    const wax_config *config = &client->worker->settings->config;

    return queue_length(client) < config->max_queued_messages &&
           client->queue_bytes + delivery_weight(delivery) <= config->max_queued_bytes;
}

wax_status queue_append(struct client *client, const struct delivery *delivery)
{
    struct delivery dropped = *delivery;

    if (fits(client, delivery) && keeps(client) &&
        !has_memory_room(client, delivery_weight(delivery))) {
        spill(client, delivery);
        return WAX_OK;
    }
    if (!fits(client, delivery) ||
        (client->queue_count == client->queue_size && grow_queue(client) != WAX_OK)) {
        delivery_clear(&dropped);
        client->dropped++;
        return WAX_QUOTA_EXCEEDED;
    }
    *at(client, client->queue_count) = *delivery;
    keep_delivery(client, at(client, client->queue_count), KEPT_WAITING, 0);
    client->queue_count++;
    count_in(client, delivery_weight(delivery));
    return WAX_OK;
}

void queue_in_front(struct client *client, struct delivery *delivery)
{
    if (client->queue_count == client->queue_size && grow_queue(client) != WAX_OK) {
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
        queue_drop(client, delivery);
        return;
    }
    keep_delivery(client, delivery, KEPT_WAITING, 0);
    queue_unpop(client, delivery);
}

void queue_unpop(struct client *client, const struct delivery *first)
{
    client->queue_first = (client->queue_first + client->queue_size - 1) % client->queue_size;
    client->queue[client->queue_first] = *first;
    client->queue_count++;
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
        fetch->from = client->spill_from;
        client->is_fetching = true;
        fetch_ask(fetch);
    }
}

/* Rows that are counted and not there: damage has taken them. */
static void give_up_spilled(struct client *client)
{
    wax_log_write(&client->worker->broker->log, WAX_ERROR,
                  "messages_lost client=%.*s count=%llu reason=they are not in the store any more",
                  SHOWN(client->id), (unsigned long long)client->spilled_count);
    forget_spilled(client);
}

/* One row less is in the store alone; what it counted for is known by its message. */
static void take_row(struct client *client, struct delivery *row)
{
    size_t size = delivery_weight(row);

    client->spilled_count--;
    count_down(client->worker, COUNT_SPILLED, 1);
    client->spilled_bytes -= size < client->spilled_bytes ? size : client->spilled_bytes;
    if (client->queue_count == client->queue_size && grow_queue(client) != WAX_OK) {
        count_out(client, 1, size);
        count_up(client->worker, COUNT_PUBLISH_DROPPED, 1);
        queue_drop(client, row);
        return;
    }
    *at(client, client->queue_count) = *row;
    client->queue_count++;
    *row = (struct delivery){.message = NULL};
}

bool queue_on_fetched(struct client *client, struct fetch *fetch)
{
    if (client->number != fetch->session) {
        return false; /* another session of that client id */
    }
    client->is_fetching = false;
    if (client->spill_from != fetch->from) {
        return true; /* part of it went back meanwhile */
    }
    for (size_t i = 0; i < fetch->count && client->spilled_count > 0; i++) {
        take_row(client, &fetch->rows[i]);
    }
    if (fetch->last >= fetch->from) {
        client->spill_from = fetch->last + 1;
        client->empty_count = 0;
    } else if (client->spilled_count > 0 && ++client->empty_count > 1) {
        give_up_spilled(client); /* at the second look all that was written was committed */
    }
    return true;
}

bool queue_pop(struct client *client, struct delivery *first)
{
    if (client->spilled_count > 0 && client->queue_count <= FETCH_LOW && !client->is_fetching) {
        fetch_more(client);
    }
    if (client->queue_count == 0) {
        return false;
    }
    *first = *at(client, 0);
    client->queue_first = (client->queue_first + 1) % client->queue_size;
    client->queue_count--;
    count_out(client, 1, delivery_weight(first));
    return true;
}

void queue_unload(struct client *client)
{
    while (keeps(client) && client->queue_count > OFFLINE_MAX) {
        struct delivery *last = at(client, client->queue_count - 1);
        if (last->place == 0) {
            break; /* it came before the session was kept */
        }
        client->spill_from = last->place;
        client->spilled_count++;
        client->spilled_bytes += delivery_weight(last);
        client->has_shared_rows = client->has_shared_rows || last->group.number != 0;
        count_up(client->worker, COUNT_SPILLED, 1);
        client->queue_count--;
        delivery_clear(last);
    }
}

/* --- After a start --- */

bool queue_wants(struct client *client, uint64_t place, uint32_t size)
{
    if (has_memory_room(client, size)) {
        return true;
    }
    note_spilled(client, place, size);
    count_in(client, size);
    return false;
}

wax_status queue_take_up(struct client *client, const struct delivery *delivery)
{
    if (client->queue_count == client->queue_size && grow_queue(client) != WAX_OK) {
        return WAX_FULL;
    }
    *at(client, client->queue_count) = *delivery;
    client->queue_count++;
    count_in(client, delivery_weight(delivery));
    return WAX_OK;
}

void queue_clear(struct client *client)
{
    forget_spilled(client);
    while (client->queue_count > 0) {
        struct delivery delivery;
        (void)queue_pop(client, &delivery);
        if (!client->has_estate || delivery.place == 0) {
            worker_pass_on(client->worker, &delivery);
        }
        delivery_clear(&delivery);
    }
    free(client->queue);
    client->queue = NULL;
    client->queue_size = 0;
}
