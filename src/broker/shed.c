/* What is retained leaves memory for the disk when it may take less of it than it did: because the
 * configuration says so, or because the process has used up `memory_limit`. In bounded pieces, by
 * the first worker. */
#include "broker/keep.h"
#include "broker/walk.h"

enum {
    SHED_SLACK = 65536
}; /* bytes; so that a little more or less does not start it over and over */

static uint64_t target_of(const struct worker *worker)
{
    return memory_is_short(worker) ? 0 : worker->settings->config.retained_memory_limit;
}

/* Whether there is enough to shed; what was left the last time cannot be. */
static bool is_due(const struct commons *commons, uint64_t target)
{
    uint64_t floor = commons->shed_floor > target ? commons->shed_floor : target;

    return floor < UINT64_MAX - SHED_SLACK &&
           atomic_load(&commons->retained_taken) > floor + SHED_SLACK;
}

/* Leaves the message that the walk has come to to the store. */
static void shed_one(struct worker *worker, const struct retained *retained)
{
    struct commons *commons = &worker->broker->commons;
    size_t size = wax_retained_walk_topic(&commons->shed_walk, worker->room, READ_ROOM_SIZE);
    wax_bytes topic = wax_bytes_of(worker->room, size);
    struct retained *stored = NULL;

    if (retained->form != RETAINED_STORED && size <= READ_ROOM_SIZE &&
        keep_takes_retained(commons, topic)) {
        stored = retained_stored(retained->number, retained->payload_size);
    }
    if (stored != NULL) {
        (void)!commons_restore(commons, topic, stored);
    }
}

/* Under the mutex. Returns whether there is more to do. */
static bool shed_some(struct worker *worker, uint64_t target)
{
    struct commons *commons = &worker->broker->commons;
    uint32_t steps = WALK_STEP_MAX;
    wax_status status = WAX_OK;
    void *found;

    while (status == WAX_OK && atomic_load(&commons->retained_taken) > target) {
        status = wax_retained_next(&commons->shed_walk, &steps, &found);
        if (status == WAX_OK) {
            shed_one(worker, found);
        }
    }
    commons->shed_floor = status == WAX_NOT_FOUND ? atomic_load(&commons->retained_taken) : 0;
    return status == WAX_MORE;
}

bool shed_turn(struct worker *worker)
{
    struct commons *commons = &worker->broker->commons;
    uint64_t target = target_of(worker);

    if (worker->index != 0 || !commons->keeps ||
        (!commons->is_shedding && !is_due(commons, target))) {
        return false;
    }
    pthread_mutex_lock(&commons->mutex);
    if (!commons->is_shedding) {
        wax_retained_walk_begin(&commons->shed_walk, commons->retained, wax_bytes_of(NULL, 0));
    }
    commons->is_shedding = shed_some(worker, target);
    if (!commons->is_shedding) {
        wax_retained_walk_end(&commons->shed_walk);
    }
    pthread_mutex_unlock(&commons->mutex);
    return commons->is_shedding;
}
