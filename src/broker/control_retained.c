/* What an administrator asks of retained messages. They belong to no worker, and many of them may
 * be on disk alone: so the thread of the store walks over them, in pieces. */
#include "broker/control.h"
#include "broker/keep_record.h"

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
    uint8_t *room; /* for a topic */
    size_t room_size;
    size_t size; /* of the filter */
    uint8_t filter[];
};

/* One that was met. */
struct shown {
    struct message *message; /* held; NULL: it cannot be read */
    wax_bytes topic;
    uint64_t number;
    size_t payload_size;
    const struct walking *walking;
};

static void write_details(wax_json *json, const struct message *message,
                          const struct walking *walking)
{
    uint64_t now_ms = walking->now_ms;
    uint64_t age_s = now_ms > message->made_ms ? (now_ms - message->made_ms) / 1000 : 0;

    wax_json_member_number(json, "qos", message->qos);
    if (message->has_author) {
        wax_json_member_text(json, "user", message->author);
    }
    if (message->author_id.size > 0) {
        wax_json_member_text(json, "client", message->author_id);
    }
    wax_json_member_number(json, "at", (uint64_t)walking->now_s - age_s);
    wax_json_member_number(json, "age_s", age_s);
    if (message->expires_ms != WAX_NEVER) {
        uint64_t left_ms = message->expires_ms > now_ms ? message->expires_ms - now_ms : 0;
        wax_json_member_number(json, "expires_in_s", left_ms / 1000);
    }
}

static void write_message(wax_json *json, const void *subject)
{
    const struct shown *shown = subject;

    wax_json_member_text(json, "topic", shown->topic);
    wax_json_member_number(json, "size", shown->payload_size);
    if (shown->message != NULL) {
        write_details(json, shown->message, shown->walking);
    }
}

/* The topic of the message that the walk has come to; empty without memory. */
static wax_bytes find_topic(struct walking *walking)
{
    size_t size = wax_retained_walk_topic(&walking->walk, walking->room, walking->room_size);
    uint8_t *room;

    if (size > walking->room_size) {
        room = realloc(walking->room, size);
        if (room == NULL) {
            return wax_bytes_of(NULL, 0);
        }
        walking->room = room;
        walking->room_size = size;
        (void)wax_retained_walk_topic(&walking->walk, room, size);
    }
    return wax_bytes_of(walking->room, size);
}

/* One step under the mutex. Returns as wax_retained_next(). */
static wax_status step(struct commons *commons, struct walking *walking, struct shown *shown)
{
    uint32_t steps = WALK_STEP_MAX;
    void *found = NULL;
    wax_status status;

    pthread_mutex_lock(&commons->mutex);
    status = wax_retained_next(&walking->walk, &steps, &found);
    if (status == WAX_OK) {
        const struct retained *retained = found;
        shown->topic = find_topic(walking);
        shown->number = retained->number;
        shown->payload_size = retained->payload_size;
        shown->message = retained_message(retained, shown->topic);
    }
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

/* What is on disk alone is read; what is not there is newer than what the store was asked for. */
static void complete(struct inquiry *inquiry, struct shown *shown)
{
    const wax_store *store = inquiry->peer->control->broker->store;

    if (shown->message == NULL && inquiry->view != NULL) {
        shown->message = kept_message_find(store, inquiry->view, shown->number);
    }
}

/* Tells it, or deletes and tells it, if it is old enough. */
static void tell(struct inquiry *inquiry, struct walking *walking, const struct shown *shown)
{
    struct commons *commons = &inquiry->peer->control->broker->commons;
    uint64_t made_ms = shown->message == NULL ? walking->now_ms : shown->message->made_ms;

    if (made_ms + walking->older_than_ms > walking->now_ms) {
        return;
    }
    if (walking->deletes) {
        pthread_mutex_lock(&commons->mutex);
        commons_forget(commons, shown->topic, shown->number);
        pthread_mutex_unlock(&commons->mutex);
    }
    lines_add(&inquiry->lines, write_message, shown);
    walking->left--;
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
        struct shown shown = {.walking = walking};
        status = step(commons, walking, &shown);
        if (status == WAX_OK && shown.topic.size > 0) {
            complete(inquiry, &shown);
            tell(inquiry, walking, &shown);
        }
        message_release(shown.message);
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
    free(walking->room);
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
    inquiry_ask_store(inquiry);
}

void control_retained_list(struct peer *peer)
{
    walk(peer, false);
}

void control_retained_delete(struct peer *peer)
{
    walk(peer, true);
}
