/* The figures of wax bench levels as JSON, written and read back. */
#include "tools/json_take.h"
#include "tools/levels.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, DIGITS = 8, ROWS_MAX = 100000 };

/* ---- Writing ---- */

/* Whole numbers as such, others as reals. */
static json_t *number(double value)
{
    bool is_whole = fabs(value - floor(value)) < 1e-9 && fabs(value) < 1e15;

    return is_whole ? json_integer((json_int_t)floor(value)) : json_real(value);
}

static void put_values(json_t *object, const struct levels_metric_row *names, const double *values,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(object, names[i].name, number(values[i]));
    }
}

static json_t *cells_of(const struct levels_report *report)
{
    json_t *cells = json_array();

    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];
        json_t *cell = json_object();

        (void)json_object_set_new(cell, "level", json_string(wax_levels[row->level].name));
        (void)json_object_set_new(cell, "size", json_integer(row->size));
        (void)json_object_set_new(cell, "count", json_integer(row->count));
        (void)json_object_set_new(cell, "is_sampled", json_boolean(row->is_sampled));
        (void)json_object_set_new(cell, "is_refused", json_boolean(row->is_refused));
        put_values(cell, levels_metrics, row->values, LEVELS_METRICS);
        (void)json_array_append_new(cells, cell);
    }
    return cells;
}

static json_t *connections_of(const struct levels_report *report)
{
    json_t *connections = json_array();

    for (size_t i = 0; i < report->connect_count; i++) {
        const struct levels_connect_row *row = &report->connects[i];
        json_t *connection = json_object();

        (void)json_object_set_new(connection, "level", json_string(wax_levels[row->level].name));
        (void)json_object_set_new(connection, "is_resumed", json_boolean(row->is_resumed));
        put_values(connection, levels_connect_metrics, row->values, LEVELS_CONNECT_METRICS);
        (void)json_array_append_new(connections, connection);
    }
    return connections;
}

bool levels_json_write(const struct settings *settings, const struct levels_report *report,
                       FILE *file)
{
    json_t *whole = json_object();
    bool is_written;

    (void)json_object_set_new(whole, "format", json_integer(FORMAT));
    (void)json_object_set_new(whole, "command", json_string(report->command));
    (void)json_object_set_new(whole, "machine", json_string(report->machine));
    (void)json_object_set_new(whole, "when", json_string(report->when));
    (void)json_object_set_new(whole, "rounds", json_integer(report->rounds));
    (void)json_object_set_new(whole, "chunk", json_integer(report->chunk));
    (void)json_object_set_new(whole, "seconds", json_integer(report->seconds));
    (void)json_object_set_new(whole, "memory_limit",
                              json_integer((json_int_t)report->memory_limit));
    (void)json_object_set_new(whole, "load", number(report->load));
    (void)json_object_set_new(whole, "noise", number(report->noise));
    (void)json_object_set_new(whole, "is_noisy", json_boolean(report->is_noisy));
    (void)json_object_set_new(whole, "cells", cells_of(report));
    (void)json_object_set_new(whole, "connections", connections_of(report));
    is_written = json_dumpf(whole, file, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS)) == 0 &&
                 fputc('\n', file) != EOF && fflush(file) == 0;
    json_decref(whole);
    return is_written || tools_complain(settings, "the figures cannot be written as JSON");
}

/* ---- Reading ---- */

static void take_values(const json_t *object, const struct levels_metric_row *names, double *values,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = json_take_value(object, names[i].name);
    }
}

static uint32_t level_of(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "level"));

    return name == NULL ? WAX_LEVELS_COUNT : levels_find(name);
}

/* Rows of levels that this build does not know are passed over. */
static bool take_rows(const json_t *whole, struct levels_report *report)
{
    const json_t *cells = json_object_get(whole, "cells");
    const json_t *connections = json_object_get(whole, "connections");
    size_t cell_count = json_array_size(cells);
    size_t connect_count = json_array_size(connections);

    if (cell_count > ROWS_MAX || connect_count > ROWS_MAX) {
        return false;
    }
    report->rows = calloc(cell_count + 1, sizeof *report->rows);
    report->connects = calloc(connect_count + 1, sizeof *report->connects);
    if (report->rows == NULL || report->connects == NULL) {
        return false;
    }
    for (size_t i = 0; i < cell_count; i++) {
        const json_t *cell = json_array_get(cells, i);
        struct levels_row *row = &report->rows[report->row_count];

        row->level = level_of(cell);
        row->size = json_take_whole(cell, "size");
        row->count = json_take_whole(cell, "count");
        row->is_sampled = json_is_true(json_object_get(cell, "is_sampled"));
        row->is_refused = json_is_true(json_object_get(cell, "is_refused"));
        take_values(cell, levels_metrics, row->values, LEVELS_METRICS);
        report->row_count += row->level < WAX_LEVELS_COUNT && row->size > 0 ? 1 : 0;
    }
    for (size_t i = 0; i < connect_count; i++) {
        const json_t *connection = json_array_get(connections, i);
        struct levels_connect_row *row = &report->connects[report->connect_count];

        row->level = level_of(connection);
        row->is_resumed = json_is_true(json_object_get(connection, "is_resumed"));
        take_values(connection, levels_connect_metrics, row->values, LEVELS_CONNECT_METRICS);
        report->connect_count += row->level < WAX_LEVELS_COUNT ? 1 : 0;
    }
    return report->row_count > 0;
}

bool levels_json_read(const struct settings *settings, const char *option, const char *path,
                      struct levels_report *report)
{
    json_error_t error;
    json_t *whole = json_load_file(path, 0, &error);
    bool is_read;

    *report = (struct levels_report){.noise = 0};
    if (whole == NULL) {
        return tools_complain(settings, "%s %s: %s", option, path, error.text);
    }
    json_take_text(whole, "command", report->command, sizeof report->command);
    json_take_text(whole, "machine", report->machine, sizeof report->machine);
    json_take_text(whole, "when", report->when, sizeof report->when);
    report->rounds = json_take_whole(whole, "rounds");
    report->chunk = json_take_whole(whole, "chunk");
    report->seconds = json_take_whole(whole, "seconds");
    report->memory_limit = (uint64_t)json_take_value(whole, "memory_limit");
    report->load = json_take_value(whole, "load");
    report->noise = json_take_value(whole, "noise");
    report->is_noisy = json_is_true(json_object_get(whole, "is_noisy"));
    is_read = json_take_whole(whole, "format") == FORMAT && take_rows(whole, report);
    json_decref(whole);
    return is_read || tools_complain(settings,
                                     "%s %s: these are no figures of `wax bench levels --out` "
                                     "or --json",
                                     option, path);
}
