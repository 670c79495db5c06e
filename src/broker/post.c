/* What a worker gives to all that it runs: numbers, and letters to other workers. */
#include "broker/internal.h"

#include <stdlib.h>

enum { NUMBER_SHIFT = 56 };

uint64_t worker_number(struct worker *worker)
{
    worker->last_number++;
    return (uint64_t)worker->index << NUMBER_SHIFT | worker->last_number;
}

wax_status worker_post(struct worker *from, struct worker *to, const struct letter *letter)
{
    struct letter *copy = malloc(sizeof *copy);

    if (copy == NULL) {
        return WAX_FULL;
    }
    *copy = *letter;
    wax_letters_append(&from->outboxes[to->index], &copy->letter);
    return WAX_OK;
}
