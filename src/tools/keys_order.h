/* What `wax keys` is told to do: words become an order, and an authority carries it out, in this
 * process or in that of `wax authority`. */
#ifndef WAX_TOOLS_KEYS_ORDER_H
#define WAX_TOOLS_KEYS_ORDER_H

#include "tools/keys_answer.h"

struct keys_verb {
    const char *name; /* "group add" */
    size_t least;     /* arguments */
    size_t most;
    const char *arguments;
    const char *text; /* help */
    /* Carries it out; NULL: only the process itself can. */
    bool (*run)(wax_authority *authority, const struct keys_order *order,
                struct keys_answer *answer);
};

extern const struct keys_verb keys_verbs[];

/* Reads the words behind `wax keys`; getopt moves them about. False, with words in `fault` on what
 * is wrong and what would be right. */
bool keys_order_read(struct keys_order *order, int argc, char **argv,
                     char fault[static ANSWER_FAULT_SIZE]);

/* Carries an order out and answers; `content`, `deed` and all that `out` names belong to whoever
 * asks. False, with `answer->fault`. */
bool keys_order_run(wax_authority *authority, const struct keys_order *order,
                    struct keys_answer *answer);

#endif
