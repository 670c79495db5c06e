/* A screen on which every topic keeps a line of its own. */
#ifndef WAX_TOOLS_WATCH_H
#define WAX_TOOLS_WATCH_H

#include "base/base.h"

#include <stdio.h>

enum {
    WATCH_TOPICS_MAX = 10000, /* further topics share the last line */
};

/* The topics that have a line; zero is none. */
struct watch {
    char **topics; /* on the heap; the first has line 2, below the title */
    size_t *sizes;
    size_t count;
    size_t capacity;
};

/* Clears the screen and writes the title. */
void tools_watch_begin(FILE *out, const char *broker);

/* Moves the cursor to the line of a topic, which gets one if it has none. Returns false without
 * memory. */
bool tools_watch_seek(struct watch *watch, FILE *out, wax_bytes topic);

/* Moves the cursor below the last line. */
void tools_watch_leave(const struct watch *watch, FILE *out);

void tools_watch_discard(struct watch *watch);

#endif
