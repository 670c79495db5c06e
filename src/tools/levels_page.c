/* The page of wax bench levels: one file that asks nobody for anything. */
#include "tools/levels.h"
#include "tools/levels_device.h"

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4200 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<title>What each level costs</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n"
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;"
    "color:#1b1b1b;background:#fff}\n"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2rem}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:13px;width:100%}\n"
    "th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid #ddd}\n"
    "th:first-child,td:first-child{text-align:left}thead th{border-bottom:2px solid #888}\n"
    "tr.more td{color:#666}code{background:#f3f3f3;padding:.1rem .3rem}\n"
    ".verdict{border-left:4px solid #2a7;padding:.3rem .8rem;background:#f2faf6}\n"
    ".noisy{border-color:#c60;background:#fdf4ea}\nsvg{max-width:100%;height:auto}\n"
    "</style>\n</head>\n<body>\n<h1>What each level costs</h1>\n";

static void write_machine(const struct levels_report *report, FILE *file)
{
    (void)fputs("<p>", file);
    levels_write_text(file, report->machine);
    (void)fprintf(file, "; %s; %u rounds in %u s; load of the machine before it: %.2f.<br>\n",
                  report->when, report->rounds, report->seconds, report->load);
    (void)fputs("To repeat it: <code>", file);
    levels_write_text(file, report->command);
    (void)fputs("</code></p>\n", file);
    (void)fprintf(file, "<p class=\"verdict%s\">", report->is_noisy ? " noisy" : "");
    if (report->is_noisy) {
        (void)fprintf(file,
                      "This machine was too noisy to conclude: rounds differ by %.0f&nbsp;%% "
                      "in the middle, and more than %.0f&nbsp;%% says nothing.",
                      report->noise * 100, LEVELS_NOISE_MAX * 100);
    } else if (report->rounds < 2) {
        (void)fputs("One round says nothing about how far the figures hold.", file);
    } else {
        (void)fprintf(file,
                      "Rounds differ by %.1f&nbsp;%% in the middle: ratios hold within about "
                      "that.",
                      report->noise * 100);
    }
    (void)fputs("</p>\n", file);
}

/* ---- The levels ---- */

static void write_levels(const struct levels_report *report, FILE *file)
{
    (void)fputs("<h2>The levels</h2>\n<table>\n<thead><tr><th>level</th><th>what protects the "
                "message</th></tr></thead>\n",
                file);
    for (uint32_t level = 0; level < WAX_LEVELS_COUNT; level++) {
        if (levels_find_connect(report, level, false) != NULL) {
            (void)fprintf(file, "<tr><td>%s</td><td style=\"text-align:left\">",
                          wax_levels[level].name);
            levels_write_text(file, wax_levels[level].text);
            (void)fputs("</td></tr>\n", file);
        }
    }
    (void)fputs("</table>\n", file);
}

/* ---- Figures ---- */

/* Copies a drawing from its <svg on, without the head that stands before it. */
static void write_figure(const char *folder, const struct levels_figure *figure, FILE *file)
{
    char path[PATH_SIZE];
    char line[4096];
    FILE *drawing;
    bool is_inside = false;

    (void)snprintf(path, sizeof path, "%.4000s/%s", folder, figure->file);
    drawing = fopen(path, "re");
    if (drawing == NULL) {
        return; /* nothing of it was measured */
    }
    (void)fprintf(file, "<figure id=\"%s\" style=\"margin:1rem 0\">\n", figure->file);
    while (fgets(line, sizeof line, drawing) != NULL) {
        const char *begin = is_inside ? line : strstr(line, "<svg");

        if (begin != NULL) {
            (void)fputs(begin, file);
            is_inside = true;
        }
    }
    (void)fputs("</figure>\n", file);
    (void)fclose(drawing);
}

/* ---- Tables ---- */

static void write_connects(const struct levels_report *report, FILE *file)
{
    (void)fputs("<h2>Connections</h2>\n<table>\n<thead><tr><th>level</th><th></th>", file);
    for (size_t i = 0; i < LEVELS_CONNECT_METRICS; i++) {
        (void)fprintf(file, "<th title=\"%s\">%s</th>", levels_connect_metrics[i].text,
                      levels_connect_metrics[i].name);
    }
    (void)fputs("</tr></thead>\n", file);
    for (size_t i = 0; i < report->connect_count; i++) {
        const struct levels_connect_row *row = &report->connects[i];

        (void)fprintf(file, "<tr><td>%s</td><td>%s</td>", wax_levels[row->level].name,
                      row->is_resumed ? "resumed" : "full");
        for (size_t k = 0; k < LEVELS_CONNECT_METRICS; k++) {
            (void)fprintf(file, k == LEVELS_SETUP_RATIO ? "<td>%.2f</td>" : "<td>%.0f</td>",
                          row->values[k]);
        }
        (void)fputs("</tr>\n", file);
    }
    (void)fputs("</table>\n", file);
}

