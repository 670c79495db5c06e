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
    RESUMED = 2,        /* connections of each level: full, resumed */
    CONNECTS_TURNS = 4, /* as many turns of messages take as long */
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
    plan.turn_ms = grid->turn_ms;
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

/* The clients of all levels for one size. They are there at the same time, and one after the other
 * sends while the others wait. The last one is of L0 again, on which all ratios rest: processes of
 * one program differ, by where their memory lies. */
struct clients {
    wax_levels_plan plans[WAX_LEVELS_COUNT + 1];
    struct levels_child children[WAX_LEVELS_COUNT + 1];
    size_t count; /* that were started */
};

static void start_clients(struct run *run, uint32_t round, uint32_t size, struct clients *clients)
{
    const struct levels_grid *grid = &run->results.grid;

    for (clients->count = 0; clients->count <= grid->level_count && !bench_is_stopped();
         clients->count++) {
        wax_levels_plan *plan = &clients->plans[clients->count];
        bool is_again = clients->count == grid->level_count;

        *plan = plan_of(run, grid->levels[is_again ? 0 : clients->count]);
        plan->size = size;
        memcpy(plan->counts, grid->counts, sizeof plan->counts);
        plan->count_count = (uint32_t)grid->count_count;
        plan->latency_count = LATENCIES;
        plan->verifies = round == 0 && grid->memory_limit == 0 && !is_again;
        show_progress(run, wax_levels[plan->level].name, size);
        levels_child_start(&clients->children[clients->count], plan);
    }
}

/* All levels one after the other, every second time backwards, so that what drifts hits all alike.
 */
static void run_turns(struct run *run, uint32_t size, struct clients *clients)
{
    const struct levels_grid *grid = &run->results.grid;
    size_t all = grid->turns * grid->count_count;

    for (size_t turn = 0; turn < all && !bench_is_stopped(); turn++) {
        show_progress(run, "messages", size);
        for (size_t i = 0; i < clients->count; i++) {
            size_t level = turn / grid->count_count % 2 == 0 ? i : clients->count - 1 - i;

            levels_child_turn(&clients->children[level], (uint8_t)(turn % grid->count_count));
        }
        run->done += grid->level_count;
    }
}

/* Adds what was sent a second time. */
static void add_cells(wax_levels_result *result, const wax_levels_result *again)
{
    for (uint32_t i = 0; i < result->cell_count && i < again->cell_count; i++) {
        wax_levels_cell *cell = &result->cells[i];
        const wax_levels_cell *more = &again->cells[i];

        cell->sent += more->sent;
        cell->cost.elapsed_us += more->cost.elapsed_us;
        cell->cost.client_cpu_ns += more->cost.client_cpu_ns;
        cell->cost.broker_cpu_ns += more->cost.broker_cpu_ns;
        cell->cost.bytes_out += more->cost.bytes_out;
        cell->cost.bytes_in += more->cost.bytes_in;
    }
}

static bool run_messages(struct run *run, uint32_t round, size_t size)
{
    const struct levels_grid *grid = &run->results.grid;
    wax_levels_result *results =
        &run->results.messages[(round * grid->size_count + size) * grid->level_count];
    wax_levels_result again = {.cell_count = 0};
    struct clients clients;
    bool is_good = true;

    start_clients(run, round, grid->sizes[size], &clients);
    run_turns(run, grid->sizes[size], &clients);
    for (size_t i = 0; i < clients.count; i++) {
        wax_levels_result *result = i < grid->level_count ? &results[i] : &again;

        levels_child_finish(&clients.children[i], &clients.plans[i], result);
        is_good = is_good && goes_on(run, &clients.plans[i], result);
    }
    if (clients.count > grid->level_count) {
        add_cells(&results[0], &again);
    }
    return is_good && !bench_is_stopped();
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
    levels_child_run(&plan, &run->results.connects[at]);
    is_good = goes_on(run, &plan, &run->results.connects[at]);
    if (is_good && has_tls && !bench_is_stopped()) {
        plan.resumes = true;
        levels_child_run(&plan, &run->results.connects[at + 1]);
        is_good = goes_on(run, &plan, &run->results.connects[at + 1]);
    }
    run->done += CONNECTS_TURNS;
    return is_good;
}

static bool run_round(struct run *run, uint32_t round)
{
    const struct levels_grid *grid = &run->results.grid;
    bool is_good = true;

    for (size_t i = 0; i < grid->level_count && is_good; i++) {
        is_good = !bench_is_stopped() && run_connects(run, round, i);
    }
    for (size_t size = 0; size < grid->size_count && is_good; size++) {
        is_good = !bench_is_stopped() && run_messages(run, round, size);
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
    run->total = grid->rounds * grid->level_count *
                 (CONNECTS_TURNS + grid->size_count * grid->count_count * grid->turns);
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
    const struct bench_settings *bench = &settings->bench;
    struct levels_grid grid;
    struct levels_report report = {.row_count = 0};
    struct levels_report beside = {.row_count = 0};
    bool is_good =
        (bench->beside == NULL || levels_json_read(settings, "--beside", bench->beside, &beside)) &&
        (bench->from != NULL
             ? levels_json_read(settings, "--from", bench->from, &report)
             : levels_grid_read(settings, &grid) && levels_measure_grid(settings, &grid, &report));

    if (is_good && bench->beside != NULL) {
        is_good = levels_compare(settings, &report, &beside);
    } else if (is_good && bench->is_json) {
        is_good = levels_json_write(settings, &report, stdout);
    } else if (is_good) {
        levels_show(&report);
    }
    report.device = device;
    if (is_good && bench->out != NULL) {
        is_good = levels_write_all(settings, &report);
    }
    levels_report_discard(&report);
    levels_report_discard(&beside);
    return is_good ? EXIT_GOOD : EXIT_WRONG;
}

int levels_run(const struct settings *settings)
{
    struct levels_device *device;
    int code = levels_device_read(settings, &device) ? run_all(settings, device) : EXIT_WRONG;

    levels_device_discard(device);
    return code;
}
