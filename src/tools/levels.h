/* wax bench levels: what each level costs, as a table of figures that is measured or read. */
#ifndef WAX_TOOLS_LEVELS_H
#define WAX_TOOLS_LEVELS_H

#include "levels/levels.h"
#include "tools/bench_parts.h"

#include <stdio.h>

struct levels_device; /* tools/levels_device.h */

/* ---- What is to be measured ---- */

enum { LEVELS_SIZES_MAX = 16, LEVELS_ROUNDS_MAX = 99 };

struct levels_grid {
    uint32_t levels[WAX_LEVELS_COUNT]; /* rows of wax_levels; L0 is the first */
    size_t level_count;
    uint32_t sizes[LEVELS_SIZES_MAX]; /* ascending, like the counts */
    size_t size_count;
    uint32_t counts[WAX_LEVELS_COUNTS_MAX];
    size_t count_count;
    uint32_t rounds;
    uint32_t chunk;
    uint32_t minutes;
    uint32_t budget_ms; /* of one count of one size at one level in one round */
    uint64_t memory_limit;
};

/* Reads the options. False, and said so, if no such grid can be measured. */
bool levels_grid_read(const struct settings *settings, struct levels_grid *grid);

/* Reads a number of bytes as in 64, 160K or 2M, up to `most`; false for anything else. */
bool levels_read_size(const char *text, uint64_t most, uint64_t *size);

/* ---- The broker, and measurements in processes of their own ---- */

struct levels_broker {
    struct bench_broker broker;
    uint16_t ports[WAX_DOOR_COUNT];
};

/* Starts it with a listener for each door and certificates for the run. False, and said so, if
 * that fails. */
bool levels_broker_start(const struct settings *settings, struct levels_broker *broker);

/* Measures in a child. False when the child ended otherwise than by telling its result: that
 * says why, too. */
bool levels_run_child(const wax_levels_plan *plan, wax_levels_result *result);

/* What the child does: plan in, result out. Returns the exit code. */
int levels_child(void);

/* ---- Figures ---- */

/* What is told of a level, a size and a count. */
enum levels_metric {
    LEVELS_TIME,
    LEVELS_TIME_RATIO,
    LEVELS_TIME_SPREAD,
    LEVELS_CLIENT_CPU,
    LEVELS_CLIENT_RATIO,
    LEVELS_BROKER_CPU,
    LEVELS_BROKER_RATIO,
    LEVELS_BOTH_RATIO,
    LEVELS_BOTH_SPREAD,
    LEVELS_OVER_TLS,
    LEVELS_OUT,
    LEVELS_IN,
    LEVELS_HEAP,
    LEVELS_LIBRARY,
    LEVELS_STACK,
    LEVELS_P50,
    LEVELS_P90,
    LEVELS_P99,
    LEVELS_GREATEST,
    LEVELS_METRICS,
};

/* And of its connections. */
enum levels_connect_metric {
    LEVELS_SETUP,
    LEVELS_SETUP_RATIO,
    LEVELS_SETUP_CLIENT,
    LEVELS_SETUP_BROKER,
    LEVELS_SETUP_OUT,
    LEVELS_SETUP_IN,
    LEVELS_SETUP_TURNS,
    LEVELS_SETUP_TICKET,
    LEVELS_CONNECT_METRICS,
};

struct levels_metric_row {
    const char *name; /* with its unit, as in files */
    const char *text; /* for people */
};

extern const struct levels_metric_row levels_metrics[LEVELS_METRICS];
extern const struct levels_metric_row levels_connect_metrics[LEVELS_CONNECT_METRICS];

struct levels_row {
    uint32_t level;
    uint32_t size;
    uint32_t count;
    bool is_sampled;
    bool is_refused; /* the memory limit does not hold it */
    double values[LEVELS_METRICS];
};

struct levels_connect_row {
    uint32_t level;
    bool is_resumed;
    double values[LEVELS_CONNECT_METRICS];
};

/* Everything that was measured, reduced to medians. */
struct levels_report {
    char command[512];
    char machine[256];
    char when[32];
    uint32_t rounds;
    uint32_t chunk;
    uint32_t seconds; /* that it took */
    uint64_t memory_limit;
    double load;  /* of the machine when it began: how many processes wanted to run */
    double noise; /* the median of all cells' spreads of CPU */
    bool is_noisy;
    struct levels_row *rows;
    size_t row_count;
    struct levels_connect_row *connects;
    size_t connect_count;
    const struct levels_device *device; /* of --device; NULL: none. It stays the caller's. */
};

/* From where on the rounds differ too much to say anything: a tenth. */
#define LEVELS_NOISE_MAX 0.10

/* All results of the rounds, before they are reduced. */
struct levels_results {
    struct levels_grid grid;
    wax_levels_result *messages; /* [round][size][level] */
    wax_levels_result *connects; /* [round][level][resumed] */
};

/* Reduces; `report` is given back by levels_report_discard(). False without memory. */
bool levels_reduce(const struct levels_results *results, struct levels_report *report);
void levels_report_discard(struct levels_report *report);

/* The row of a level, a size and a count; NULL when it was not measured. */
const struct levels_row *levels_find_row(const struct levels_report *report, uint32_t level,
                                         uint32_t size, uint32_t count);

/* The row of a level's connections; likewise. */
const struct levels_connect_row *levels_find_connect(const struct levels_report *report,
                                                     uint32_t level, bool is_resumed);

/* The number of the level with that name; WAX_LEVELS_COUNT when there is none. */
uint32_t levels_find(const char *name);

/* The different sizes or counts of a report, ascending; at most `room` of them. */
size_t levels_sizes(const struct levels_report *report, uint32_t *sizes, size_t room);
size_t levels_counts(const struct levels_report *report, uint32_t *counts, size_t room);

/* ---- Telling ---- */

/* The table on the terminal. */
void levels_show(const struct levels_report *report);

/* Writes levels.json, levels.csv, the figures as SVG and levels.html into a folder. False, and said
 * so, if that fails. */
bool levels_write_all(const struct settings *settings, const struct levels_report *report);

/* JSON: to a stream, and back. Both false, and said so, if that fails. */
bool levels_json_write(const struct settings *settings, const struct levels_report *report,
                       FILE *file);
bool levels_json_read(const struct settings *settings, const char *path,
                      struct levels_report *report);

struct levels_figure {
    const char *file;
    const char *title;
};
enum { LEVELS_FIGURES = 6 };

/* What figures there are; NULL behind the last. */
const struct levels_figure *levels_figure(size_t number);

/* Draws all figures that the report has something for into `folder`. */
bool levels_plot(const struct settings *settings, const struct levels_report *report,
                 const char *folder);

/* Writes the page, with the figures of `folder` in it. */
bool levels_page(const struct levels_report *report, const char *folder, FILE *file);

/* Writes text as HTML has it. */
void levels_write_text(FILE *file, const char *text);

/* wax bench levels and wax bench advise: the exit code. */
int levels_run(const struct settings *settings);
int levels_advise(const struct settings *settings);

/* Measures a grid. False, and said so, if that fails. */
bool levels_measure_grid(const struct settings *settings, const struct levels_grid *grid,
                         struct levels_report *report);

#endif
