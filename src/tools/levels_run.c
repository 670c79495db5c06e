/* wax bench levels: the rounds, and how far they are. */
#include "os/os.h"
#include "tools/levels.h"
#include "tools/levels_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTS = 10,
    LATENCIES = 50,
    PATIENCE_MS = 10000,
    BAR = 30,
    RESUMED = 2, /* connections of each level: full, resumed */
};

/* A run of all rounds. */
struct run {
    const struct settings *settings;
    struct levels_results results;
    struct levels_broker broker;
    uint64_t since_ms;
    size_t done;
    size_t total;
    bool has_bar;
};

/* ---- Progress ---- */

static void show_progress(struct run *run, const char *name, uint32_t size)
{
    uint64_t spent_ms = wax_clock_ms() - run->since_ms;
    uint64_t left_s = run->done == 0 ? run->results.grid.minutes * UINT64_C(60)
                                     : spent_ms * (run->total - run->done) / run->done / 1000;
    size_t full = run->done * BAR / run->total;
    char bar[BAR + 1];

    if (!run->has_bar) {
        return;
    }
    memset(bar, '.', BAR);
    memset(bar, '#', full);
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r\033[K[%s] %3zu %%  %llu:%02llu left  %s", bar,
                  run->done * 100 / run->total, (unsigned long long)(left_s / 60),
                  (unsigned long long)(left_s % 60), name);
    if (size > 0) {
        (void)fprintf(stderr, ", %u bytes", size);
    }
    (void)fflush(stderr);
}

