/* From the results of all rounds to medians, ratios and spreads. */
#include "tools/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
const struct levels_metric_row levels_metrics[LEVELS_METRICS] = {
    [LEVELS_TIME]         = {"time_us",             "time of all messages"},
    [LEVELS_TIME_RATIO]   = {"time_ratio",          "time over L0"},
    [LEVELS_TIME_SPREAD]  = {"time_ratio_spread",   "how far that differs between rounds"},
    [LEVELS_CLIENT_CPU]   = {"client_cpu_us",       "CPU of the client for a message"},
    [LEVELS_CLIENT_RATIO] = {"client_cpu_ratio",    "that over L0"},
    [LEVELS_BROKER_CPU]   = {"broker_cpu_us",       "CPU of the broker for a message"},
    [LEVELS_BROKER_RATIO] = {"broker_cpu_ratio",    "that over L0"},
    [LEVELS_BOTH_RATIO]   = {"cpu_ratio",           "CPU of both over L0"},
    [LEVELS_BOTH_SPREAD]  = {"cpu_ratio_spread",    "how far that differs between rounds"},
    [LEVELS_OVER_TLS]     = {"cpu_ratio_over_l3",   "CPU of both over L3-tls1.3-cert"},
    [LEVELS_OUT]          = {"wire_out_bytes",      "bytes to the broker for a message"},
    [LEVELS_IN]           = {"wire_in_bytes",       "bytes from the broker for a message"},
    [LEVELS_HEAP]         = {"heap_peak_bytes",     "heap of the client at its peak"},
    [LEVELS_LIBRARY]      = {"heap_library_bytes",  "beside it, what OpenSSL keeps for the process"},
    [LEVELS_STACK]        = {"stack_peak_bytes",    "stack of the client at its peak"},
    [LEVELS_P50]          = {"latency_p50_us",      "QoS 1, until it is acknowledged: half"},
    [LEVELS_P90]          = {"latency_p90_us",      "90 of 100"},
    [LEVELS_P99]          = {"latency_p99_us",      "99 of 100"},
    [LEVELS_GREATEST]     = {"latency_max_us",      "all"},
};

const struct levels_metric_row levels_connect_metrics[LEVELS_CONNECT_METRICS] = {
    [LEVELS_SETUP]        = {"setup_us",         "from TCP to CONNACK"},
    [LEVELS_SETUP_RATIO]  = {"setup_ratio",      "that over L0"},
    [LEVELS_SETUP_CLIENT] = {"client_cpu_us",    "CPU of the client"},
    [LEVELS_SETUP_BROKER] = {"broker_cpu_us",    "CPU of the broker"},
    [LEVELS_SETUP_OUT]    = {"wire_out_bytes",   "bytes to the broker"},
    [LEVELS_SETUP_IN]     = {"wire_in_bytes",    "bytes from the broker"},
    [LEVELS_SETUP_TURNS]  = {"round_trips",      "times the client waits for the broker, behind TCP's own"},
    [LEVELS_SETUP_TICKET] = {"session_bytes",    "session that the client keeps"},
};
/* clang-format on */

static int compare(const void *one, const void *other)
{
    double left = *(const double *)one;
    double right = *(const double *)other;

    return left < right ? -1 : left > right ? 1 : 0;
}

/* The value of one metric in all rounds. */
struct series {
    double values[LEVELS_ROUNDS_MAX];
    size_t count;
};

static void add(struct series *series, double value)
{
    if (isfinite(value)) {
        series->values[series->count++] = value;
    }
}

static double median(struct series *series)
{
    size_t middle = series->count / 2;

    if (series->count == 0) {
        return 0;
    }
    qsort(series->values, series->count, sizeof(double), compare);
    return series->count % 2 == 1 ? series->values[middle]
                                  : (series->values[middle - 1] + series->values[middle]) / 2;
}

/* Half of what the middle half of the rounds covers, as a part of the median. */
static double spread(struct series *series)
{
    double middle = median(series);

    if (series->count < 2 || middle <= 0) {
        return 0;
    }
    return (series->values[series->count - 1 - series->count / 4] -
            series->values[series->count / 4]) /
           2 / middle;
}

