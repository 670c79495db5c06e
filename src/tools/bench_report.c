/* What wax bench tells of a run: a line of a table, or a JSON object. */
#include "base/base.h"
#include "tools/bench_parts.h"

#include <stdio.h>

enum { OBJECT_SIZE = 4096 };

/* Parts of 100,000. */
static const struct {
    const char *name;
    uint32_t part;
} quantiles[] = {
    {"p50",  50000},
    {"p90",  90000},
    {"p99",  99000},
    {"p999", 99900},
};

uint64_t bench_per_cpu(uint64_t count, uint64_t cpu_ns)
{
    return cpu_ns == 0 ? 0 : (uint64_t)((double)count * 1e9 / (double)cpu_ns);
}

uint64_t bench_per_second(uint64_t count, uint64_t elapsed_us)
{
    return elapsed_us == 0 ? 0 : (uint64_t)((double)count * 1e6 / (double)elapsed_us);
}

/* `cpu_ns` in `elapsed_us`, in percent. */
static uint64_t share(uint64_t cpu_ns, uint64_t elapsed_us)
{
    return elapsed_us == 0 ? 0 : cpu_ns / 10 / elapsed_us;
}

static uint64_t each(uint64_t whole, uint64_t count)
{
    return count == 0 ? 0 : whole / count;
}

struct bench_number bench_number_of(double value)
{
    static const char units[] = {' ', 'k', 'M', 'G'};
    struct bench_number number;
    size_t unit = 0;

    while (value >= 10000 && unit + 1 < WAX_COUNT(units)) {
        value /= 1000;
        unit++;
    }
    (void)snprintf(number.text, sizeof number.text, "%.*f %c", unit > 0 && value < 100 ? 2 : 0,
                   value, units[unit]);
    return number;
}

static struct bench_number time_of(uint64_t time_us)
{
    struct bench_number number;

    (void)snprintf(number.text, sizeof number.text, time_us < 100000 ? "%.2f" : "%.0f",
                   (double)time_us / 1000);
    return number;
}

void bench_report_head(const struct settings *settings)
{
    if (!settings->bench.is_json) {
        (void)printf("%-10s %-10s %3s %9s %9s %7s %6s %5s %8s %8s %8s %9s  %s\n", "scenario",
                     "broker", "QoS", "per s", "per CPU-s", "CPU us", "broker", "load", "p50 ms",
                     "p99 ms", "p99.9 ms", "RSS", "faults");
    }
}

/* Says what is wrong, or "none". */
static void show_faults(const wax_bench_result *result)
{
    const struct {
        const char *word;
        uint64_t count;
    } rows[] = {
        {"lost",         result->lost   },
        {"twice",        result->twice  },
        {"out of order", result->late   },
        {"changed",      result->strange},
        {"refused",      result->refused},
    };
    const char *before = "";

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].count > 0) {
            (void)printf("%s%llu %s", before, (unsigned long long)rows[i].count, rows[i].word);
            before = ", ";
        }
    }
    if (result->fault[0] != '\0') {
        (void)printf("%s%s", before, result->fault);
    } else if (before[0] == '\0') {
        (void)printf("none");
    }
    (void)putchar('\n');
}

/* What came before the load. */
static void show_setup(const wax_bench_scenario *scenario, const wax_bench_setup *setup)
{
    static const char *const words[] = {
        [WAX_BENCH_MESSAGES] = "filters placed",
        [WAX_BENCH_CONNECTS] = "",
        [WAX_BENCH_IDLE] = "connections opened",
        [WAX_BENCH_RETAINED] = "messages stored",
    };

    if (setup->count > 0) {
        (void)printf(
            "  %s %s: %s per s, %s per CPU-s, %llu bytes each\n",
            bench_number_of((double)setup->count).text, words[scenario->kind],
            bench_number_of((double)bench_per_second(setup->count, setup->elapsed_us)).text,
            bench_number_of((double)bench_per_cpu(setup->count, setup->cpu_ns)).text,
            (unsigned long long)each(setup->resident, setup->count));
    }
}

static void show_line(const struct settings *settings, const wax_bench_scenario *scenario,
                      const char *broker, const wax_bench_result *result)
{
    const wax_histogram *latency = &result->latency_us;
    bool is_idle = scenario->kind == WAX_BENCH_IDLE;
    uint64_t count = is_idle ? 0 : result->count;

    (void)printf("%-10s %-10.10s %3u %9s %9s %7.2f %5llu%% %4llu%% %8s %8s %8s %8sB  ",
                 scenario->name, broker, settings->qos,
                 bench_number_of((double)bench_per_second(count, result->elapsed_us)).text,
                 bench_number_of((double)bench_per_cpu(count, result->cpu_ns)).text,
                 count == 0 ? 0 : (double)result->cpu_ns / 1000 / (double)count,
                 (unsigned long long)share(result->cpu_ns, result->elapsed_us),
                 (unsigned long long)share(result->load_cpu_ns, result->elapsed_us),
                 time_of(wax_histogram_quantile(latency, 50000)).text,
                 time_of(wax_histogram_quantile(latency, 99000)).text,
                 time_of(wax_histogram_quantile(latency, 99900)).text,
                 bench_number_of((double)result->resident).text);
    show_faults(result);
    show_setup(scenario, &result->setup);
    (void)fflush(stdout);
}

