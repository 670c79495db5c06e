/* Retained messages come from the store. Between the look at the tree and the delivery another one
 * may be retained, which its subscribers get as it is published: so what was read goes to nobody
 * unless it is still what is retained, and a message never overtakes the one that replaced it. */
#include "broker/reading.h"

#include <stdlib.h>
#include <string.h>

#include "broker/keep.h"

enum { READING_FIRST = 8 };

struct wanted {
    uint64_t number;
    struct message *message; /* once it was read */
    wax_bytes topic;         /* in memory of its own */
};

struct reading {
    wax_store_task task;
    struct worker *worker;
    struct reading **owner; /* where the walk has it; NULL: the walk has ended */
    struct letter *letter;  /* that brings it */
    enum reading_state state;
    size_t next;  /* to be taken */
    size_t found; /* so many were looked for */
    size_t count;
    size_t size;
    struct wanted *items;
};

enum reading_state reading_state(const struct reading *reading)
{
    return reading == NULL ? READING_COLLECTS : reading->state;
}

static void clear(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        message_release(reading->items[i].message);
        free((void *)(uintptr_t)reading->items[i].topic.data);
    }
    reading->next = 0;
    reading->found = 0;
    reading->count = 0;
    reading->state = READING_COLLECTS;
}

static void reading_free(struct reading *reading)
{
    clear(reading);
    free(reading->items);
    free(reading->letter);
    free(reading);
}

/* --- Collecting --- */

static bool make_room(struct reading *reading)
{
    size_t size = reading->size == 0 ? READING_FIRST : reading->size * 2;
    struct wanted *items;

    if (reading->count < reading->size) {
        return true;
    }
    items = realloc(reading->items, size * sizeof *items);
    if (items != NULL) {
        reading->items = items;
        reading->size = size;
    }
    return items != NULL;
}

static bool copy_topic(const wax_retained_walk *walk, wax_bytes *topic)
{
    size_t size = wax_retained_walk_topic(walk, NULL, 0);
    uint8_t *room = malloc(size);

    if (room != NULL) {
        *topic = wax_bytes_of(room, wax_retained_walk_topic(walk, room, size));
    }
    return room != NULL;
}

wax_status reading_add(struct reading **reading, const wax_retained_walk *walk,
                       const struct retained *wanted)
{
    struct wanted item = {.number = wanted->number};

    if (*reading == NULL) {
        *reading = calloc(1, sizeof **reading);
    }
    if (*reading == NULL || !make_room(*reading) || !copy_topic(walk, &item.topic)) {
        return WAX_FULL;
    }
    (*reading)->items[(*reading)->count++] = item;
    return (*reading)->count < READING_MAX ? WAX_OK : WAX_CROWDED;
}

/* --- Reading --- */

/* As the tree has it: under the topic by which it was met. */
static struct message *find(const wax_store *store, wax_store_view *view, const struct wanted *item)
{
    struct message *message = kept_message_find(store, view, item->number);

    if (message != NULL && !wax_bytes_equal(message->topic, item->topic)) {
        message_release(message);
        message = NULL;
    }
    return message;
}

/* On the thread of the store. */
static void run(wax_store_task *task, wax_store_view *view)
{
    struct reading *reading = WAX_OWNER(task, struct reading, task);
    const wax_store *store = reading->worker->broker->store;
    wax_letters letters = {NULL, NULL};
    size_t size = 0;

    while (reading->found < reading->count && size < READING_SIZE_MAX) {
        struct wanted *item = &reading->items[reading->found++];
        item->message = find(store, view, item);
        size += item->message == NULL ? 0 : item->message->size;
    }
    wax_letters_append(&letters, &reading->letter->letter);
    reading->letter = NULL;
    wax_mailbox_post(&reading->worker->mailbox, &letters);
}

bool reading_ask(struct reading **owner, struct worker *worker)
{
    struct reading *reading = *owner;
    struct wax_broker *broker = worker->broker;

    if (reading == NULL || reading->count == 0) {
        return false;
    }
    reading->letter = calloc(1, sizeof *reading->letter);
    if (reading->letter == NULL) {
        return true; /* the next turn asks again */
    }
    *reading->letter = (struct letter){.kind = LETTER_READ, .reading = reading};
    reading->task.run = run;
    reading->worker = worker;
    reading->owner = owner;
    reading->state = READING_IS_AWAY;
    (void)keep_commit_retained(broker); /* or the store might not have them yet */
    broker->store->kind->ask(broker->store, &reading->task);
    return true;
}

void reading_on_letter(struct reading *reading)
{
    reading->state = READING_IS_HERE;
    if (reading->owner == NULL) {
        reading_free(reading);
    }
}

/* --- Taking --- */

/* Whether the message is still the one that is retained for its topic. */
static bool is_current(struct worker *worker, const struct wanted *item)
{
    struct commons *commons = &worker->broker->commons;
    const struct retained *known;
    bool is_current;

    pthread_mutex_lock(&commons->mutex);
    known = wax_retained_find(commons->retained, item->topic);
    is_current = known != NULL && known->number == item->number;
    pthread_mutex_unlock(&commons->mutex);
    return is_current;
}

bool reading_take(struct reading *reading, struct worker *worker, struct message **message)
{
    struct wanted *item = &reading->items[reading->next];

    *message = NULL;
    if (reading->next == reading->count) {
        clear(reading);
        return false;
    }
    if (reading->next == reading->found) {
        (void)reading_ask(reading->owner, worker);
        return false;
    }
    reading->next++;
    if (!is_current(worker, item)) {
        return true;
    }
    *message = item->message;
    item->message = NULL;
    if (*message == NULL) {
        wax_log_write(&worker->broker->log, WAX_ERROR,
                      "retained_unread topic=%.*s reason=it cannot be read from the store",
                      SHOWN(item->topic));
    }
    return true;
}

void reading_rest(struct reading *reading)
{
    if (reading == NULL || reading->state != READING_IS_HERE) {
        return;
    }
    for (size_t i = reading->next; i < reading->found; i++) {
        message_release(reading->items[i].message);
        reading->items[i].message = NULL;
    }
    reading->found = reading->next;
}

void reading_end(struct reading **owner)
{
    struct reading *reading = *owner;

    *owner = NULL;
    if (reading != NULL && reading->state == READING_IS_AWAY) {
        reading->owner = NULL;
    } else if (reading != NULL) {
        reading_free(reading);
    }
}

void reading_drop(struct reading *reading)
{
    if (reading->owner != NULL) {
        *reading->owner = NULL;
    }
    reading_free(reading);
}
