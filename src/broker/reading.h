/* Retained messages that are in the store alone, on their way to a walk: it collects what it meets,
 * the store's own thread reads that, and the walk goes on when it is here. */
#ifndef WAX_BROKER_READING_H
#define WAX_BROKER_READING_H

#include "broker/internal.h"

enum {
    READING_MAX = 128,        /* messages that one reading asks for */
    READING_SIZE_MAX = 65536, /* bytes of them that it brings at once; a single one may have more */
};

enum reading_state { READING_COLLECTS, READING_IS_AWAY, READING_IS_HERE };

struct reading;

/* What the reading of a walk is at; NULL: it collects, and has nothing. */
enum reading_state reading_state(const struct reading *reading);

/* Notes that the walk wants the message that it has come to; makes the reading if there is none.
 * WAX_OK; WAX_CROWDED when there is no room for a further one; WAX_FULL without memory: it does not
 * come. */
wax_status reading_add(struct reading **reading, const wax_retained_walk *walk,
                       const struct retained *wanted) WAX_CHECKED;

/* Asks the store for what was collected, if anything was, and says so; not under the mutex of the
 * commons. It comes back to this worker; `owner`, where the walk has it, stays where it is. */
bool reading_ask(struct reading **owner, struct worker *worker);

/* A letter brings it. */
void reading_on_letter(struct reading *reading);

/* The next message of those that are here: false when there is none left. `*message` is held for
 * the caller, or NULL where another one is retained by now, or none, or where it could not be read.
 * What the store did not bring yet is asked for again. */
bool reading_take(struct reading *reading, struct worker *worker, struct message **message);

/* Gives messages back that are here: they are asked for again. */
void reading_rest(struct reading *reading);

/* The walk has ended. What is away is freed when it comes back. */
void reading_end(struct reading **owner);

/* Nobody will read the letter. */
void reading_drop(struct reading *reading);

#endif
