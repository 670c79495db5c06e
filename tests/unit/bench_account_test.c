/* The percentiles of a load, and the order of what came. */
#include "../check.h"

#include "bench/bench.h"

#include <unistd.h>

static wax_histogram histogram;

static void clear(void)
{
    memset(&histogram, 0, sizeof histogram);
}

static void an_empty_histogram_says_nothing(void **state)
{
    (void)state;
    clear();
    assert_int_equal(wax_histogram_quantile(&histogram, 50000), 0);
}

static void small_values_are_exact(void **state)
{
    (void)state;
    clear();
    for (uint64_t value = 1; value <= 60; value++) {
        wax_histogram_add(&histogram, value);
    }
    assert_int_equal(wax_histogram_quantile(&histogram, 0), 1);
    assert_int_equal(wax_histogram_quantile(&histogram, 50000), 30);
    assert_int_equal(wax_histogram_quantile(&histogram, 100000), 60);
}

static void every_value_is_told_within_a_32nd(void **state)
{
    (void)state;
    for (uint64_t value = 1; value < UINT64_C(1) << 45; value += value / 7 + 1) {
        uint64_t told;

        clear();
        wax_histogram_add(&histogram, value);
        wax_histogram_add(&histogram, value * 4); /* so that the greatest does not cut it */
        told = wax_histogram_quantile(&histogram, 50000);
        assert_true(told >= value);
        assert_true(told - value <= value / 32);
    }
}

static void what_is_too_large_counts_at_the_end(void **state)
{
    (void)state;
    clear();
    wax_histogram_add(&histogram, 5);
    wax_histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(wax_histogram_quantile(&histogram, 50000), 5);
    assert_true(wax_histogram_quantile(&histogram, 100000) >= (UINT64_C(1) << 46) - 1);
    assert_int_equal(histogram.greatest, UINT64_MAX);
}

static void one_in_a_thousand_shows_at_the_right_percentile(void **state)
{
    (void)state;
    clear();
    for (int i = 0; i < 9990; i++) {
        wax_histogram_add(&histogram, 10);
    }
    for (int i = 0; i < 10; i++) {
        wax_histogram_add(&histogram, 50);
    }
    assert_int_equal(wax_histogram_quantile(&histogram, 99900), 10);
    assert_int_equal(wax_histogram_quantile(&histogram, 99901), 50);
}

static void what_comes_in_order_is_in_order(void **state)
{
    (void)state;
    wax_ledger ledger = {0};

    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(wax_ledger_take(&ledger, i), WAX_ARRIVAL_IN_ORDER);
    }
    assert_int_equal(ledger.received, 200);
}

static void what_comes_twice_comes_again(void **state)
{
    (void)state;
    wax_ledger ledger = {0};

    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(wax_ledger_take(&ledger, i), WAX_ARRIVAL_IN_ORDER);
        assert_int_equal(wax_ledger_take(&ledger, i), WAX_ARRIVAL_AGAIN);
    }
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(wax_ledger_take(&ledger, i), WAX_ARRIVAL_AGAIN);
    }
    assert_int_equal(ledger.received, 100);
}

static void what_was_left_out_is_late_once(void **state)
{
    (void)state;
    wax_ledger ledger = {0};

    assert_int_equal(wax_ledger_take(&ledger, 1), WAX_ARRIVAL_IN_ORDER);
    assert_int_equal(wax_ledger_take(&ledger, 5), WAX_ARRIVAL_IN_ORDER);
    assert_int_equal(wax_ledger_take(&ledger, 0), WAX_ARRIVAL_LATE);
    assert_int_equal(wax_ledger_take(&ledger, 0), WAX_ARRIVAL_AGAIN);
    assert_int_equal(wax_ledger_take(&ledger, 3), WAX_ARRIVAL_LATE);
    assert_int_equal(wax_ledger_take(&ledger, 1), WAX_ARRIVAL_AGAIN);
    assert_int_equal(wax_ledger_take(&ledger, 3), WAX_ARRIVAL_AGAIN);
    assert_int_equal(ledger.received, 4);
    assert_int_equal(ledger.next, 6);
}

/* As a set of everything would tell it, as long as nothing is more than 64 behind. */
static void any_order_within_reach_is_told_rightly(void **state)
{
    (void)state;
    bool has_come[4096] = {false};
    wax_ledger ledger = {0};
    uint32_t random = 7;
    uint32_t received = 0;

    for (int i = 0; i < 20000 && ledger.next < 4000; i++) {
        wax_arrival arrival;
        uint32_t number;

        random = random * 1664525U + 1013904223U;
        number = ledger.next + (random >> 16U) % 68;
        number = number < 64 ? 0 : number - 64;
        arrival = number >= ledger.next ? WAX_ARRIVAL_IN_ORDER
                  : has_come[number]    ? WAX_ARRIVAL_AGAIN
                                        : WAX_ARRIVAL_LATE;
        assert_int_equal(wax_ledger_take(&ledger, number), arrival);
        received += !has_come[number];
        has_come[number] = true;
        assert_int_equal(ledger.received, received);
    }
}

static void a_process_tells_what_it_uses(void **state)
{
    (void)state;
    wax_usage before;
    wax_usage after;

    assert_int_equal(wax_usage_read(getpid(), &before), WAX_OK);
    for (volatile uint32_t i = 0; i < 30000000; i++) {
    }
    assert_int_equal(wax_usage_read(getpid(), &after), WAX_OK);
    assert_true(after.resident > 100000);
    assert_true(after.cpu_ns > before.cpu_ns);
    assert_int_equal(wax_usage_read(-1, &after), WAX_IO);
}

static void scenarios_are_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < wax_bench_scenario_count; i++) {
        assert_ptr_equal(wax_bench_find(wax_bench_scenarios[i].name), &wax_bench_scenarios[i]);
    }
    assert_null(wax_bench_find("pair"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_histogram_says_nothing),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(every_value_is_told_within_a_32nd),
        cmocka_unit_test(what_is_too_large_counts_at_the_end),
        cmocka_unit_test(one_in_a_thousand_shows_at_the_right_percentile),
        cmocka_unit_test(what_comes_in_order_is_in_order),
        cmocka_unit_test(what_comes_twice_comes_again),
        cmocka_unit_test(what_was_left_out_is_late_once),
        cmocka_unit_test(any_order_within_reach_is_told_rightly),
        cmocka_unit_test(a_process_tells_what_it_uses),
        cmocka_unit_test(scenarios_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
