/* What the options of wax bench make of a scenario. */
#include "../check.h"

#include "tools/bench_parts.h"
#include "tools/options.h"

#define W(word)   (char *)(uintptr_t)(word)
#define PLAN(...) plan_of((char *[]){W("bench"), __VA_ARGS__, NULL})

static struct settings settings;

/* Reads a command line of words, which ends with NULL. */
static wax_bench_plan plan_of(char **words)
{
    int count = 0;
    int code = 0;

    while (words[count] != NULL) {
        count++;
    }
    tools_settings_discard(&settings);
    assert_true(tools_options_begin(&settings, TOOL_BENCH, count, words, &code));
    return bench_plan(&settings, wax_bench_find(settings.bench.words.items[0]));
}

static void a_scenario_brings_its_numbers(void **state)
{
    (void)state;
    wax_bench_plan plan = PLAN(W("fan-out"));

    assert_int_equal(plan.publishers, 1);
    assert_int_equal(plan.subscribers, 1000);
    assert_int_equal(plan.payload_size, 64);
    assert_int_equal(plan.window, 32);
    assert_int_equal(plan.version, WAX_VERSION_3_1_1);
    assert_int_equal(plan.items, 0);
    assert_int_equal(plan.warm_ms, 500);
}

static void pairs_have_as_many_of_both(void **state)
{
    (void)state;
    wax_bench_plan plan = PLAN(W("pairs"), W("--subscribers"), W("7"));

    assert_int_equal(plan.publishers, 7);
    assert_int_equal(plan.subscribers, 7);
    plan = PLAN(W("pairs"), W("--publishers"), W("3"), W("--subscribers"), W("7"));
    assert_int_equal(plan.publishers, 3);
    assert_int_equal(plan.subscribers, 3);
}

static void many_filters_are_those_of_one_subscriber(void **state)
{
    (void)state;
    wax_bench_plan plan = PLAN(W("filters"), W("--subscribers"), W("7"), W("--items"), W("55"));

    assert_int_equal(plan.subscribers, 1);
    assert_int_equal(plan.items, 55);
    assert_int_equal(PLAN(W("retained")).items, 100000);
}

static void the_window_fits_the_load(void **state)
{
    (void)state;
    assert_int_equal(PLAN(W("pairs"), W("-q"), W("1")).window, 16);
    assert_int_equal(PLAN(W("pairs"), W("-q"), W("2"), W("--window"), W("1")).window, 1);
    assert_int_equal(PLAN(W("pairs"), W("-q"), W("1"), W("--rate"), W("9")).window, 1000);
    assert_int_equal(PLAN(W("pairs"), W("-q"), W("2"), W("--rate"), W("9")).window, 20);
    assert_int_equal(PLAN(W("pairs"), W("-q"), W("2"), W("--rate"), W("9"), W("-V"), W("5")).window,
                     1000);
}

static void times_have_fractions(void **state)
{
    (void)state;
    wax_bench_plan plan = PLAN(W("pairs"), W("--seconds"), W("0.25"), W("--warm-up"), W("0"));

    assert_int_equal(plan.run_ms, 250);
    assert_int_equal(plan.warm_ms, 0);
    assert_int_equal(plan.patience_ms, 5000);
}

static void codes_tell_faults_from_failures(void **state)
{
    (void)state;
    assert_int_equal(bench_code(WAX_OK), 0);
    assert_int_equal(bench_code(WAX_INVALID), 2);
    assert_int_equal(bench_code(WAX_IO), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scenario_brings_its_numbers),
        cmocka_unit_test(pairs_have_as_many_of_both),
        cmocka_unit_test(many_filters_are_those_of_one_subscriber),
        cmocka_unit_test(the_window_fits_the_load),
        cmocka_unit_test(times_have_fractions),
        cmocka_unit_test(codes_tell_faults_from_failures),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    tools_settings_discard(&settings);
    return failed;
}