/* What of the metrics stands on the page, and how. */
static const struct {
    enum levels_metric metric;
    const char *title;
    double unit;
    int digits;
    const char *behind;
} columns[] = {
    {LEVELS_TIME,         "time, ms",       1000, 2, ""  },
    {LEVELS_TIME_RATIO,   "to L0",          1,    2, ""  },
    {LEVELS_TIME_SPREAD,  "&plusmn;",       0.01, 0, " %"},
    {LEVELS_CLIENT_CPU,   "client CPU, us", 1,    2, ""  },
    {LEVELS_CLIENT_RATIO, "to L0",          1,    2, ""  },
    {LEVELS_BROKER_CPU,   "broker CPU, us", 1,    2, ""  },
    {LEVELS_BOTH_RATIO,   "both to L0",     1,    2, ""  },
    {LEVELS_BOTH_SPREAD,  "&plusmn;",       0.01, 0, " %"},
    {LEVELS_OUT,          "bytes out",      1,    0, ""  },
    {LEVELS_HEAP,         "heap, KiB",      1024, 0, ""  },
    {LEVELS_STACK,        "stack, bytes",   1,    0, ""  },
    {LEVELS_P50,          "p50, us",        1,    0, ""  },
    {LEVELS_P99,          "p99, us",        1,    0, ""  },
};

static void write_row(const struct levels_row *row, FILE *file)
{
    (void)fprintf(file, "<tr><td>%s</td><td>%u%s</td>", wax_levels[row->level].name, row->count,
                  row->is_sampled ? "*" : "");
    if (row->is_refused) {
        (void)fprintf(file,
                      "<td colspan=\"%zu\" style=\"text-align:left\">cannot be sent: the "
                      "memory limit does not hold what it takes</td></tr>\n",
                      WAX_COUNT(columns));
        return;
    }
    for (size_t i = 0; i < WAX_COUNT(columns); i++) {
        (void)fprintf(file, "<td>%.*f%s</td>", columns[i].digits,
                      row->values[columns[i].metric] / columns[i].unit, columns[i].behind);
    }
    (void)fputs("</tr>\n", file);
}

static void write_size(const struct levels_report *report, uint32_t size, FILE *file)
{
    (void)fprintf(file,
                  "<h2>Messages of %u bytes</h2>\n<table>\n<thead><tr><th>level</th>"
                  "<th>messages</th>",
                  size);
    for (size_t i = 0; i < WAX_COUNT(columns); i++) {
        (void)fprintf(file, "<th>%s</th>", columns[i].title);
    }
    (void)fputs("</tr></thead>\n", file);
    for (size_t i = 0; i < report->row_count; i++) {
        if (report->rows[i].size == size) {
            write_row(&report->rows[i], file);
        }
    }
    (void)fputs("</table>\n", file);
}

static void write_sizes(const struct levels_report *report, FILE *file)
{
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);

    for (size_t i = 0; i < count; i++) {
        write_size(report, sizes[i], file);
    }
}

bool levels_page(const struct levels_report *report, const char *folder, FILE *file)
{
    (void)fputs(head, file);
    write_machine(report, file);
    write_levels(report, file);
    (void)fputs("<h2>Figures</h2>\n", file);
    for (size_t i = 0; levels_figure(i) != NULL; i++) {
        write_figure(folder, levels_figure(i), file);
    }
    write_connects(report, file);
    write_sizes(report, file);
    if (report->device != NULL) {
        levels_device_page(report->device, file);
    }
    (void)fputs(
        "<p>Ratios are medians of the rounds, each to L0 of the same round; &plusmn; is half "
        "of what the middle half of the rounds covers. CPU is for one message. * is a "
        "sample, of which the rest was extrapolated. Bytes are those at the client's "
        "socket, above TCP. Heap is what the client takes, its crypto library's contexts "
        "included; what OpenSSL keeps once for the process is told in levels.json.</p>\n"
        "</body>\n</html>\n",
        file);
    return ferror(file) == 0;
}