static void write_plan(wax_json *json, const struct settings *settings, const wax_bench_plan *plan)
{
    wax_json_member_number(json, "mqtt", plan->version);
    wax_json_member_number(json, "qos", plan->qos);
    wax_json_member_number(json, "size", plan->payload_size);
    wax_json_member_number(json, "publishers", plan->publishers);
    wax_json_member_number(json, "subscribers", plan->subscribers);
    wax_json_member_number(json, "items", plan->items);
    wax_json_member_number(json, "window", plan->window);
    wax_json_member_number(json, "rate", plan->rate);
    wax_json_member_bool(json, "tls", settings->bench.uses_tls || tools_settings_use_tls(settings));
    wax_json_member_bool(json, "websocket", settings->uses_websocket);
}

static void write_figures(wax_json *json, const wax_bench_result *result)
{
    wax_json_member_number(json, "count", result->count);
    wax_json_member_number(json, "elapsed_us", result->elapsed_us);
    wax_json_member_number(json, "per_s", bench_per_second(result->count, result->elapsed_us));
    wax_json_member_number(json, "per_cpu_s", bench_per_cpu(result->count, result->cpu_ns));
    wax_json_member_number(json, "cpu_ns", result->cpu_ns);
    wax_json_member_number(json, "cpu_ns_each", each(result->cpu_ns, result->count));
    wax_json_member_number(json, "load_cpu_ns", result->load_cpu_ns);
    wax_json_member_number(json, "load_cpu_ns_each", each(result->load_cpu_ns, result->count));
    wax_json_member_number(json, "resident", result->resident);
    wax_json_name(json, "latency_us");
    wax_json_open(json, '{');
    for (size_t i = 0; i < WAX_COUNT(quantiles); i++) {
        wax_json_member_number(json, quantiles[i].name,
                               wax_histogram_quantile(&result->latency_us, quantiles[i].part));
    }
    wax_json_member_number(json, "max", result->latency_us.greatest);
    wax_json_close(json, '}');
}

static void write_account(wax_json *json, const wax_bench_result *result)
{
    wax_json_member_number(json, "sent", result->sent);
    wax_json_member_number(json, "expected", result->expected);
    wax_json_member_number(json, "received", result->received);
    wax_json_member_number(json, "lost", result->lost);
    wax_json_member_number(json, "twice", result->twice);
    wax_json_member_number(json, "out_of_order", result->late);
    wax_json_member_number(json, "changed", result->strange);
    wax_json_member_number(json, "refused", result->refused);
    wax_json_member_number(json, "resumed", result->resumed);
    wax_json_member_text(json, "fault", wax_bytes_of_text(result->fault));
}

static void write_object(const struct settings *settings, const wax_bench_plan *plan,
                         const char *broker, uint32_t round, const wax_bench_result *result)
{
    const wax_bench_setup *setup = &result->setup;
    char room[OBJECT_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_json json = wax_json_over(&out);

    wax_json_open(&json, '{');
    wax_json_member_text(&json, "scenario", wax_bytes_of_text(plan->scenario->name));
    wax_json_member_text(&json, "broker", wax_bytes_of_text(broker));
    wax_json_member_number(&json, "round", round);
    write_plan(&json, settings, plan);
    write_figures(&json, result);
    wax_json_name(&json, "setup");
    wax_json_open(&json, '{');
    wax_json_member_number(&json, "count", setup->count);
    wax_json_member_number(&json, "elapsed_us", setup->elapsed_us);
    wax_json_member_number(&json, "cpu_ns", setup->cpu_ns);
    wax_json_member_number(&json, "bytes_each", each(setup->resident, setup->count));
    wax_json_close(&json, '}');
    write_account(&json, result);
    wax_json_close(&json, '}');
    (void)fwrite(room, 1, out.used, stdout);
    (void)putchar('\n');
    (void)fflush(stdout);
}

void bench_report(const struct settings *settings, const wax_bench_scenario *scenario,
                  const struct bench_broker *broker, uint32_t round, const wax_bench_result *result)
{
    const wax_bench_plan plan = bench_plan(settings, scenario);
    const char *name = broker != NULL ? broker->name : settings->host;

    if (settings->bench.is_json) {
        write_object(settings, &plan, name, round, result);
    } else {
        show_line(settings, scenario, name, result);
    }
}
