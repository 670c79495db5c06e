/* How much memory the process takes, against `memory_limit`. To count every allocation would cost
 * each message; the system knows the sum, and is asked often enough. */
#include "broker/internal.h"

#include <inttypes.h>

enum { LOOK_MS = 100, RETURN_MS = 2000 };

void memory_look(struct wax_broker *broker)
{
    struct memory *memory = &broker->memory;
    size_t taken = wax_memory_taken();

    atomic_store(&memory->taken, taken);
    if (taken > atomic_load(&memory->most)) {
        atomic_store(&memory->most, taken);
    }
}

bool memory_is_short(const struct worker *worker)
{
    return atomic_load_explicit(&worker->broker->memory.is_short, memory_order_relaxed);
}

/* What has been freed may still be the process's: it goes back before anybody is refused. */
static bool judge(struct wax_broker *broker, uint64_t limit, bool may_return)
{
    memory_look(broker);
    if (atomic_load(&broker->memory.taken) >= limit && may_return) {
        wax_memory_return();
        memory_look(broker);
    }
    return atomic_load(&broker->memory.taken) >= limit;
}

static void log_change(struct wax_broker *broker, bool is_short, uint64_t limit)
{
    size_t taken = atomic_load(&broker->memory.taken);

    if (is_short) {
        wax_log_write(&broker->log, WAX_WARNING,
                      "memory_short taken=%zu memory_limit=%" PRIu64
                      " reason=messages are refused until there is room again",
                      taken, limit);
    } else {
        wax_log_write(&broker->log, WAX_NOTICE, "memory_enough taken=%zu memory_limit=%" PRIu64,
                      taken, limit);
    }
}

static void look(wax_timer *timer, uint64_t now_ms)
{
    struct worker *worker = WAX_OWNER(timer, struct worker, memory_timer);
    struct memory *memory = &worker->broker->memory;
    uint64_t limit = worker->settings->config.memory_limit;
    bool was_short = atomic_load(&memory->is_short);
    bool may_return = !was_short || now_ms % RETURN_MS < LOOK_MS;
    bool is_short = limit != WAX_CONFIG_NO_SIZE_LIMIT && judge(worker->broker, limit, may_return);

    if (is_short != was_short) {
        atomic_store(&memory->is_short, is_short);
        log_change(worker->broker, is_short, limit);
    }
    if (limit != WAX_CONFIG_NO_SIZE_LIMIT) {
        wax_loop_start(&worker->loop, timer, now_ms + LOOK_MS);
    }
}

void memory_watch(struct worker *worker)
{
    worker->memory_timer.due = look;
    wax_loop_start(&worker->loop, &worker->memory_timer, worker->loop.now_ms);
}
