/* wax bench compare: brokers in turns, round after round, so that what else the machine does hits
 * all of them. */
#include "base/base.h"
#include "tools/bench_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BROKERS_MAX = 16 };

struct contest {
    const struct settings *settings;
    const wax_bench_scenario *const *scenarios;
    size_t scenario_count;
    struct bench_broker brokers[BROKERS_MAX];
    size_t broker_count;
    size_t base;    /* the broker that the others are compared with */
    double *values; /* of scenario, broker and round */
    double *medians;
    int code;
};

static double *value_at(const struct contest *contest, size_t scenario, size_t broker)
{
    return contest->values +
           (scenario * contest->broker_count + broker) * contest->settings->bench.rounds;
}

/* Wax, Debian's mosquitto if it is there, and what --with says. */
static bool find_brokers(struct contest *contest)
{
    const struct texts *with = &contest->settings->bench.with;
    const char *words[BROKERS_MAX] = {"wax"};
    size_t count = 1;

    if (bench_broker_has_mosquitto()) {
        words[count++] = "mosquitto";
    }
    for (size_t i = 0; i < with->count; i++) {
        bool is_there = strcmp(with->items[i], "wax") == 0 ||
                        (count > 1 && strcmp(with->items[i], words[1]) == 0);

        if (count == BROKERS_MAX) {
            return tools_complain(contest->settings, "at most %d brokers", BROKERS_MAX);
        }
        if (!is_there) {
            words[count++] = with->items[i];
        }
    }
    if (count < 2) {
        return tools_complain(contest->settings, "there is nothing to compare with: mosquitto is "
                                                 "not installed; name a broker by --with");
    }
    for (size_t i = 0; i < count; i++) {
        if (!bench_broker_name(contest->settings, words[i], &contest->brokers[i])) {
            return false;
        }
    }
    contest->broker_count = count;
    contest->base = 1;
    return true;
}

/* What the figure that counts is: of what only rests its memory, at a rate how long most wait. */
static const char *unit_of(const struct contest *contest, const wax_bench_scenario *scenario)
{
    if (scenario->kind == WAX_BENCH_IDLE) {
        return "bytes per connection";
    }
    return contest->settings->bench.rate > 0 && scenario->kind == WAX_BENCH_MESSAGES
               ? "us at p99"
               : "per CPU second";
}

static double value_of(const struct contest *contest, const wax_bench_scenario *scenario,
                       const wax_bench_result *result)
{
    if (contest->settings->bench.rate > 0 && scenario->kind == WAX_BENCH_MESSAGES) {
        return (double)wax_histogram_quantile(&result->latency_us, 99000);
    }
    if (scenario->kind == WAX_BENCH_IDLE) {
        return result->setup.count == 0
                   ? 0
                   : (double)result->setup.resident / (double)result->setup.count;
    }
    return (double)bench_per_cpu(result->count, result->cpu_ns);
}

static void measure(struct contest *contest, size_t which, size_t who, uint32_t round)
{
    const wax_bench_scenario *scenario = contest->scenarios[which];
    struct bench_broker *broker = &contest->brokers[who];
    static wax_bench_result result;
    int code = 1;

    if (bench_broker_start(contest->settings, broker)) {
        code = bench_code(bench_run(contest->settings, scenario, broker, &result));
        bench_report(contest->settings, scenario, broker, round + 1, &result);
        value_at(contest, which, who)[round] = value_of(contest, scenario, &result);
    }
    bench_broker_stop(broker);
    contest->code = contest->code == 1 || code == 0 ? contest->code : code;
}

static int compare_values(const void *one, const void *other)
{
    double left = *(const double *)one;
    double right = *(const double *)other;

    return (left > right) - (left < right);
}

