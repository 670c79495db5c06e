/* A screen on which every topic keeps a line of its own. */
#include "tools/watch.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_LINE = 2,
};

void tools_watch_begin(FILE *out, const char *broker)
{
    (void)fprintf(out, "\033[2J\033[1;1HBroker: %s\n", broker);
    (void)fflush(out);
}

static bool grow(struct watch *watch)
{
    size_t capacity = watch->capacity == 0 ? 64 : 2 * watch->capacity;
    char **topics = realloc(watch->topics, capacity * sizeof *topics);
    size_t *sizes;

    if (topics == NULL) {
        return false;
    }
    watch->topics = topics;
    sizes = realloc(watch->sizes, capacity * sizeof *sizes);
    if (sizes == NULL) {
        return false;
    }
    watch->sizes = sizes;
    watch->capacity = capacity;
    return true;
}

static bool add(struct watch *watch, wax_bytes topic)
{
    char *copy;

    if (watch->count == watch->capacity && !grow(watch)) {
        return false;
    }
    copy = malloc(topic.size + 1);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, topic.data, topic.size);
    watch->topics[watch->count] = copy;
    watch->sizes[watch->count] = topic.size;
    watch->count++;
    return true;
}

/* Where a topic is, or the count. */
static size_t find(const struct watch *watch, wax_bytes topic)
{
    size_t i = 0;

    while (i < watch->count && (watch->sizes[i] != topic.size ||
                                memcmp(watch->topics[i], topic.data, topic.size) != 0)) {
        i++;
    }
    return i;
}

bool tools_watch_seek(struct watch *watch, FILE *out, wax_bytes topic)
{
    size_t at = topic.size == 0 ? 0 : find(watch, topic);

    if (topic.size > 0 && at == watch->count) {
        if (watch->count == WATCH_TOPICS_MAX) {
            at = WATCH_TOPICS_MAX - 1;
        } else if (!add(watch, topic)) {
            return false;
        }
    }
    /* A shorter value must not leave the end of a longer one behind. */
    (void)fprintf(out, "\033[%zu;1H\033[K", at + FIRST_LINE);
    return true;
}

void tools_watch_leave(const struct watch *watch, FILE *out)
{
    (void)fprintf(out, "\033[%zu;1H\n", watch->count + FIRST_LINE - 1);
    (void)fflush(out);
}

void tools_watch_discard(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        free(watch->topics[i]);
    }
    free(watch->topics);
    free(watch->sizes);
    *watch = (struct watch){.count = 0};
}
