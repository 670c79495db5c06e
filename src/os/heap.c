/* The heap as the pure rooms see it, counted. */
#include "os/os.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_size_t used;
static atomic_size_t used_max;

static void count(size_t old_size, size_t new_size)
{
    size_t now = atomic_fetch_add_explicit(&used, new_size - old_size, memory_order_relaxed) +
                 new_size - old_size;
    size_t most = atomic_load_explicit(&used_max, memory_order_relaxed);

    while (now > most && !atomic_compare_exchange_weak_explicit(
                             &used_max, &most, now, memory_order_relaxed, memory_order_relaxed)) {
    }
}

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    void *answer = NULL;

    (void)self;
    if (new_size == 0) {
        free(old);
    } else {
        answer = realloc(old, new_size);
        if (answer == NULL) {
            return NULL;
        }
    }
    count(old == NULL ? 0 : old_size, new_size);
    return answer;
}

static wax_memory heap = {resize};

wax_memory *wax_heap(void)
{
    return &heap;
}

size_t wax_heap_used(void)
{
    return atomic_load_explicit(&used, memory_order_relaxed);
}

size_t wax_heap_used_max(void)
{
    return atomic_load_explicit(&used_max, memory_order_relaxed);
}
