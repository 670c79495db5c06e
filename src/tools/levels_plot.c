/* The figures of wax bench levels, by gnuplot: those of the experiment that it repeats, and one of
 * memory. */
#include "tools/levels.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4200 };

/* What a figure shows. */
enum shape {
    TIME_BY_SIZE, /* of one level, a curve for each count */
    ABOVE_L0,     /* of the client's CPU for a message, by size */
    TIME_BY_LEVEL,
    MEMORY_BY_SIZE,
};

/* clang-format off */
static const struct {
    struct levels_figure figure;
    enum shape shape;
    const char *level; /* of TIME_BY_SIZE */
} rows[LEVELS_FIGURES] = {
    {{"figure-8-l0.svg",      "L0, nothing is protected: time for all messages"},             TIME_BY_SIZE,   "L0"},
    {{"figure-9-l2.svg",      "L2, sealed with suite 1: time for all messages"},              TIME_BY_SIZE,   "L2-suite1"},
    {{"figure-10-l3.svg",     "L3, TLS 1.3 with the broker's certificate: time for all messages"}, TIME_BY_SIZE, "L3-tls1.3-cert"},
    {{"figure-11-cipher.svg", "What protection alone takes of the client's CPU, for a message"}, ABOVE_L0,    NULL},
    {{"figure-12-heap.svg",   "Heap of the client at its peak"},                              MEMORY_BY_SIZE, NULL},
    {{"figure-13-worst.svg",  "Most messages at once: time of each level"},                   TIME_BY_LEVEL,  NULL},
};
/* clang-format on */

const struct levels_figure *levels_figure(size_t number)
{
    return number < LEVELS_FIGURES ? &rows[number].figure : NULL;
}

/* Levels that the figures with a curve for each have: one of a kind, so that they can be told
 * apart. */
static const char *const shown[] = {"L0",        "L2cbc",          "L2-suite1", "L2-suite2",
                                    "L2-suite3", "L3-tls1.3-cert", "L4-suite1"};

static const char axis_of_sizes[] =
    "set logscale xy\nset xlabel 'bytes of a message'\n"
    "set xtics ('16' 16, '64' 64, '256' 256, '1 k' 1000, '8 k' 8000, '16 k' 16000, '32 k' 32000, "
    "'80 k' 80000, '160 k' 160000, '1 M' 1000000, '16 M' 16000000)\n"
    "set grid xtics ytics\nset pointsize 0.8\n";

/* Colours that differ in lightness too, and on white. */
static const char colours[] = "set linetype 1 lc rgb '#1b1b1b'\nset linetype 2 lc rgb '#c0392b'\n"
                              "set linetype 3 lc rgb '#2e86c1'\nset linetype 4 lc rgb '#b9770e'\n"
                              "set linetype 5 lc rgb '#7d3c98'\nset linetype 6 lc rgb '#1e8449'\n"
                              "set linetype 7 lc rgb '#e67e9a'\nset linetype 8 lc rgb '#7f8c8d'\n"
                              "set key outside top center horizontal noenhanced\n";

/* Sizes as they are, with a little room at both ends. */
static void put_axis(FILE *script, const uint32_t *sizes, size_t count)
{
    (void)fputs(axis_of_sizes, script);
    (void)fprintf(script, "set xrange [%g:%g]\n", 0.8 * sizes[0], 1.25 * sizes[count - 1]);
}

/* Draws a curve for each block of data that follows. */
static void begin_curves(FILE *script, size_t count, const char *const *titles)
{
    (void)fputs("plot ", script);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(script,
                      "%s$curve%zu with linespoints lw 2 pt %zu dt %zu title '%s' noenhanced",
                      i == 0 ? "" : ", ", i, 4 + i, 1 + i % 3, titles[i]);
    }
    (void)fputc('\n', script);
}

/* ---- Time against size ---- */

