/* wax bench levels, on the terminal. */
#include "tools/levels.h"

#include <stdio.h>

static void show_connects(const struct levels_report *report)
{
    (void)printf(
        "\nConnections, from TCP to CONNACK\n%-17s %-8s %9s %7s %11s %11s %7s %7s %5s %7s\n",
        "level", "", "us", "to L0", "client CPU", "broker CPU", "out", "in", "trips", "ticket");
    for (size_t i = 0; i < report->connect_count; i++) {
        const struct levels_connect_row *row = &report->connects[i];
        const double *values = row->values;

        (void)printf("%-17s %-8s %9.0f %6.2fx %8.0f us %8.0f us %7.0f %7.0f %5.0f %7.0f\n",
                     wax_levels[row->level].name, row->is_resumed ? "resumed" : "full",
                     values[LEVELS_SETUP], values[LEVELS_SETUP_RATIO], values[LEVELS_SETUP_CLIENT],
                     values[LEVELS_SETUP_BROKER], values[LEVELS_SETUP_OUT], values[LEVELS_SETUP_IN],
                     values[LEVELS_SETUP_TURNS], values[LEVELS_SETUP_TICKET]);
    }
}

static void show_row(const struct levels_row *row)
{
    const double *values = row->values;

    if (row->is_refused) {
        (void)printf("%-17s %6u  cannot be sent: the memory limit does not hold what it takes\n",
                     wax_levels[row->level].name, row->count);
        return;
    }
    (void)printf("%-17s %6u%c %9.2f %6.2fx %4.0f%% %8.2f %6.2fx %8.2f %6.2fx %4.0f%% %8.0f %6.0f "
                 "%6.0f %7.0f %7.0f\n",
                 wax_levels[row->level].name, row->count, row->is_sampled ? '*' : ' ',
                 values[LEVELS_TIME] / 1000, values[LEVELS_TIME_RATIO],
                 values[LEVELS_TIME_SPREAD] * 100, values[LEVELS_CLIENT_CPU],
                 values[LEVELS_CLIENT_RATIO], values[LEVELS_BROKER_CPU], values[LEVELS_BOTH_RATIO],
                 values[LEVELS_BOTH_SPREAD] * 100, values[LEVELS_OUT], values[LEVELS_HEAP] / 1024,
                 values[LEVELS_STACK], values[LEVELS_P50], values[LEVELS_P99]);
}

static void show_size(const struct levels_report *report, uint32_t size)
{
    (void)printf("\nMessages of %u bytes\n%-17s %6s  %9s %7s %5s %8s %7s %8s %7s %5s %8s %6s %6s "
                 "%7s %7s\n",
                 size, "level", "count", "ms", "to L0", "+-", "client", "to L0", "broker", "both",
                 "+-", "out", "heapK", "stack", "p50", "p99");
    for (size_t i = 0; i < report->row_count; i++) {
        if (report->rows[i].size == size) {
            show_row(&report->rows[i]);
        }
    }
}

static void show_verdict(const struct levels_report *report)
{
    (void)printf("\n%u rounds in %u s, in turns; ratios are medians of the rounds, +- is half of "
                 "what the middle half of them covers.\n"
                 "CPU in us for a message, latency in us at QoS 1; * a sample, of which the rest "
                 "was extrapolated.\n",
                 report->rounds, report->seconds);
    if (report->rounds < 2) {
        (void)printf("One round says nothing about how far the figures hold: --rounds 9.\n");
    } else if (report->is_noisy) {
        (void)printf(
            "This machine is too noisy to conclude: rounds differ by up to %.0f %% in 9 of "
            "10 ratios, and more than %.0f %% says nothing. Try again when nothing else "
            "runs.\n",
            report->noise * 100, LEVELS_NOISE_MAX * 100);
    } else {
        (void)printf(
            "Rounds differ by up to %.1f %% in 9 of 10 ratios: they hold within about that.\n",
            report->noise * 100);
    }
}

/* The largest message of a level that was sent, and the smallest that was not. */
static void show_limit_of(const struct levels_report *report, uint32_t level)
{
    const struct levels_row *largest = NULL;
    const struct levels_row *smallest = NULL;

    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];

        if (row->level == level && row->is_refused) {
            smallest = smallest == NULL || row->size < smallest->size ? row : smallest;
        } else if (row->level == level) {
            largest = largest == NULL || row->size > largest->size ? row : largest;
        }
    }
    if (largest == NULL && smallest == NULL) {
        return;
    }
    (void)printf("%-17s ", wax_levels[level].name);
    if (largest != NULL) {
        (void)printf("sends %u bytes with %.0f of heap%s", largest->size,
                     largest->values[LEVELS_HEAP], smallest != NULL ? ", " : "\n");
    }
    if (smallest != NULL) {
        (void)printf("cannot send %u bytes\n", smallest->size);
    }
}

static void show_limit(const struct levels_report *report)
{
    (void)printf("\nWith %llu bytes of heap:\n", (unsigned long long)report->memory_limit);
    for (uint32_t level = 0; level < WAX_LEVELS_COUNT; level++) {
        show_limit_of(report, level);
    }
}

void levels_show(const struct levels_report *report)
{
    uint32_t sizes[LEVELS_SIZES_MAX];
    size_t count = levels_sizes(report, sizes, LEVELS_SIZES_MAX);

    (void)printf("%s\n%s\n", report->machine, report->command);
    show_connects(report);
    for (size_t i = 0; i < count; i++) {
        show_size(report, sizes[i]);
    }
    if (report->memory_limit > 0) {
        show_limit(report);
    }
    show_verdict(report);
    (void)fflush(stdout);
}
