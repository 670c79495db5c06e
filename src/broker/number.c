/* Numbers that are nobody else's. */
#include "broker/internal.h"

enum { NUMBER_SHIFT = 56 };

uint64_t worker_number(struct worker *worker)
{
    worker->last_number++;
    return (uint64_t)worker->index << NUMBER_SHIFT | worker->last_number;
}