static double median_of(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_values);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* The medians, each with its ratio to the broker that all are compared with. */
static void show_medians(const struct contest *contest)
{
    const char *base = contest->brokers[contest->base].name;

    (void)printf("\nmedians of %u rounds, and times %s's\n%-10s %-20s",
                 contest->settings->bench.rounds, base, "", "");
    for (size_t i = 0; i < contest->broker_count; i++) {
        (void)printf(" %20.20s", contest->brokers[i].name);
    }
    (void)putchar('\n');
    for (size_t k = 0; k < contest->scenario_count; k++) {
        const double *row = contest->medians + k * contest->broker_count;

        (void)printf("%-10s %-20s", contest->scenarios[k]->name,
                     unit_of(contest, contest->scenarios[k]));
        for (size_t i = 0; i < contest->broker_count; i++) {
            double times = row[contest->base] > 0 ? row[i] / row[contest->base] : 0;

            (void)printf(" %11s %7.2fx", bench_number_of(row[i]).text, times);
        }
        (void)putchar('\n');
    }
}

static void write_medians(const struct contest *contest)
{
    for (size_t i = 0; i < contest->scenario_count * contest->broker_count; i++) {
        const wax_bench_scenario *scenario = contest->scenarios[i / contest->broker_count];
        const double base = contest->medians[i - i % contest->broker_count + contest->base];
        char room[512];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_json json = wax_json_over(&out);

        wax_json_open(&json, '{');
        wax_json_member_text(&json, "median_of", wax_bytes_of_text(scenario->name));
        wax_json_member_text(&json, "broker",
                             wax_bytes_of_text(contest->brokers[i % contest->broker_count].name));
        wax_json_member_text(&json, "unit", wax_bytes_of_text(unit_of(contest, scenario)));
        wax_json_member_number(&json, "value", (uint64_t)contest->medians[i]);
        wax_json_member_text(&json, "to", wax_bytes_of_text(contest->brokers[contest->base].name));
        wax_json_member_number(&json, "percent",
                               base > 0 ? (uint64_t)(contest->medians[i] * 100 / base) : 0);
        wax_json_close(&json, '}');
        (void)printf("%.*s\n", (int)out.used, room);
    }
}

static void run_rounds(struct contest *contest)
{
    uint32_t rounds = contest->settings->bench.rounds;
    const struct bench_bars bars = {contest->scenarios, contest->scenario_count, contest->brokers,
                                    contest->broker_count, contest->medians};

    bench_report_head(contest->settings);
    for (uint32_t round = 0; round < rounds; round++) {
        for (size_t i = 0;
             i < contest->scenario_count * contest->broker_count && !bench_is_stopped(); i++) {
            measure(contest, i / contest->broker_count, i % contest->broker_count, round);
        }
    }
    for (size_t i = 0; i < contest->scenario_count * contest->broker_count; i++) {
        contest->medians[i] = median_of(contest->values + i * rounds, rounds);
    }
    if (contest->settings->bench.is_json) {
        write_medians(contest);
    } else {
        show_medians(contest);
    }
    if (contest->settings->bench.plot != NULL && !bench_plot_bars(contest->settings, &bars)) {
        contest->code = contest->code == 0 ? 1 : contest->code;
    }
}

int bench_compare(const struct settings *settings, const wax_bench_scenario *const *scenarios,
                  size_t count)
{
    struct contest contest = {
        .settings = settings, .scenarios = scenarios, .scenario_count = count};
    size_t cells;

    if (!find_brokers(&contest)) {
        return 1;
    }
    cells = count * contest.broker_count;
    wax_assert(cells > 0 && settings->bench.rounds > 0);
    contest.values = calloc(cells * settings->bench.rounds, sizeof *contest.values);
    contest.medians = calloc(cells, sizeof *contest.medians);
    if (contest.values != NULL && contest.medians != NULL) {
        run_rounds(&contest);
    } else {
        contest.code = 1;
        (void)tools_complain(settings, "there is not enough memory");
    }
    free(contest.values);
    free(contest.medians);
    return contest.code;
}
