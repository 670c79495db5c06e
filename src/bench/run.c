/* The scenarios, and running one. */
#include "bench/inner.h"

#include <string.h>

/* clang-format off */
const wax_bench_scenario wax_bench_scenarios[] = {
    {"pairs",     WAX_BENCH_MESSAGES, WAX_BENCH_PAIRS,     100, 100,    0, false, "publishers with a subscriber each"},
    {"fan-in",    WAX_BENCH_MESSAGES, WAX_BENCH_ALL,       100, 1,      0, false, "many publishers, one subscriber"},
    {"fan-out",   WAX_BENCH_MESSAGES, WAX_BENCH_ALL,       1,   1000,   0, false, "one publisher, many subscribers"},
    {"wildcards", WAX_BENCH_MESSAGES, WAX_BENCH_WILDCARDS, 10,  20,     0, false, "all get all by filters with + and #, beside others that do not match"},
    {"filters",   WAX_BENCH_MESSAGES, WAX_BENCH_FILTERS,   10,  1, 100000, false, "a subscriber with many filters, of which each message meets one"},
    {"share",     WAX_BENCH_MESSAGES, WAX_BENCH_SHARED,    10,  20,     0, false, "a shared subscription: each message goes to one of a group"},
    {"retained",  WAX_BENCH_RETAINED, WAX_BENCH_FILTERS,   1,   1, 100000, false, "many messages are kept, then a new subscriber gets them all"},
    {"connects",  WAX_BENCH_CONNECTS, WAX_BENCH_ALL,       0,   64,     0, false, "connections that come and go; with TLS, by full handshakes"},
    {"resumes",   WAX_BENCH_CONNECTS, WAX_BENCH_ALL,       0,   64,     0, true,  "the same by TLS sessions from before; needs TLS"},
    {"idle",      WAX_BENCH_IDLE,     WAX_BENCH_ALL,       0,   1000,   0, false, "connections that stay and say nothing: their memory"},
};
/* clang-format on */

const size_t wax_bench_scenario_count = WAX_COUNT(wax_bench_scenarios);

const wax_bench_scenario *wax_bench_find(const char *name)
{
    for (size_t i = 0; i < wax_bench_scenario_count; i++) {
        if (strcmp(wax_bench_scenarios[i].name, name) == 0) {
            return &wax_bench_scenarios[i];
        }
    }
    return NULL;
}

wax_status wax_bench_run(const wax_bench_plan *plan, wax_bench_result *result)
{
    static void (*const runs[])(const wax_bench_plan *plan, wax_bench_result *result) = {
        [WAX_BENCH_MESSAGES] = bench_run_messages,
        [WAX_BENCH_CONNECTS] = bench_run_connects,
        [WAX_BENCH_IDLE] = bench_run_idle,
        [WAX_BENCH_RETAINED] = bench_run_retained,
    };

    runs[plan->scenario->kind](plan, result);
    if (result->fault[0] != '\0') {
        return WAX_IO;
    }
    return result->lost + result->twice + result->late + result->strange + result->refused == 0
               ? WAX_OK
               : WAX_INVALID;
}
