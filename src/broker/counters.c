/* Each worker counts for itself and alone writes; who reads may see a number a moment old. */
#include "broker/internal.h"

void count_set(struct worker *worker, enum counter counter, uint64_t value)
{
    atomic_store_explicit(&worker->counted[counter], value, memory_order_relaxed);
}

static uint64_t now(struct worker *worker, enum counter counter)
{
    return atomic_load_explicit(&worker->counted[counter], memory_order_relaxed);
}

void count_up(struct worker *worker, enum counter counter, uint64_t by)
{
    count_set(worker, counter, now(worker, counter) + by);
}

void count_down(struct worker *worker, enum counter counter, uint64_t by)
{
    wax_assert(now(worker, counter) >= by);
    count_set(worker, counter, now(worker, counter) - by);
}

void count_packet(struct worker *worker, bool is_incoming, uint8_t first)
{
    enum counter of_all = is_incoming ? COUNT_PACKETS_RECEIVED : COUNT_PACKETS_SENT;
    enum counter of_type = is_incoming ? COUNT_TYPE_RECEIVED : COUNT_TYPE_SENT;

    count_up(worker, of_all, 1);
    count_up(worker, of_type + (first >> 4), 1);
}
