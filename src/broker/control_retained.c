/* What an administrator asks of retained messages. They belong to no worker: the main thread walks
 * over them, in pieces. */
#include "broker/control.h"

#include <stdlib.h>
#include <string.h>

struct walking {
    wax_retained_walk walk;
    bool has_begun;
    bool deletes;
    uint64_t older_than_ms;
    uint64_t left; /* how many may still be told */
    uint64_t now_ms;
    int64_t now_s;
    size_t size; /* of the filter */
    uint8_t filter[];
};

struct shown {
    const struct message *message;
    const struct walking *walking;
};

static void write_message(wax_json *json, const void *subject)
{
    const struct shown *shown = subject;
    const struct message *message = shown->message;
    uint64_t now_ms = shown->walking->now_ms;
    uint64_t age_s = now_ms > message->made_ms ? (now_ms - message->made_ms) / 1000 : 0;

    wax_json_member_text(json, "topic", message->topic);
    wax_json_member_number(json, "size", message->payload.size);
    wax_json_member_number(json, "qos", message->qos);
    if (message->has_author) {
        wax_json_member_text(json, "user", message->author);
    }
    if (message->author_id.size > 0) {
        wax_json_member_text(json, "client", message->author_id);
    }
    wax_json_member_number(json, "at", (uint64_t)shown->walking->now_s - age_s);
    wax_json_member_number(json, "age_s", age_s);
    if (message->expires_ms != WAX_NEVER) {
        uint64_t left_ms = message->expires_ms > now_ms ? message->expires_ms - now_ms : 0;
        wax_json_member_number(json, "expires_in_s", left_ms / 1000);
    }
}

/* One step under the mutex. Returns WAX_OK with a message that is held, or as
 * wax_retained_next(). */
static wax_status step(struct commons *commons, struct walking *walking, struct message **message)
{
    uint32_t steps = WALK_STEP_MAX;
    void *found = NULL;
    wax_status status;

    pthread_mutex_lock(&commons->mutex);
    status = wax_retained_next(&walking->walk, &steps, &found);
    *message = status == WAX_OK ? message_hold(found) : NULL;
    if (*message != NULL && (*message)->made_ms + walking->older_than_ms > walking->now_ms) {
        message_release(*message);
        *message = NULL;
    } else if (*message != NULL && walking->deletes) {
        commons_forget(commons, *message);
    }
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

static void begin(struct commons *commons, struct walking *walking)
{
    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_begin(&walking->walk, commons->retained,
                            wax_bytes_of(walking->filter, walking->size));
    pthread_mutex_unlock(&commons->mutex);
    walking->has_begun = true;
}

static void work(struct worker *worker, struct inquiry *inquiry)
{
    struct walking *walking = inquiry->state;
    struct commons *commons = &inquiry->peer->control->broker->commons;
    wax_status status = WAX_OK;

    (void)worker;
    if (!walking->has_begun) {
        begin(commons, walking);
    }
    for (unsigned i = 0; i < ANSWER_PIECE_COUNT && status == WAX_OK && walking->left > 0; i++) {
        struct message *message;
        status = step(commons, walking, &message);
        if (message != NULL) {
            struct shown shown = {message, walking};
            lines_add(&inquiry->lines, write_message, &shown);
            message_release(message);
            walking->left--;
        }
    }
    inquiry->is_done = status == WAX_NOT_FOUND || walking->left == 0;
}

static void discard(struct inquiry *inquiry)
{
    struct walking *walking = inquiry->state;
    struct commons *commons = &inquiry->peer->control->broker->commons;

    if (walking->has_begun) {
        pthread_mutex_lock(&commons->mutex);
        wax_retained_walk_end(&walking->walk);
        pthread_mutex_unlock(&commons->mutex);
    }
    free(walking);
}

static void walk(struct peer *peer, bool deletes)
{
    const struct request *request = &peer->request;
    wax_bytes filter = request_value(request, "filter");
    struct walking *walking;
    struct inquiry *inquiry;

    if (!wax_utf8_is_valid(filter) || !wax_filter_is_valid(filter)) {
        peer_end(peer, "the filter is none: + is a whole level, # the last one");
        return;
    }
    walking = calloc(1, sizeof *walking + filter.size);
    inquiry = walking == NULL ? NULL : peer_inquire(peer, work);
    if (inquiry == NULL) {
        free(walking);
        return;
    }
    walking->deletes = deletes;
    inquiry->finish = deletes ? inquiry_settle : NULL;
    walking->older_than_ms = request_number(request, "older_than", 0) * 1000;
    walking->left = request_number(request, "limit", UINT64_MAX);
    walking->now_ms = wax_clock_ms();
    walking->now_s = wax_clock_wall_s();
    walking->size = filter.size;
    memcpy(walking->filter, filter.data, filter.size);
    inquiry->state = walking;
    inquiry->discard = discard;
    inquiry_ask_main(inquiry);
}

void control_retained_list(struct peer *peer)
{
    walk(peer, false);
}

void control_retained_delete(struct peer *peer)
{
    walk(peer, true);
}