static double ratio(double value, double base)
{
    return base > 0 ? value / base : (double)NAN;
}

/* ---- Messages ---- */

static const wax_levels_result *result_of(const struct levels_results *results, uint32_t round,
                                          size_t size, size_t level)
{
    const struct levels_grid *grid = &results->grid;

    return &results->messages[(round * grid->size_count + size) * grid->level_count + level];
}

/* Where a level stands in the grid; 0, which is L0, when it does not. */
static size_t place_of(const struct levels_grid *grid, const char *name)
{
    for (size_t i = 0; i < grid->level_count; i++) {
        if (strcmp(wax_levels[grid->levels[i]].name, name) == 0) {
            return i;
        }
    }
    return 0;
}

/* Per message of what was sent. */
static double each(uint64_t value, const wax_levels_cell *cell)
{
    return (double)value / (cell->sent > 0 ? cell->sent : 1);
}

static double both_each(const wax_levels_cell *cell)
{
    return each(cell->cost.client_cpu_ns + cell->cost.broker_cpu_ns, cell);
}

/* Counts of a size in one round, one or several. */
struct span {
    size_t first;
    size_t last;
};

/* The counts that are measured with this one: samples, which the time cut short, are all of the
 * same, so they are taken together. */
static struct span span_of(const struct levels_grid *grid, const wax_levels_result *result,
                           size_t count)
{
    struct span span = {count, count};
    size_t cut = 0;

    while (cut < grid->count_count && result->cells[cut].sent >= result->cells[cut].wanted) {
        cut++;
    }
    if (cut <= count) {
        span = (struct span){cut, grid->count_count - 1};
    }
    return span;
}

static wax_levels_cell sum(const wax_levels_result *result, const struct span *span)
{
    wax_levels_cell sum = {.sent = 0};

    for (size_t i = span->first; i <= span->last; i++) {
        const wax_levels_cell *cell = &result->cells[i];

        sum.sent += cell->sent;
        sum.cost.elapsed_us += cell->cost.elapsed_us;
        sum.cost.client_cpu_ns += cell->cost.client_cpu_ns;
        sum.cost.broker_cpu_ns += cell->cost.broker_cpu_ns;
        sum.cost.bytes_out += cell->cost.bytes_out;
        sum.cost.bytes_in += cell->cost.bytes_in;
    }
    return sum;
}

/* One round of a cell, beside L0 and TLS of the same round. */
struct moment {
    const wax_levels_result *result;
    uint32_t wanted;
    wax_levels_cell cell;
    wax_levels_cell base;
    wax_levels_cell tls; /* nothing sent: not measured */
};

static void take_moment(const struct moment *moment, struct series *series)
{
    const wax_levels_cell *cell = &moment->cell;
    const wax_levels_cell *base = &moment->base;
    double time = each(cell->cost.elapsed_us, cell);
    double client = each(cell->cost.client_cpu_ns, cell);
    double broker = each(cell->cost.broker_cpu_ns, cell);

    add(&series[LEVELS_TIME], time * moment->wanted);
    add(&series[LEVELS_TIME_RATIO], ratio(time, each(base->cost.elapsed_us, base)));
    add(&series[LEVELS_CLIENT_CPU], client / 1000);
    add(&series[LEVELS_CLIENT_RATIO], ratio(client, each(base->cost.client_cpu_ns, base)));
    add(&series[LEVELS_BROKER_CPU], broker / 1000);
    add(&series[LEVELS_BROKER_RATIO], ratio(broker, each(base->cost.broker_cpu_ns, base)));
    add(&series[LEVELS_BOTH_RATIO], ratio(both_each(cell), both_each(base)));
    if (moment->tls.sent > 0) {
        add(&series[LEVELS_OVER_TLS], ratio(both_each(cell), both_each(&moment->tls)));
    }
    add(&series[LEVELS_OUT], each(cell->cost.bytes_out, cell));
    add(&series[LEVELS_IN], each(cell->cost.bytes_in, cell));
    add(&series[LEVELS_HEAP], (double)moment->result->heap_peak);
    add(&series[LEVELS_LIBRARY], (double)moment->result->heap_library);
    add(&series[LEVELS_STACK], (double)moment->result->stack_peak);
    for (size_t i = 0; i < WAX_COUNT(moment->result->latency_us); i++) {
        add(&series[LEVELS_P50 + i], (double)moment->result->latency_us[i]);
    }
}

