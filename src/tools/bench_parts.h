/* The parts of wax bench. */
#ifndef WAX_TOOLS_BENCH_PARTS_H
#define WAX_TOOLS_BENCH_PARTS_H

#include "bench/bench.h"
#include "tools/settings.h"

#include <stdio.h>

/* --- Brokers that it starts --- */

struct bench_broker {
    char name[32];
    /* Writes what the command reads, into the folder; NULL: what all brokers get. False, and said
     * so, if that fails. */
    bool (*prepare)(const struct settings *settings, struct bench_broker *self);
    const char *command; /* for a shell; NULL: one of those that are known by name */
    bool is_known;
    pid_t pid; /* 0: it does not run */
    uint16_t port;
    char folder[48];
};

/* Takes over what --with says: a name or a command. False, and said so, if it is not installed. */
bool bench_broker_name(const struct settings *settings, const char *word,
                       struct bench_broker *broker);

/* Whether Debian's mosquitto is installed. */
bool bench_broker_has_mosquitto(void);

/* Starts it in an empty folder, on a port of its own, and waits until it accepts connections. It
 * gets the first processor and this process the second, where there are two. False, and said so, if
 * it does not start. */
bool bench_broker_start(const struct settings *settings, struct bench_broker *broker);

/* A port of this host that nobody has; 0 if there is none. */
uint16_t bench_broker_free_port(void);

/* Writes `text` as a C string with {port}, {folder} and {wax} filled in; cut if there is no room.
 */
void bench_broker_fill(const struct bench_broker *broker, const char *text, char *room,
                       size_t room_size);

/* Ends it and removes its folder. */
void bench_broker_stop(struct bench_broker *broker);

/* --- Running --- */

/* Runs a scenario, against `broker` or, if that is NULL, the one that the settings name. */
wax_status bench_run(const struct settings *settings, const wax_bench_scenario *scenario,
                     const struct bench_broker *broker, wax_bench_result *result);

/* wax bench compare: the exit code. */
int bench_compare(const struct settings *settings, const wax_bench_scenario *const *scenarios,
                  size_t count);

/* Lets SIGINT and SIGTERM end the run that is on, so that what was started is stopped. */
void bench_obey_signals(void);

/* Whether one of them has come. */
bool bench_is_stopped(void);

/* The exit code that a run deserves. */
int bench_code(wax_status status);

/* `value`, or `otherwise` if that is 0. */
uint32_t bench_or_else(uint32_t value, uint32_t otherwise);

/* --- Telling --- */

/* Fills in what was left to the scenario. */
wax_bench_plan bench_plan(const struct settings *settings, const wax_bench_scenario *scenario);

/* Per second of the broker's CPU; 0 if that is unknown. */
uint64_t bench_per_cpu(uint64_t count, uint64_t cpu_ns);

/* Per second. */
uint64_t bench_per_second(uint64_t count, uint64_t elapsed_us);

/* Writes the head of the table, and a line of it, or a JSON object. `round` counts from 1. */
void bench_report_head(const struct settings *settings);
void bench_report(const struct settings *settings, const wax_bench_scenario *scenario,
                  const struct bench_broker *broker, uint32_t round,
                  const wax_bench_result *result);

/* A number for people: 843 k. */
struct bench_number {
    char text[16];
};
struct bench_number bench_number_of(double value);

/* --- Plots --- */

/* Starts gnuplot for one drawing, which is written to `path`; NULL, and said so, if that fails. It
 * reads commands from the stream until bench_plot_end(), which is false, and said so, when nothing
 * was drawn. */
FILE *bench_plot_begin(const struct settings *settings, const char *path);
bool bench_plot_end(const struct settings *settings, const char *path, FILE *script);

/* Both draw by gnuplot what --plot names. False, and said so, if that fails. */

/* Draws how many messages wait how long, a curve for each result. */
bool bench_plot_latency(const struct settings *settings, const wax_bench_scenario *const *scenarios,
                        const wax_bench_result *results, size_t count);

/* What brokers came to. */
struct bench_bars {
    const wax_bench_scenario *const *scenarios;
    size_t scenario_count;
    const struct bench_broker *brokers;
    size_t broker_count;
    const double *values; /* a row for each scenario */
};

/* Draws a bar for each broker and scenario. */
bool bench_plot_bars(const struct settings *settings, const struct bench_bars *bars);

#endif
