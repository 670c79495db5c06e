/* What is retained goes to a new subscription in bounded pieces, so that '#' over a hundred
 * thousand messages stalls nobody. Several walks of a client go on side by side, since each may
 * wait for the store. */
#include "broker/queue.h"
#include "broker/walk.h"

enum { WALK_TURN_MAX = 16 }; /* walks of a client that go on in one turn */

/* What may still be done for a client in this turn. */
struct allowance {
    uint32_t steps;
    uint32_t messages;
};

/* Whether a retained message has had its time, the publisher's or retain_expiry_interval. */
static bool is_over(const struct worker *worker, const struct message *message)
{
    uint64_t interval_ms =
        worker->settings->config.retain_expiry_interval_minutes * UINT64_C(60000);

    return message->expires_ms <= worker->loop.now_ms ||
           (interval_ms > 0 && message->made_ms + interval_ms <= worker->loop.now_ms);
}

/* Under the mutex: the message that the walk has come to; NULL when it is still to be read, or
 * without memory. */
static struct message *unpack(struct walk *walk, const struct retained *found, wax_status *status)
{
    uint8_t room[RETAINED_PACKED_MAX];
    struct message *message;
    size_t size = 0;

    if (found->form == RETAINED_STORED) {
        *status = reading_add(&walk->reading, &walk->walk, found);
        return NULL;
    }
    if (found->form == RETAINED_PACKED) {
        size = wax_retained_walk_topic(&walk->walk, room, sizeof room);
    }
    message = retained_message(found, wax_bytes_of(room, size));
    *status = message == NULL ? WAX_FULL : WAX_OK;
    return message;
}

/* The next message that the walk meets in memory, held; NULL with the reason why there is none now:
 * WAX_MORE, when the steps are used up; WAX_CROWDED, when so many are to be read that it is time to
 * ask; WAX_FULL, when one is lost for want of memory; WAX_NOT_FOUND. */
static struct message *meet_next(struct worker *worker, struct walk *walk, uint32_t *steps,
                                 wax_status *status)
{
    struct commons *commons = &worker->broker->commons;
    struct message *message = NULL;
    void *found;

    pthread_mutex_lock(&commons->mutex);
    do {
        *status = wax_retained_next(&walk->walk, steps, &found);
        if (*status == WAX_OK) {
            message = unpack(walk, found, status);
        }
    } while (*status == WAX_OK && message == NULL);
    pthread_mutex_unlock(&commons->mutex);
    count_up(worker, COUNT_PUBLISH_DROPPED, *status == WAX_FULL ? 1 : 0);
    return message;
}

/* The next message of the walk, held, or NULL with the reason: WAX_MORE; WAX_CROWDED, when the
 * store is reading; WAX_FULL; WAX_NOT_FOUND. */
static struct message *take_next(struct worker *worker, struct walk *walk, uint32_t *steps,
                                 wax_status *status)
{
    struct message *message = NULL;

    while (message == NULL && reading_state(walk->reading) == READING_IS_HERE &&
           reading_take(walk->reading, worker, &message)) {
        /* what is retained no more is passed over */
    }
    *status = message == NULL ? WAX_CROWDED : WAX_OK;
    if (message == NULL && reading_state(walk->reading) == READING_COLLECTS) {
        message = meet_next(worker, walk, steps, status);
        if ((*status == WAX_CROWDED || *status == WAX_NOT_FOUND) &&
            reading_ask(&walk->reading, worker)) {
            *status = WAX_CROWDED;
        }
    }
    return message;
}

/* Whether the client can take one more message, however large, without losing it: the queue has
 * room for one when it is empty. */
static bool has_room(const struct client *client)
{
    const struct connection *connection = client->connection;

    return connection != NULL && connection->status == WAX_OK &&
           out_waiting(connection) < OUT_QUEUE_SIZE && queue_is_empty(client);
}

static void give(struct client *client, struct message *message,
                 const wax_subscription_options *options)
{
    struct commons *commons = &client->worker->broker->commons;
    struct grant grant = {.identifiers = &options->identifier,
                          .identifier_count = options->identifier != 0,
                          .qos = options->qos,
                          .retain = true};

    if (is_over(client->worker, message)) {
        pthread_mutex_lock(&commons->mutex);
        commons_forget(commons, message->topic, message->number);
        pthread_mutex_unlock(&commons->mutex);
    } else {
        deliver(client, message, &grant);
    }
}

/* Goes on with a walk. Returns WAX_NOT_FOUND at its end, WAX_CROWDED when it waits for the store.
 */
static wax_status walk_on(struct client *client, struct walk *walk, struct allowance *left)
{
    wax_status status = WAX_OK;

    while (status == WAX_OK && left->messages > 0 && has_room(client)) {
        struct message *message = take_next(client->worker, walk, &left->steps, &status);
        if (message != NULL) {
            left->messages--;
            give(client, message, &walk->options);
            message_release(message);
        }
    }
    return status;
}

/* Goes on with the oldest walks of a client. Returns whether there is more that could be done now.
 */
static bool walk_all(struct client *client)
{
    struct allowance left = {WALK_STEP_MAX, WALK_MESSAGE_MAX};
    struct walk *walk = client->walks->first;
    bool is_more = false;

    for (int i = 0; i < WALK_TURN_MAX && walk != NULL && left.steps > 0; i++) {
        struct walk *next = walk_after(client, walk);
        wax_status status = walk_on(client, walk, &left);
        is_more = is_more || status != WAX_CROWDED;
        if (status == WAX_NOT_FOUND) {
            walk_end_one(client, walk);
        }
        walk = next;
    }
    return is_more && client->walks->first != NULL && has_room(client);
}

/* The client has gone: what is here for it is memory. */
static void rest_all(struct client *client)
{
    struct walk *walk = client->walks->first;

    for (int i = 0; i < WALK_TURN_MAX && walk != NULL; i++) {
        reading_rest(walk->reading);
        walk = walk_after(client, walk);
    }
}

bool retain_turn(struct worker *worker)
{
    wax_link *at = worker->walking.next;
    bool is_more = false;

    while (at != &worker->walking) {
        struct client *client = WAX_OWNER(at, struct walks, link)->client;
        at = at->next;
        if (client->connection == NULL) {
            rest_all(client); /* and waits until the client is back */
            continue;
        }
        if (client->walks->first != NULL && has_room(client)) {
            is_more = walk_all(client) || is_more;
        }
        if (client->walks->first == NULL) {
            walk_end_all(client);
        }
    }
    return is_more;
}