/* Which cell: places in the grid. */
struct place {
    size_t level;
    size_t size;
    size_t count;
};

static struct moment moment_of(const struct levels_results *results, uint32_t round,
                               const struct place *at)
{
    const struct levels_grid *grid = &results->grid;
    const wax_levels_result *result = result_of(results, round, at->size, at->level);
    const size_t tls = place_of(grid, "L3-tls1.3-cert");
    const struct span span = span_of(grid, result, at->count);
    struct moment moment = {
        .result = result,
        .wanted = result->cells[at->count].wanted,
        .cell = sum(result, &span),
        .base = sum(result_of(results, round, at->size, 0), &span),
    };

    if (tls != 0) {
        moment.tls = sum(result_of(results, round, at->size, tls), &span);
    }
    return moment;
}

static void reduce_cell(const struct levels_results *results, const struct place *at,
                        struct levels_row *row)
{
    const struct levels_grid *grid = &results->grid;
    static struct series series[LEVELS_METRICS];

    memset(series, 0, sizeof series);
    *row = (struct levels_row){
        .level = grid->levels[at->level],
        .size = grid->sizes[at->size],
        .count = grid->counts[at->count],
    };
    for (uint32_t round = 0; round < grid->rounds; round++) {
        const struct moment moment = moment_of(results, round, at);
        const wax_levels_cell *cell = &moment.result->cells[at->count];

        if (moment.result->status != WAX_OK) {
            row->is_refused = true;
            add(&series[LEVELS_HEAP], (double)moment.result->heap_peak);
            continue;
        }
        row->is_sampled = row->is_sampled || cell->sent < cell->wanted;
        take_moment(&moment, series);
    }
    for (size_t i = 0; i < LEVELS_METRICS; i++) {
        row->values[i] = median(&series[i]);
    }
    row->values[LEVELS_TIME_SPREAD] = spread(&series[LEVELS_TIME_RATIO]);
    row->values[LEVELS_BOTH_SPREAD] = spread(&series[LEVELS_BOTH_RATIO]);
}

/* ---- Connections ---- */

static void reduce_connects(const struct levels_results *results, size_t level, size_t resumed,
                            struct levels_connect_row *row)
{
    const struct levels_grid *grid = &results->grid;
    static struct series series[LEVELS_CONNECT_METRICS];

    memset(series, 0, sizeof series);
    *row = (struct levels_connect_row){.level = grid->levels[level], .is_resumed = resumed == 1};
    for (uint32_t round = 0; round < grid->rounds; round++) {
        const wax_levels_result *all = &results->connects[(size_t)round * grid->level_count * 2];
        const wax_levels_connects *base = &all[0].connects;
        const wax_levels_connects *own = &all[level * 2 + resumed].connects;
        double count = own->count;

        if (own->count == 0 || (resumed == 1 && own->resumed_count == 0)) {
            continue;
        }
        add(&series[LEVELS_SETUP], (double)own->median_us);
        add(&series[LEVELS_SETUP_RATIO], ratio((double)own->median_us, (double)base->median_us));
        add(&series[LEVELS_SETUP_CLIENT], (double)own->cost.client_cpu_ns / 1000 / count);
        add(&series[LEVELS_SETUP_BROKER], (double)own->cost.broker_cpu_ns / 1000 / count);
        add(&series[LEVELS_SETUP_OUT], (double)own->cost.bytes_out);
        add(&series[LEVELS_SETUP_IN], (double)own->cost.bytes_in);
        add(&series[LEVELS_SETUP_TURNS], own->turns);
        add(&series[LEVELS_SETUP_TICKET], own->ticket_size);
    }
    for (size_t i = 0; i < LEVELS_CONNECT_METRICS; i++) {
        row->values[i] = median(&series[i]);
    }
}