static void clear_progress(const struct run *run)
{
    if (run->has_bar) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

/* ---- Rounds ---- */

static wax_levels_plan plan_of(const struct run *run, uint32_t level)
{
    const struct levels_grid *grid = &run->results.grid;
    wax_levels_plan plan;

    memset(&plan, 0, sizeof plan); /* its padding goes through a pipe */
    plan.level = level;
    plan.port = run->broker.ports[wax_levels[level].door];
    plan.broker = run->broker.broker.pid;
    plan.size = grid->sizes[0];
    plan.chunk = grid->chunk;
    plan.budget_ms = grid->budget_ms;
    plan.patience_ms = PATIENCE_MS;
    plan.connect_count = 1;
    plan.memory_limit = grid->memory_limit;
    (void)snprintf(plan.folder, sizeof plan.folder, "%s", run->broker.broker.folder);
    return plan;
}

/* Whether the rounds go on: a client that found no memory is a result, any other failure the end.
 */
static bool goes_on(struct run *run, const wax_levels_plan *plan, const wax_levels_result *result)
{
    if (result->status == WAX_OK ||
        (result->status == WAX_FULL && run->results.grid.memory_limit != 0)) {
        return true;
    }
    clear_progress(run);
    return tools_complain(run->settings, "%s with %u bytes: %s", wax_levels[plan->level].name,
                          plan->size, result->fault);
}

static bool run_messages(struct run *run, uint32_t round, size_t size, size_t level)
{
    const struct levels_grid *grid = &run->results.grid;
    wax_levels_plan plan = plan_of(run, grid->levels[level]);
    wax_levels_result *result =
        &run->results.messages[(round * grid->size_count + size) * grid->level_count + level];

    show_progress(run, wax_levels[plan.level].name, grid->sizes[size]);
    plan.size = grid->sizes[size];
    memcpy(plan.counts, grid->counts, sizeof plan.counts);
    plan.count_count = (uint32_t)grid->count_count;
    plan.latency_count = LATENCIES;
    plan.verifies = round == 0 && grid->memory_limit == 0;
    (void)levels_run_child(&plan, result);
    run->done++;
    return goes_on(run, &plan, result);
}

static bool run_connects(struct run *run, uint32_t round, size_t level)
{
    const struct levels_grid *grid = &run->results.grid;
    wax_levels_plan plan = plan_of(run, grid->levels[level]);
    size_t at = (round * grid->level_count + level) * RESUMED;
    bool has_tls = wax_levels[plan.level].version != WAX_TLS_ANY;
    bool is_good;

    show_progress(run, "connections", 0);
    plan.connect_count = CONNECTS;
    (void)levels_run_child(&plan, &run->results.connects[at]);
    is_good = goes_on(run, &plan, &run->results.connects[at]);
    if (is_good && has_tls && !bench_is_stopped()) {
        plan.resumes = true;
        (void)levels_run_child(&plan, &run->results.connects[at + 1]);
        is_good = goes_on(run, &plan, &run->results.connects[at + 1]);
    }
    run->done++;
    return is_good;
}

/* All levels in turns, every second time backwards, so that what drifts hits all alike. */
static bool run_round(struct run *run, uint32_t round)
{
    const struct levels_grid *grid = &run->results.grid;
    bool is_good = true;

    for (size_t i = 0; i < grid->level_count && is_good; i++) {
        is_good = !bench_is_stopped() && run_connects(run, round, i);
    }
    for (size_t size = 0; size < grid->size_count && is_good; size++) {
        for (size_t i = 0; i < grid->level_count && is_good; i++) {
            size_t level = round % 2 == 0 ? i : grid->level_count - 1 - i;

            is_good = !bench_is_stopped() && run_messages(run, round, size, level);
        }
    }
    return is_good;
}

/* ---- Around them ---- */

static void read_processor(char *room, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    (void)snprintf(room, size, "unknown processor");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            (void)snprintf(room, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

static double machine_load(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 ? load : 0;
}

static void append(char *room, size_t size, const char *option, const char *value)
{
    size_t used = strlen(room);

    if (value != NULL) {
        (void)snprintf(room + used, size - used, " %s %s", option, value);
    }
}

/* The command that repeats it. */
static void describe(const struct settings *settings, const struct levels_grid *grid,
                     struct levels_report *report)
{
    const struct bench_settings *bench = &settings->bench;
    char processor[128];
    char number[32];
    struct utsname system;
    time_t now = (time_t)wax_clock_wall_s();
    struct tm parts;

    (void)snprintf(report->command, sizeof report->command, "wax bench levels");
    append(report->command, sizeof report->command, "--levels", bench->levels);
    append(report->command, sizeof report->command, "--sizes", bench->sizes);
    append(report->command, sizeof report->command, "--counts", bench->counts);
    append(report->command, sizeof report->command, "--memory-limit", bench->memory);
    (void)snprintf(number, sizeof number, "%u --chunk %u --minutes %u", grid->rounds, grid->chunk,
                   grid->minutes);
    append(report->command, sizeof report->command, "--rounds", number);
    read_processor(processor, sizeof processor);
    (void)uname(&system);
    (void)snprintf(report->machine, sizeof report->machine,
                   "%.100s, %ld processors, %.20s %.60s, wax %s", processor,
                   sysconf(_SC_NPROCESSORS_ONLN), system.sysname, system.release, WAX_VERSION_TEXT);
    if (gmtime_r(&now, &parts) != NULL) {
        (void)strftime(report->when, sizeof report->when, "%Y-%m-%d %H:%M UTC", &parts);
    }
    report->rounds = grid->rounds;
    report->chunk = grid->chunk;
    report->memory_limit = grid->memory_limit;
}

static bool take_results(struct run *run)
{
    const struct levels_grid *grid = &run->results.grid;

    run->results.messages = calloc((size_t)grid->rounds * grid->size_count * grid->level_count,
                                   sizeof *run->results.messages);
    run->results.connects =
        calloc((size_t)grid->rounds * grid->level_count * RESUMED, sizeof *run->results.connects);
    run->total = (size_t)grid->rounds * grid->level_count * (grid->size_count + 1);
    return (run->results.messages != NULL && run->results.connects != NULL) ||
           tools_complain(run->settings, "there is not enough memory");
}

bool levels_measure_grid(const struct settings *settings, const struct levels_grid *grid,
                         struct levels_report *report)
{
    struct run run = {
        .settings = settings,
        .results = {.grid = *grid},
        .has_bar = isatty(STDERR_FILENO) != 0 && !settings->is_quiet,
    };
    double load = machine_load();
    bool is_good = take_results(&run) && levels_broker_start(settings, &run.broker);

    run.since_ms = wax_clock_ms();
    for (uint32_t round = 0; round < grid->rounds && is_good; round++) {
        is_good = run_round(&run, round);
    }
    clear_progress(&run);
    bench_broker_stop(&run.broker.broker);
    if (bench_is_stopped()) {
        is_good = tools_complain(settings, "stopped; nothing was written");
    }
    if (is_good) {
        is_good = levels_reduce(&run.results, report) ||
                  tools_complain(settings, "there is not enough memory");
        describe(settings, grid, report);
        report->seconds = (uint32_t)((wax_clock_ms() - run.since_ms) / 1000);
        report->load = load;
    }
    free(run.results.messages);
    free(run.results.connects);
    return is_good;
}

static int run_all(const struct settings *settings, const struct levels_device *device)
{
    struct levels_grid grid;
    struct levels_report report = {.row_count = 0};
    bool is_good =
        settings->bench.from != NULL
            ? levels_json_read(settings, settings->bench.from, &report)
            : levels_grid_read(settings, &grid) && levels_measure_grid(settings, &grid, &report);

    if (is_good && settings->bench.is_json) {
        is_good = levels_json_write(settings, &report, stdout);
    } else if (is_good) {
        levels_show(&report);
    }
    report.device = device;
    if (is_good && settings->bench.out != NULL) {
        is_good = levels_write_all(settings, &report);
    }
    levels_report_discard(&report);
    return is_good ? EXIT_GOOD : EXIT_WRONG;
}

int levels_run(const struct settings *settings)
{
    struct levels_device *device;
    int code = levels_device_read(settings, &device) ? run_all(settings, device) : EXIT_WRONG;

    levels_device_discard(device);
    return code;
}