/* The value of a figure for a row; what is not above 0 is not drawn. */
typedef double value_function(const struct levels_report *report, const struct levels_row *row);

struct curve {
    size_t number;
    uint32_t level;
    uint32_t count; /* of messages */
    value_function *value;
};

/* Writes the data of a curve; returns how many points it has. */
static size_t put_curve(const struct levels_report *report, const struct curve *curve, FILE *script)
{
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t size_count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);
    size_t drawn = 0;

    (void)fprintf(script, "$curve%zu << END\n", curve->number);
    for (size_t i = 0; i < size_count; i++) {
        const struct levels_row *row =
            levels_find_row(report, curve->level, sizes[i], curve->count);
        double value = row != NULL ? curve->value(report, row) : 0;

        if (value > 0) {
            (void)fprintf(script, "%u %.6g\n", sizes[i], value);
            drawn++;
        }
    }
    (void)fputs("END\n", script);
    return drawn;
}

static double time_of(const struct levels_report *report, const struct levels_row *row)
{
    (void)report;
    return row->values[LEVELS_TIME] / 1000;
}

static bool draw_time(const struct levels_report *report, uint32_t level, FILE *script)
{
    uint32_t counts[WAX_LEVELS_COUNTS_MAX];
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count_count = levels_counts(report, counts, WAX_LEVELS_COUNTS_MAX);
    size_t size_count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);
    char titles[WAX_LEVELS_COUNTS_MAX][32];
    const char *views[WAX_LEVELS_COUNTS_MAX];
    size_t drawn = 0;

    for (size_t i = 0; i < count_count; i++) {
        drawn += put_curve(report, &(struct curve){i, level, counts[i], time_of}, script);
        (void)snprintf(titles[i], sizeof titles[i], "%u messages", counts[i]);
        views[i] = titles[i];
    }
    put_axis(script, sizes, size_count);
    (void)fputs("set ylabel 'milliseconds'\nset format y '%g'\n", script);
    begin_curves(script, count_count, views);
    return drawn > 0;
}

/* ---- A curve for each level ---- */

/* The client's CPU beyond that of L0. */
static double above_l0(const struct levels_report *report, const struct levels_row *row)
{
    const struct levels_row *base = levels_find_row(report, 0, row->size, row->count);

    return base == NULL || row->level == 0
               ? 0
               : row->values[LEVELS_CLIENT_CPU] - base->values[LEVELS_CLIENT_CPU];
}

static double heap_of(const struct levels_report *report, const struct levels_row *row)
{
    (void)report;
    return row->values[LEVELS_HEAP] / 1024;
}

/* Draws the levels that have something, with the greatest count that was measured. */
static bool draw_levels(const struct levels_report *report, value_function *value, FILE *script)
{
    uint32_t counts[WAX_LEVELS_COUNTS_MAX];
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count_count = levels_counts(report, counts, WAX_LEVELS_COUNTS_MAX);
    size_t size_count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);
    const char *titles[WAX_COUNT(shown)];
    size_t curves = 0;

    for (size_t i = 0; i < WAX_COUNT(shown); i++) {
        const struct curve curve = {curves, levels_find(shown[i]), counts[count_count - 1], value};

        titles[curves] = shown[i];
        curves += put_curve(report, &curve, script) > 0 ? 1 : 0;
    }
    put_axis(script, sizes, size_count);
    begin_curves(script, curves, titles);
    return curves > 0;
}

static bool draw_cipher(const struct levels_report *report, FILE *script)
{
    (void)fputs("set ylabel 'microseconds beyond L0'\nset format y '%g'\n", script);
    return draw_levels(report, above_l0, script);
}

static bool draw_heap(const struct levels_report *report, FILE *script)
{
    (void)fputs("set ylabel 'KiB'\nset format y '%g'\n", script);
    if (report->memory_limit > 0) {
        (void)fprintf(script, "set arrow from graph 0, first %g to graph 1, first %g nohead dt 2\n",
                      (double)report->memory_limit / 1024, (double)report->memory_limit / 1024);
    }
    return draw_levels(report, heap_of, script);
}

