/* What is retained goes to a new subscription in bounded pieces, so that '#' over a hundred
 * thousand messages stalls nobody. */
#include "broker/queue.h"
#include "broker/walk.h"

/* Whether a retained message has had its time, the publisher's or retain_expiry_interval. */
static bool is_over(const struct worker *worker, const struct message *message)
{
    uint64_t interval_ms =
        worker->settings->config.retain_expiry_interval_minutes * UINT64_C(60000);

    return message->expires_ms <= worker->loop.now_ms ||
           (interval_ms > 0 && message->made_ms + interval_ms <= worker->loop.now_ms);
}

/* Takes the next message of the walk, held, or NULL when there is none within the steps. */
static struct message *take_next(struct client *client, uint32_t *steps, wax_status *status)
{
    struct commons *commons = &client->worker->broker->commons;
    struct message *message = NULL;
    void *found;

    pthread_mutex_lock(&commons->mutex);
    do {
        *status = wax_retained_next(&client->walks->first->walk, steps, &found);
        message = *status == WAX_OK ? message_hold(found) : NULL;
        if (message != NULL && is_over(client->worker, message)) {
            commons_forget(commons, message);
            message_release(message);
            message = NULL;
        }
    } while (*status == WAX_OK && message == NULL);
    pthread_mutex_unlock(&commons->mutex);
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

/* Goes on with the first walk of a client. Returns whether there is more that could be done now. */
static bool walk_on(struct client *client)
{
    const wax_subscription_options options = client->walks->first->options;
    struct grant grant = {.identifiers = &options.identifier,
                          .identifier_count = options.identifier != 0,
                          .qos = options.qos,
                          .retain = true};
    uint32_t steps = WALK_STEP_MAX;
    wax_status status = WAX_OK;

    for (int i = 0; i < WALK_MESSAGE_MAX && status == WAX_OK && has_room(client); i++) {
        struct message *message = take_next(client, &steps, &status);
        if (message != NULL) {
            deliver(client, message, &grant);
            message_release(message);
        }
    }
    if (status == WAX_NOT_FOUND) {
        walk_end_first(client);
    }
    return client->walks->first != NULL && has_room(client);
}

bool retain_turn(struct worker *worker)
{
    wax_link *at = worker->walking.next;
    bool is_more = false;

    while (at != &worker->walking) {
        struct client *client = WAX_OWNER(at, struct walks, link)->client;
        at = at->next;
        if (client->connection == NULL) {
            continue; /* the rest waits until the client is back */
        }
        if (client->walks->first != NULL && has_room(client)) {
            is_more = walk_on(client) || is_more;
        }
        if (client->walks->first == NULL) {
            walk_end_all(client);
        }
    }
    return is_more;
}
