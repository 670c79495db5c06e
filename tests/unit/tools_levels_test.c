/* Which levels are measured, and what becomes of the figures of all rounds. */
#include "../check.h"

#include "tools/levels.h"
#include "tools/options.h"

#define W(word)   (char *)(uintptr_t)(word)
#define GRID(...) grid_of((char *[]){W("bench"), W("levels"), __VA_ARGS__, NULL})

static struct settings settings;
static struct levels_grid grid;

/* Whether a command line, which ends with NULL, names a grid that can be measured. */
static bool grid_of(char **words)
{
    int count = 0;
    int code = 0;

    while (words[count] != NULL) {
        count++;
    }
    tools_settings_discard(&settings);
    assert_true(tools_options_begin(&settings, TOOL_BENCH, count, words, &code));
    return levels_grid_read(&settings, &grid);
}

static void nothing_said_is_everything(void **state)
{
    (void)state;
    assert_true(GRID(W("--quiet")));
    assert_int_equal(grid.level_count, WAX_LEVELS_COUNT);
    assert_int_equal(grid.size_count, 8);
    assert_int_equal(grid.count_count, 5);
    assert_int_equal(grid.rounds, 9);
    assert_int_equal(grid.memory_limit, 0);
}

static void the_default_grid_fits_in_ten_minutes(void **state)
{
    (void)state;
    assert_true(GRID(W("--quiet")));
    uint64_t turns = (uint64_t)grid.rounds * (grid.level_count + 1) * grid.size_count *
                     grid.count_count * grid.turns;

    assert_true(grid.turns >= 2);
    assert_true(grid.turn_ms >= 10);
    assert_true(turns * grid.turn_ms < UINT64_C(8) * 60000);
}

static void a_name_is_one_level_and_a_beginning_is_several(void **state)
{
    (void)state;
    assert_true(GRID(W("--levels"), W("L2")));
    assert_int_equal(grid.level_count, 4); /* L0, which the others are held against, and three */
    assert_string_equal(wax_levels[grid.levels[0]].name, "L0");
    assert_string_equal(wax_levels[grid.levels[1]].name, "L2-suite1");
    assert_true(GRID(W("--levels"), W("L2cbc,L3-tls1.3,L0")));
    assert_int_equal(grid.level_count, 5);
}

static void lists_are_sorted_and_named_once(void **state)
{
    (void)state;
    assert_true(GRID(W("--sizes"), W("1K,16,1024,64"), W("--counts"), W("10,5")));
    assert_int_equal(grid.size_count, 3);
    assert_int_equal(grid.sizes[0], 16);
    assert_int_equal(grid.sizes[2], 1024);
    assert_int_equal(grid.counts[0], 5);
}

static void what_is_no_grid_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"--levels",       "L5"                  },
        {"--levels",       "L3-tls1.1"           },
        {"--levels",       ","                   },
        {"--sizes",        "0"                   },
        {"--sizes",        "17M"                 },
        {"--sizes",        ""                    },
        {"--sizes",        "12x"                 },
        {"--sizes",        "-1"                  },
        {"--counts",       "0"                   },
        {"--counts",       "1000001"             },
        {"--counts",       ","                   },
        {"--memory-limit", "many"                },
        {"--memory-limit", "1023"                },
        {"--rounds",       "100"                 },
        {"--sizes",        "99999999999999999999"},
        {"--counts",       "1,2,3,4,5,6,7,8,9"   },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (GRID(W("--quiet"), W(rows[i][0]), W(rows[i][1]))) {
            fail_msg("taken: %s %s", rows[i][0], rows[i][1]);
        }
    }
}

static void a_grid_that_takes_too_long_is_refused(void **state)
{
    (void)state;
    assert_false(GRID(W("--rounds"), W("99"), W("--minutes"), W("1")));
    assert_true(GRID(W("--rounds"), W("3"), W("--minutes"), W("1"), W("--levels"), W("L1")));
}

static void sizes_have_units(void **state)
{
    uint64_t size = 0;

    (void)state;
    assert_true(levels_read_size("160K", UINT64_C(1) << 40, &size));
    assert_int_equal(size, 163840);
    assert_true(levels_read_size("2M", UINT64_C(1) << 40, &size));
    assert_int_equal(size, 2097152);
    assert_false(levels_read_size("2G", UINT64_C(1) << 40, &size));
    assert_false(levels_read_size("K", UINT64_C(1) << 40, &size));
    assert_false(levels_read_size("2K", 2047, &size));
}

/* ---- Figures ---- */

enum { ROUNDS = 4 };

/* Each message takes so many microseconds of the client at L0, and `times` as many at L2-suite1. */
static void fill(wax_levels_result *result, uint64_t us, uint32_t sent)
{
    *result = (wax_levels_result){.cell_count = 1};
    result->cells[0] = (wax_levels_cell){
        .wanted = 100,
        .sent = sent,
        .cost = {.elapsed_us = us * sent,
                 .client_cpu_ns = us * sent * 1000,
                 .broker_cpu_ns = us * sent * 1000,
                 .bytes_out = 50 * (uint64_t)sent},
    };
}

static void reduce(const uint64_t us[ROUNDS], struct levels_report *report)
{
    static wax_levels_result messages[ROUNDS * 2];
    static wax_levels_result connects[ROUNDS * 4];
    const struct levels_results results = {
        .grid = {.levels = {0, 3},
                 .level_count = 2,
                 .sizes = {64},
                 .size_count = 1,
                 .counts = {100},
                 .count_count = 1,
                 .rounds = ROUNDS},
        .messages = messages,
        .connects = connects,
    };

    for (size_t i = 0; i < ROUNDS; i++) {
        fill(&messages[2 * i], 10 * (i + 1), 100); /* a machine that becomes slower and slower */
        fill(&messages[2 * i + 1], us[i], 20);
    }
    assert_true(levels_reduce(&results, report));
}

