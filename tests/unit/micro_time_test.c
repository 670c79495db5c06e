/* The small client and silence. The clock wraps in the middle of it. */
#include "micro_check.h"

static void silence_is_broken_by_a_ping(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    assert_int_equal(wax_micro_rest_ms(&world.micro), 60000);
    world.now_ms += 59999;
    turn(&world);
    assert_int_equal(wax_micro_rest_ms(&world.micro), 1);
    assert_true(got(&world, BYTES("")));
    world.now_ms++;
    turn(&world);
    assert_true(got(&world, BYTES("\xc0\x00"))); /* [MQTT-3.1.2-20] */
    assert_int_equal(wax_micro_rest_ms(&world.micro), 10000);
    hear(&world, BYTES("\xd0\x00"));
    assert_int_equal(world.status, WAX_MORE);
    assert_int_equal(wax_micro_rest_ms(&world.micro), 60000);
}

static void who_only_sends_asks_whether_the_server_is_there(void **state)
{
    struct world world;
    const wax_publish publish = {.topic = ROW("t")};

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    world.now_ms += 40000;
    assert_int_equal(wax_micro_publish_0(&world.micro, &publish), WAX_OK);
    turn(&world);
    world.now_ms += 20000;
    turn(&world);
    assert_true(got(&world, BYTES("\x30\x03\0\x01t\xc0\x00")));
}

static void an_answer_that_does_not_come_ends_it(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    world.now_ms += 60000;
    turn(&world);
    world.now_ms += 9999;
    turn(&world);
    assert_int_equal(world.status, WAX_MORE);
    world.now_ms++;
    turn(&world);
    assert_int_equal(world.status, WAX_KEEP_ALIVE_TIMEOUT);
    assert_int_equal(wax_micro_rest_ms(&world.micro), UINT32_MAX);
}

static void connack_must_come_in_time(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    assert_int_equal(dial(&world), WAX_OK);
    world.now_ms += 9999;
    turn(&world);
    assert_int_equal(world.status, WAX_MORE);
    world.now_ms++;
    turn(&world);
    assert_int_equal(world.status, WAX_KEEP_ALIVE_TIMEOUT);
}

static void without_keep_alive_nothing_is_due(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    world.config.connect.keep_alive_s = 0;
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, YES_3);
    assert_int_equal(wax_micro_rest_ms(&world.micro), UINT32_MAX);
    world.now_ms += 1U << 31;
    turn(&world);
    assert_int_equal(world.status, WAX_MORE);
}

static void bytes_that_do_not_leave_end_it_too(void **state)
{
    static const struct {
        size_t size;       /* of each payload */
        uint32_t limit_ms; /* with room for a ping it is sent first */
    } rows[] = {
        {10, 70000},
        {11, 60000},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;
        wax_publish publish = {
            .topic = ROW("t"), .payload = {world.inboxes[0], rows[i].size}
        };
        connect_as(&world, WAX_VERSION_3_1_1, YES_3);
        do {
            turn(&world);
        } while (wax_micro_publish_0(&world.micro, &publish) == WAX_OK);
        world.now_ms += 60000 - 1;
        turn(&world);
        assert_int_equal(world.status, WAX_MORE);
        world.now_ms += 1;
        turn(&world);
        world.now_ms += rows[i].limit_ms - 60000;
        if (rows[i].limit_ms > 60000) {
            assert_int_equal(world.status, WAX_MORE);
            turn(&world);
        }
        assert_int_equal(world.status, WAX_KEEP_ALIVE_TIMEOUT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_broken_by_a_ping),
        cmocka_unit_test(who_only_sends_asks_whether_the_server_is_there),
        cmocka_unit_test(an_answer_that_does_not_come_ends_it),
        cmocka_unit_test(connack_must_come_in_time),
        cmocka_unit_test(without_keep_alive_nothing_is_due),
        cmocka_unit_test(bytes_that_do_not_leave_end_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
