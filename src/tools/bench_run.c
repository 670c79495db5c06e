/* One run of wax bench: from options to a plan, and the plan to its end. */
#include "base/base.h"
#include "tools/bench_parts.h"
#include "tools/link.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
    EXIT_FAULTS = 2,
    WINDOW_TIMED = 1000,
    WINDOW_TIMED_EXACT = 20, /* what many brokers keep of QoS 2 before MQTT 5 */
};

static volatile sig_atomic_t stopped;

static void note_signal(int number)
{
    stopped = number;
}

void bench_obey_signals(void)
{
    const struct sigaction action = {.sa_handler = note_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool bench_is_stopped(void)
{
    return stopped != 0;
}

int bench_code(wax_status status)
{
    return status == WAX_OK ? EXIT_GOOD : status == WAX_INVALID ? EXIT_FAULTS : EXIT_WRONG;
}

uint32_t bench_or_else(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static uint32_t window_of(const struct settings *settings)
{
    if (settings->bench.rate > 0) {
        return settings->qos == 2 && settings->version != WAX_VERSION_5 ? WINDOW_TIMED_EXACT
                                                                        : WINDOW_TIMED;
    }
    return settings->qos == 0 ? 32 : 16;
}

/* What --publishers and --subscribers, or the scenario, say; pairs need as many of both. */
static void count_peers(wax_bench_plan *plan, const struct bench_settings *bench)
{
    const wax_bench_scenario *scenario = plan->scenario;

    plan->publishers = bench_or_else(bench->publishers, scenario->publishers);
    plan->subscribers = bench_or_else(bench->subscribers, scenario->subscribers);
    if (scenario->kind == WAX_BENCH_MESSAGES && scenario->shape == WAX_BENCH_PAIRS) {
        plan->publishers = bench_or_else(bench->publishers, plan->subscribers);
        plan->subscribers = plan->publishers;
    }
    if (scenario->items > 0) {
        plan->subscribers = 1;
        plan->items = bench_or_else(bench->items, scenario->items);
    }
}

wax_bench_plan bench_plan(const struct settings *settings, const wax_bench_scenario *scenario)
{
    const struct bench_settings *bench = &settings->bench;
    wax_bench_plan plan = {
        .scenario = scenario,
        .host = settings->host,
        .version = settings->version,
        .username = wax_bytes_of_text(settings->username),
        .password = wax_bytes_of_text(settings->password),
        .qos = (uint8_t)settings->qos,
        .payload_size = bench_or_else(bench->payload_size, 64),
        .window = bench_or_else(bench->window, window_of(settings)),
        .rate = bench->rate,
        .warm_ms = bench->warm_ms,
        .run_ms = bench->run_ms,
        .patience_ms = bench_or_else(bench->patience_ms, 5000),
        .pid = (pid_t)bench->pid,
        .stopped = &stopped,
    };

    count_peers(&plan, bench);
    return plan;
}

/* --- Progress, on a terminal --- */

static void show_progress(void *context, const wax_bench_progress *progress)
{
    const char *name = context;

    (void)fprintf(stderr, "\r\033[K%s: %s %llu", name, progress->phase,
                  (unsigned long long)progress->count);
    (void)fflush(stderr);
}

static void clear_progress(const wax_bench_plan *plan)
{
    if (plan->tell != NULL) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
    }
}

/* --- A run --- */

/* Finds and prepares what connections need; the settings' TLS is that of the started broker. */
static wax_status prepare(const struct settings *settings, const struct bench_broker *broker,
                          wax_bench_plan *plan, wax_addresses *addresses, wax_bench_result *result)
{
    struct settings adapted = *settings;
    char ca[64];
    wax_problem problem;
    const char *host = settings->unix_path != NULL ? settings->unix_path : settings->host;
    uint16_t port = broker != NULL ? broker->port : (uint16_t)settings->port;
    wax_status status;

    if (broker != NULL) {
        host = "127.0.0.1";
        plan->pid = broker->pid;
        (void)snprintf(ca, sizeof ca, "%s/ca.crt", broker->folder);
        adapted.cafile = settings->bench.uses_tls ? ca : NULL;
        adapted.no_tls = !settings->bench.uses_tls;
        plan->host = host;
    }
    status = wax_socket_resolve(host, port, addresses, result->fault, sizeof result->fault);
    if (status == WAX_OK && tools_settings_use_tls(&adapted)) {
        status = tools_link_make_tls(&adapted, &plan->tls, &problem);
        if (status != WAX_OK) {
            (void)snprintf(result->fault, sizeof result->fault, "%s", problem.text);
        }
    }
    plan->addresses = addresses;
    return status;
}

wax_status bench_run(const struct settings *settings, const wax_bench_scenario *scenario,
                     const struct bench_broker *broker, wax_bench_result *result)
{
    wax_bench_plan plan = bench_plan(settings, scenario);
    wax_addresses addresses;
    char name[80];
    char web[1100];
    wax_status status;

    *result = (wax_bench_result){.count = 0};
    (void)snprintf(name, sizeof name, "%s%s%s", broker != NULL ? broker->name : "",
                   broker != NULL ? " " : "", scenario->name);
    if (isatty(STDERR_FILENO) && !settings->is_quiet) {
        plan.tell = show_progress;
        plan.context = name;
    }
    if (settings->uses_websocket) {
        (void)snprintf(web, sizeof web, "%.1000s:%u", plan.host, settings->port);
        plan.websocket_host = web;
    }
    if (prepare(settings, broker, &plan, &addresses, result) != WAX_OK) {
        return WAX_IO;
    }
    status = wax_bench_run(&plan, result);
    clear_progress(&plan);
    wax_tls_release(plan.tls);
    return status;
}
