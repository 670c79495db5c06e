/* wax bench levels --beside: whether two measurements say the same. */
#include "tools/levels.h"

#include <stdio.h>
#include <stdlib.h>

/* What has to agree. */
static const enum levels_metric compared[] = {LEVELS_TIME_RATIO, LEVELS_CLIENT_RATIO,
                                              LEVELS_BOTH_RATIO};

enum { SHOWN_MAX = 20 };

static int compare(const void *one, const void *other)
{
    const double left = ((const struct levels_pair *)one)->difference;
    const double right = ((const struct levels_pair *)other)->difference;

    return left < right ? -1 : left > right ? 1 : 0;
}

/* How much greater the greater one is. */
static double difference_of(double one, double other)
{
    return one > other ? one / other - 1 : other / one - 1;
}

bool levels_pair_up(const struct levels_report *report, const struct levels_report *beside,
                    enum levels_metric metric, struct levels_pairs *pairs)
{
    *pairs = (struct levels_pairs){.items = calloc(report->row_count + 1, sizeof *pairs->items)};
    if (pairs->items == NULL) {
        return false;
    }
    for (size_t i = 0; i < report->row_count; i++) {
        const struct levels_row *row = &report->rows[i];
        const struct levels_row *other = levels_find_row(beside, row->level, row->size, row->count);

        if (row->level != 0 && other != NULL && row->values[metric] > 0 &&
            other->values[metric] > 0) {
            double difference = difference_of(row->values[metric], other->values[metric]);

            pairs->items[pairs->count++] = (struct levels_pair){row, other, difference};
            pairs->far_count += difference > LEVELS_NOISE_MAX ? 1 : 0;
        }
    }
    qsort(pairs->items, pairs->count, sizeof *pairs->items, compare);
    return true;
}

void levels_pairs_discard(struct levels_pairs *pairs)
{
    free(pairs->items);
    pairs->items = NULL;
}

static void show_cell(const struct levels_pair *pair, enum levels_metric metric)
{
    (void)printf("%s, %u bytes, %u messages: %.2fx, %.2fx\n", wax_levels[pair->row->level].name,
                 pair->row->size, pair->row->count, pair->row->values[metric],
                 pair->beside->values[metric]);
}

static void show_summary(const struct levels_pairs *pairs, enum levels_metric metric)
{
    if (pairs->count == 0) {
        return;
    }
    (void)printf("%-28s %6zu %6.1f %% %6.1f %% %6.1f %%  ", levels_metrics[metric].text,
                 pairs->count, pairs->items[pairs->count / 2].difference * 100,
                 pairs->items[pairs->count * 9 / 10].difference * 100,
                 pairs->items[pairs->count - 1].difference * 100);
    show_cell(&pairs->items[pairs->count - 1], metric);
}

/* The farthest first. */
static void show_far(const struct levels_pairs *pairs, enum levels_metric metric)
{
    for (size_t i = 0; i < pairs->far_count; i++) {
        const struct levels_pair *pair = &pairs->items[pairs->count - 1 - i];

        if (i == SHOWN_MAX) {
            (void)printf("  and %zu more\n", pairs->far_count - i);
            return;
        }
        (void)printf("  %5.1f %%  %s, ", pair->difference * 100, levels_metrics[metric].text);
        show_cell(pair, metric);
    }
}

static void show_heads(const struct levels_report *report, const struct levels_report *beside)
{
    const struct levels_report *const both[] = {report, beside};

    (void)printf("Ratios to L0 of two measurements\n");
    for (size_t i = 0; i < WAX_COUNT(both); i++) {
        (void)printf("%zu: %s; %s; %u rounds in %u s, which differ by up to %.1f %% in 9 of 10\n",
                     i + 1, both[i]->machine, both[i]->when, both[i]->rounds, both[i]->seconds,
                     both[i]->noise * 100);
    }
    (void)printf("\n%-28s %6s %8s %8s %8s\n", "", "cells", "median", "9 of 10", "worst");
}

static void show_verdict(size_t far_count, size_t count)
{
    if (far_count == 0) {
        (void)printf("\nThey agree: no ratio differs by more than %.0f %%.\n",
                     LEVELS_NOISE_MAX * 100);
    } else {
        (void)printf("\nThey do not agree: of %zu ratios, %zu differ by more than %.0f %%.\n",
                     count, far_count, LEVELS_NOISE_MAX * 100);
    }
}

static void show_all(const struct levels_pairs *pairs, size_t far_count, size_t count)
{
    for (size_t i = 0; i < WAX_COUNT(compared); i++) {
        show_summary(&pairs[i], compared[i]);
    }
    show_verdict(far_count, count);
    for (size_t i = 0; i < WAX_COUNT(compared); i++) {
        show_far(&pairs[i], compared[i]);
    }
}

bool levels_compare(const struct settings *settings, const struct levels_report *report,
                    const struct levels_report *beside)
{
    struct levels_pairs pairs[WAX_COUNT(compared)] = {
        {NULL, 0, 0}
    };
    size_t count = 0;
    size_t far_count = 0;
    bool is_good = true;

    for (size_t i = 0; i < WAX_COUNT(compared) && is_good; i++) {
        is_good = levels_pair_up(report, beside, compared[i], &pairs[i]) ||
                  tools_complain(settings, "there is not enough memory");
        count += pairs[i].count;
        far_count += pairs[i].far_count;
    }
    if (is_good && count == 0) {
        is_good = tools_complain(settings,
                                 "--beside %s: no level but L0, size and count is in "
                                 "both; name the same ones when measuring",
                                 settings->bench.beside);
    }
    if (is_good) {
        show_heads(report, beside);
        show_all(pairs, far_count, count);
    }
    for (size_t i = 0; i < WAX_COUNT(compared); i++) {
        levels_pairs_discard(&pairs[i]);
    }
    return is_good;
}