static void ratios_are_to_the_same_round(void **state)
{
    struct levels_report report;
    const struct levels_row *row;

    (void)state;
    reduce((uint64_t[]){20, 40, 60, 80}, &report);
    row = levels_find_row(&report, 3, 64, 100);
    assert_non_null(row);
    assert_true(row->is_sampled);
    assert_float_equal(row->values[LEVELS_TIME_RATIO], 2, 0.001);
    assert_float_equal(row->values[LEVELS_BOTH_RATIO], 2, 0.001);
    assert_float_equal(row->values[LEVELS_TIME], 5000, 0.1); /* of all hundred */
    assert_float_equal(row->values[LEVELS_OUT], 50, 0.001);
    assert_false(report.is_noisy);
    assert_false(levels_find_row(&report, 0, 64, 100)->is_sampled);
    levels_report_discard(&report);
}

static void rounds_that_differ_are_noise(void **state)
{
    struct levels_report report;

    (void)state;
    reduce((uint64_t[]){20, 60, 60, 200}, &report);
    assert_true(report.is_noisy);
    assert_true(report.noise > LEVELS_NOISE_MAX);
    levels_report_discard(&report);
}

/* Counts that the time cut short are one sample; those before are not part of it. */
static void samples_are_taken_together(void **state)
{
    static wax_levels_result messages[2];
    static wax_levels_result connects[4];
    const struct levels_results results = {
        .grid = {.levels = {0, 3},
                 .level_count = 2,
                 .sizes = {64},
                 .size_count = 1,
                 .counts = {10, 100, 1000},
                 .count_count = 3,
                 .rounds = 1},
        .messages = messages,
        .connects = connects,
    };
    static const uint32_t sent[2][3] = {
        {50, 200, 500},
        {20, 60,  40 }
    };
    static const uint64_t us[2][3] = {
        {1, 1, 1},
        {5, 2, 4}
    };
    struct levels_report report;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        wax_levels_cell *cell = &messages[i / 3].cells[i % 3];

        *cell = (wax_levels_cell){.wanted = results.grid.counts[i % 3], .sent = sent[i / 3][i % 3]};
        cell->cost.elapsed_us = cell->sent * us[i / 3][i % 3];
        cell->cost.client_cpu_ns = cell->cost.elapsed_us * 1000;
    }
    assert_true(levels_reduce(&results, &report));
    assert_float_equal(levels_find_row(&report, 3, 64, 10)->values[LEVELS_TIME_RATIO], 5, 0.001);
    assert_float_equal(levels_find_row(&report, 3, 64, 100)->values[LEVELS_TIME_RATIO], 2.8, 0.001);
    assert_float_equal(levels_find_row(&report, 3, 64, 1000)->values[LEVELS_TIME_RATIO], 2.8,
                       0.001);
    assert_float_equal(levels_find_row(&report, 3, 64, 1000)->values[LEVELS_TIME], 2800, 0.001);
    assert_float_equal(levels_find_row(&report, 0, 64, 100)->values[LEVELS_TIME], 100, 0.001);
    levels_report_discard(&report);
}

/* ---- Two measurements ---- */

static void pairs_are_sorted_and_far_ones_counted(void **state)
{
    static struct levels_row rows[2][5];
    const struct levels_report reports[2] = {
        {.rows = rows[0], .row_count = 5},
        {.rows = rows[1], .row_count = 4}, /* the last one was measured once only */
    };
    static const double ratios[2][5] = {
        {1, 2,   3, 4,    5},
        {7, 2.1, 2, 4.36, 0}
    };
    struct levels_pairs pairs;

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        rows[i / 5][i % 5] = (struct levels_row){.level = i % 5, .size = 64, .count = 10};
        rows[i / 5][i % 5].values[LEVELS_TIME_RATIO] = ratios[i / 5][i % 5];
    }
    assert_true(levels_pair_up(&reports[0], &reports[1], LEVELS_TIME_RATIO, &pairs));
    assert_int_equal(pairs.count, 3); /* without L0 */
    assert_int_equal(pairs.far_count, 1);
    assert_float_equal(pairs.items[0].difference, 0.05, 0.0001);
    assert_float_equal(pairs.items[1].difference, 0.09, 0.0001);
    assert_float_equal(pairs.items[2].difference, 0.50, 0.0001);
    assert_int_equal(pairs.items[2].row->level, 2);
    levels_pairs_discard(&pairs);
    assert_true(levels_pair_up(&reports[0], &reports[1], LEVELS_BOTH_RATIO, &pairs));
    assert_int_equal(pairs.count, 0);
    levels_pairs_discard(&pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_everything),
        cmocka_unit_test(the_default_grid_fits_in_ten_minutes),
        cmocka_unit_test(a_name_is_one_level_and_a_beginning_is_several),
        cmocka_unit_test(lists_are_sorted_and_named_once),
        cmocka_unit_test(what_is_no_grid_is_refused),
        cmocka_unit_test(a_grid_that_takes_too_long_is_refused),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(ratios_are_to_the_same_round),
        cmocka_unit_test(rounds_that_differ_are_noise),
        cmocka_unit_test(samples_are_taken_together),
        cmocka_unit_test(pairs_are_sorted_and_far_ones_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