/* ---- All levels side by side ---- */

static bool draw_worst(const struct levels_report *report, FILE *script)
{
    uint32_t counts[WAX_LEVELS_COUNTS_MAX];
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count_count = levels_counts(report, counts, WAX_LEVELS_COUNTS_MAX);
    size_t size_count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);
    uint32_t worst[] = {sizes[0], sizes[size_count / 2], sizes[size_count - 1]};

    (void)fputs("set style data histograms\nset style fill solid 0.8\nset logscale y\n"
                "set ylabel 'milliseconds'\nset format y '%g'\n"
                "set xtics rotate by -30 noenhanced\nset bmargin 5\n$table << END\n",
                script);
    for (uint32_t level = 0; level < WAX_LEVELS_COUNT; level++) {
        if (levels_find_row(report, level, worst[0], counts[count_count - 1]) == NULL) {
            continue;
        }
        (void)fprintf(script, "\"%s\"", wax_levels[level].name);
        for (size_t i = 0; i < WAX_COUNT(worst); i++) {
            const struct levels_row *row =
                levels_find_row(report, level, worst[i], counts[count_count - 1]);
            double time = row != NULL ? row->values[LEVELS_TIME] / 1000 : 0;

            (void)fprintf(script, time > 0 ? " %.6g" : " NaN", time);
        }
        (void)fputc('\n', script);
    }
    (void)fputs("END\nplot ", script);
    for (size_t i = 0; i < WAX_COUNT(worst); i++) {
        if (i == 0 || worst[i] != worst[i - 1]) {
            (void)fprintf(script, "%s$table using %zu:xtic(1) lt %zu title '%u x %u bytes'",
                          i == 0 ? "" : ", ", i + 2, i + 2, counts[count_count - 1], worst[i]);
        }
    }
    (void)fputc('\n', script);
    return true;
}

/* ---- All figures ---- */

static bool draw(const struct levels_report *report, size_t number, FILE *script)
{
    (void)fputs(colours, script);
    (void)fprintf(script, "set title \"%s\" noenhanced\n", rows[number].figure.title);
    switch (rows[number].shape) {
    case TIME_BY_SIZE:
        return draw_time(report, levels_find(rows[number].level), script);
    case ABOVE_L0:
        return draw_cipher(report, script);
    case MEMORY_BY_SIZE:
        return draw_heap(report, script);
    case TIME_BY_LEVEL:
        break;
    }
    return draw_worst(report, script);
}

/* Whether the report has anything for a figure. */
static bool has_data(const struct levels_report *report, size_t number)
{
    bool is_found = rows[number].shape == MEMORY_BY_SIZE || rows[number].shape == TIME_BY_LEVEL;

    for (size_t i = 0; i < report->row_count && !is_found; i++) {
        const struct levels_row *row = &report->rows[i];

        is_found = rows[number].shape == ABOVE_L0
                       ? above_l0(report, row) > 0
                       : row->level == levels_find(rows[number].level) && !row->is_refused;
    }
    return is_found;
}

bool levels_plot(const struct settings *settings, const struct levels_report *report,
                 const char *folder)
{
    for (size_t i = 0; i < LEVELS_FIGURES; i++) {
        char path[PATH_SIZE];
        FILE *script;
        bool is_drawn;

        (void)snprintf(path, sizeof path, "%.4000s/%s", folder, rows[i].figure.file);
        (void)remove(path); /* what is left from another run would be a lie */
        if (!has_data(report, i)) {
            continue;
        }
        script = bench_plot_begin(settings, path);
        is_drawn = script != NULL && draw(report, i, script);
        if (script == NULL || !bench_plot_end(settings, path, script) || !is_drawn) {
            return false;
        }
    }
    return true;
}
