/* Timers: each is called once, when it is due and in that order, whatever is started and stopped
 * meanwhile. */
#include "../check.h"

#include "os/os.h"

enum { COUNT = 40 };

struct alarm {
    wax_timer timer;
    uint64_t at_ms; /* WAX_NEVER: it is stopped */
    unsigned calls;
};

static struct alarm alarms[COUNT];
static uint64_t latest_ms;

static void ring(wax_timer *timer, uint64_t now_ms)
{
    struct alarm *alarm = WAX_OWNER(timer, struct alarm, timer);

    assert_true(alarm->at_ms <= now_ms);
    assert_true(alarm->at_ms >= latest_ms);
    latest_ms = alarm->at_ms;
    alarm->calls++;
}

static void timers_come_in_the_order_of_their_times(void **state)
{
    wax_loop loop;
    uint64_t start_ms;

    (void)state;
    assert_int_equal(wax_loop_open(&loop), WAX_OK);
    start_ms = loop.now_ms - COUNT; /* all are over by the first turn */
    for (size_t i = 0; i < COUNT; i++) {
        alarms[i] = (struct alarm){.timer = {.due = ring}};
        wax_loop_start(&loop, &alarms[i].timer, start_ms + 1000000);
    }
    for (size_t i = 0; i < COUNT; i++) { /* another time for each, and some are stopped */
        alarms[i].at_ms = i % 5 == 3 ? WAX_NEVER : start_ms + i * 17 % COUNT;
        wax_loop_start(&loop, &alarms[i].timer, alarms[i].at_ms);
        assert_true(wax_loop_due_ms(&loop, &alarms[i].timer) == alarms[i].at_ms);
    }
    wax_loop_turn(&loop, true);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(alarms[i].calls, alarms[i].at_ms == WAX_NEVER ? 0 : 1);
        assert_true(wax_loop_due_ms(&loop, &alarms[i].timer) == WAX_NEVER);
    }
    wax_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_in_the_order_of_their_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
