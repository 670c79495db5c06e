/* What was measured between two moments. */
#include "bench/inner.h"

#include <unistd.h>

static uint64_t least(uint64_t after, uint64_t before)
{
    return after > before ? after - before : 0;
}

struct span span_begin(const struct crowd *crowd)
{
    struct span span = {.broker = crowd_broker_usage(crowd)};

    if (wax_usage_read(getpid(), &span.load) != WAX_OK) {
        span.load = (wax_usage){0, 0};
    }
    span.since_us = wax_clock_us();
    return span;
}

void span_end(const struct crowd *crowd, const struct span *span, uint64_t count)
{
    struct span now = span_begin(crowd);

    crowd->result->count = count;
    crowd->result->elapsed_us = now.since_us - span->since_us;
    crowd->result->cpu_ns = least(now.broker.cpu_ns, span->broker.cpu_ns);
    crowd->result->load_cpu_ns = least(now.load.cpu_ns, span->load.cpu_ns);
    crowd->result->resident = now.broker.resident;
}

void span_end_setup(const struct crowd *crowd, const struct span *span, uint64_t count)
{
    struct span now = span_begin(crowd);

    crowd->result->setup = (wax_bench_setup){
        .count = count,
        .elapsed_us = now.since_us - span->since_us,
        .cpu_ns = least(now.broker.cpu_ns, span->broker.cpu_ns),
        .resident = least(now.broker.resident, span->broker.resident),
    };
}
