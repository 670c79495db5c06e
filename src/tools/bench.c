/* wax bench: load on a broker. */
#include "bench/bench.h"
#include "base/base.h"
#include "tools/bench_parts.h"
#include "tools/levels.h"
#include "tools/options.h"
#include "tools/spelling.h"
#include "tools/tools.h"
#include "tools/words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SCENARIOS_MAX = 64 };

/* What may stand in the place of a scenario, or in front of them. */
static const char *const others[] = {"compare", "levels", "advise"};

const char *bench_word(size_t number)
{
    if (number < wax_bench_scenario_count) {
        return wax_bench_scenarios[number].name;
    }
    number -= wax_bench_scenario_count;
    return number < WAX_COUNT(others) ? others[number] : NULL;
}

/* --- The tool --- */

/* Finds the scenarios that the words name. 0, and said so, if one of them is none. */
static size_t find_scenarios(const struct settings *settings, size_t first,
                             const wax_bench_scenario **scenarios)
{
    const struct texts *words = &settings->bench.words;
    size_t count = 0;

    for (size_t i = first; i < words->count && count < SCENARIOS_MAX; i++) {
        const char *nearest = wax_bench_scenarios[0].name;

        scenarios[count] = wax_bench_find(words->items[i]);
        for (size_t k = 0; scenarios[count] == NULL && k < wax_bench_scenario_count; k++) {
            const char *name = wax_bench_scenarios[k].name;

            nearest = tools_spelling_distance(words->items[i], name) <
                              tools_spelling_distance(words->items[i], nearest)
                          ? name
                          : nearest;
        }
        if (scenarios[count++] == NULL) {
            (void)tools_complain(settings,
                                 "there is no scenario '%s'; did you mean %s? `wax bench --help` "
                                 "lists them all",
                                 words->items[i], nearest);
            return 0;
        }
    }
    if (count == 0) {
        (void)tools_complain(settings, "which scenario? As in `wax bench pairs --with wax`; `wax "
                                       "bench --help` lists them all");
    }
    return count;
}

/* As many descriptors as the system lets, for this process and the brokers it starts. */
static void raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run_all(const struct settings *settings, const wax_bench_scenario *const *scenarios,
                   size_t count)
{
    struct bench_broker broker = {.pid = 0};
    struct bench_broker *used = NULL;
    wax_bench_result *results = calloc(count, sizeof *results);
    int code = EXIT_GOOD;

    if (results == NULL) {
        (void)tools_complain(settings, "there is not enough memory");
        return EXIT_WRONG;
    }
    bench_report_head(settings);
    for (size_t i = 0; i < count && !bench_is_stopped(); i++) {
        int deserved = EXIT_WRONG;

        if (settings->bench.with.count == 0 ||
            (bench_broker_name(settings, settings->bench.with.items[0], &broker) &&
             bench_broker_start(settings, &broker))) {
            used = settings->bench.with.count == 0 ? NULL : &broker;
            deserved = bench_code(bench_run(settings, scenarios[i], used, &results[i]));
            bench_report(settings, scenarios[i], used, 1, &results[i]);
        }
        bench_broker_stop(&broker);
        code = code == EXIT_WRONG || deserved == EXIT_GOOD ? code : deserved;
    }
    if (settings->bench.plot != NULL && !bench_plot_latency(settings, scenarios, results, count) &&
        code == EXIT_GOOD) {
        code = EXIT_WRONG;
    }
    free(results);
    return code;
}

static bool is_whole(const struct settings *settings, bool compares)
{
    const struct bench_settings *bench = &settings->bench;

    if (!compares && bench->with.count > 1) {
        return tools_complain(settings, "several --with: `wax bench compare ...` measures them in "
                                        "turns");
    }
    if (bench->uses_tls && !compares && bench->with.count == 0) {
        return tools_complain(settings, "--tls is for a broker that is started here (--with); "
                                        "others: --cafile FILE");
    }
    if (bench->pid != 0 && (compares || bench->with.count > 0)) {
        return tools_complain(settings, "--pid is for a broker that runs already; leave it out");
    }
    return true;
}

/* The words that are not about scenarios. The exit code; -1 when it is not one of them. */
static int run_other(const struct settings *settings)
{
    const struct texts *words = &settings->bench.words;
    const char *word = words->count > 0 ? words->items[0] : "";
    int (*run)(const struct settings *) = strcmp(word, "levels") == 0   ? levels_run
                                          : strcmp(word, "advise") == 0 ? levels_advise
                                                                        : NULL;

    if (run == NULL) {
        return -1;
    }
    if (words->count > 1) {
        (void)tools_complain(settings,
                             "'%s' stands behind %s: there is nothing else to say but "
                             "options; see `wax bench --help`",
                             words->items[1], word);
        return EXIT_WRONG;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    bench_obey_signals();
    return run(settings);
}

int wax_tool_bench(int argc, char **argv)
{
    static struct settings settings;
    const wax_bench_scenario *scenarios[SCENARIOS_MAX];
    bool compares;
    size_t count = 0;
    int code;

    if (argc == 2 && strcmp(argv[1], "levels-client") == 0) {
        return levels_child(); /* before anything takes memory */
    }
    if (!tools_options_begin(&settings, TOOL_BENCH, argc, argv, &code)) {
        tools_settings_discard(&settings);
        return code;
    }
    code = run_other(&settings);
    if (code >= 0) {
        tools_settings_discard(&settings);
        return code;
    }
    code = EXIT_WRONG;
    compares =
        settings.bench.words.count > 0 && strcmp(settings.bench.words.items[0], "compare") == 0;
    if (is_whole(&settings, compares)) {
        count = find_scenarios(&settings, compares ? 1 : 0, scenarios);
    }
    if (count > 0) {
        settings.bench.run_ms = bench_or_else(settings.bench.run_ms, compares ? 2000 : 5000);
        settings.bench.rounds = bench_or_else(settings.bench.rounds, 3);
        raise_limit();
        (void)signal(SIGPIPE, SIG_IGN);
        bench_obey_signals();
        code = compares ? bench_compare(&settings, scenarios, count)
                        : run_all(&settings, scenarios, count);
    }
    tools_settings_discard(&settings);
    return code;
}