/* ---- All ---- */

/* Of all cells but those of L0, how much the rounds differ at most in 9 of 10 ratios. */
static double noise_of(const struct levels_report *report)
{
    double *spreads = calloc(2 * report->row_count + 1, sizeof *spreads);
    size_t count = 0;
    double noise;

    if (spreads == NULL) {
        return 0;
    }
    for (size_t i = 0; i < report->row_count; i++) {
        if (report->rows[i].level != 0 && !report->rows[i].is_refused) {
            spreads[count++] = report->rows[i].values[LEVELS_TIME_SPREAD];
            spreads[count++] = report->rows[i].values[LEVELS_BOTH_SPREAD];
        }
    }
    qsort(spreads, count, sizeof *spreads, compare);
    noise = count == 0 ? 0 : spreads[count * 9 / 10];
    free(spreads);
    return noise;
}

bool levels_reduce(const struct levels_results *results, struct levels_report *report)
{
    const struct levels_grid *grid = &results->grid;
    size_t cells = grid->level_count * grid->size_count * grid->count_count;

    *report = (struct levels_report){.noise = 0};
    report->rows = calloc(cells, sizeof *report->rows);
    report->connects = calloc(grid->level_count * 2, sizeof *report->connects);
    if (report->rows == NULL || report->connects == NULL) {
        return false;
    }
    for (size_t i = 0; i < cells; i++) {
        const struct place at = {
            .level = i / grid->count_count % grid->level_count,
            .size = i / grid->count_count / grid->level_count,
            .count = i % grid->count_count,
        };

        reduce_cell(results, &at, &report->rows[report->row_count++]);
    }
    for (size_t i = 0; i < grid->level_count * 2; i++) {
        struct levels_connect_row *row = &report->connects[report->connect_count];

        reduce_connects(results, i / 2, i % 2, row);
        report->connect_count += row->values[LEVELS_SETUP] > 0 ? 1 : 0;
    }
    report->noise = noise_of(report);
    report->is_noisy = report->noise > LEVELS_NOISE_MAX;
    return true;
}

void levels_report_discard(struct levels_report *report)
{
    free(report->rows);
    free(report->connects);
    report->rows = NULL;
    report->connects = NULL;
}

const struct levels_row *levels_find_row(const struct levels_report *report, uint32_t level,
                                         uint32_t size, uint32_t count)
{
    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];

        if (row->level == level && row->size == size && row->count == count) {
            return row;
        }
    }
    return NULL;
}

const struct levels_connect_row *levels_find_connect(const struct levels_report *report,
                                                     uint32_t level, bool is_resumed)
{
    for (size_t i = 0; i < report->connect_count; i++) {
        if (report->connects[i].level == level && report->connects[i].is_resumed == is_resumed) {
            return &report->connects[i];
        }
    }
    return NULL;
}

/* Puts a number among those that are there, ascending, unless it is there. */
static size_t insert(uint32_t *numbers, size_t count, size_t room, uint32_t number)
{
    size_t at = 0;

    while (at < count && numbers[at] < number) {
        at++;
    }
    if (count == room || (at < count && numbers[at] == number)) {
        return count;
    }
    memmove(&numbers[at + 1], &numbers[at], (count - at) * sizeof *numbers);
    numbers[at] = number;
    return count + 1;
}

size_t levels_sizes(const struct levels_report *report, uint32_t *sizes, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < report->row_count; i++) {
        count = insert(sizes, count, room, report->rows[i].size);
    }
    return count;
}

size_t levels_counts(const struct levels_report *report, uint32_t *counts, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < report->row_count; i++) {
        count = insert(counts, count, room, report->rows[i].count);
    }
    return count;
}
