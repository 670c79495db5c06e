/* Lines that repeat themselves. */
#ifndef WAX_OS_FOLD_H
#define WAX_OS_FOLD_H

#include "os/record.h"

enum {
    FOLD_AFTER = 10, /* so many of a kind are written before the rest is counted */
    FOLD_SPAN_MS = 60000,
    FOLD_KIND_MAX = 64,
};

struct fold;

/* NULL without memory: nothing is folded then. */
struct fold *fold_open(void);
void fold_close(struct fold *fold);

/* Whether the event is to be written; otherwise it is counted. Only what others can provoke is
 * folded: events that tell of a peer or a client. */
bool fold_admits(struct fold *fold, const struct record *record, uint64_t now_ms);

/* Takes the next kind whose time is over and that was counted: its last event, with how often it
 * happened. False: there is none now. */
bool fold_next(struct fold *fold, uint64_t now_ms, struct record *sum);

#endif
