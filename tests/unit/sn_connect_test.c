/* How a device connects by the gateway, with its Will, and how the Will is changed. */
#include "../check.h"

#include "../sn_world.h"

#define STEP(packet, kind) assert_int_equal((packet).type, (kind))

static void a_device_connects_when_the_broker_lets_it_in(void **state)
{
    struct world world;
    wax_connect connect;
    wax_packet up;

    (void)state;
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, WAX_SN_CLEAN, 0, "device");
    assert_int_equal(world.down.used, 0);
    assert_int_equal(world.client.line, WAX_SN_LINE_WANTED);
    say(&world, WAX_SN_CONNECT, WAX_SN_CLEAN, 0, "device"); /* it repeats itself */
    assert_int_equal(world.down.used, 0);
    broker_is_reached(&world);
    up = next_up(&world);
    STEP(up, WAX_CONNECT);
    assert_int_equal(wax_connect_read(&connect, up.body), WAX_OK);
    assert_true(connect.clean_start && !connect.has_will);
    assert_true(wax_bytes_equal(connect.client_id, WAX_TEXT("device")));
    broker_accepts(&world, false);
    assert_int_equal(next_down(&world).code, WAX_SN_ACCEPTED);
    assert_int_equal(world.client.state, WAX_SN_ACTIVE);
}

static void a_refusal_is_congestion_or_for_good(void **state)
{
    static const struct {
        const char *name;
        uint8_t reason;
        uint8_t code;
    } rows[] = {
        {"busy",           WAX_SERVER_BUSY,        WAX_SN_CONGESTION   },
        {"unavailable",    WAX_SERVER_UNAVAILABLE, WAX_SN_CONGESTION   },
        {"not authorized", WAX_NOT_AUTHORIZED,     WAX_SN_NOT_SUPPORTED},
        {"bad login",      WAX_BAD_LOGIN,          WAX_SN_NOT_SUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_connack connack = {.reason = rows[i].reason};
        struct world world;
        uint8_t room[32];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_sn_packet down;

        world_begin(&world, WAX_VERSION_5);
        say(&world, WAX_SN_CONNECT, 0, 0, "device");
        broker_is_reached(&world);
        assert_int_equal(wax_connack_write(&out, &connack, WAX_VERSION_5), WAX_OK);
        broker_says(&world, wax_writer_bytes(&out));
        down = next_down(&world);
        check_row(rows[i].name, down.type == WAX_SN_CONNACK && down.code == rows[i].code);
        check_row(rows[i].name, world.client.state == WAX_SN_ENDED);
        check_row(rows[i].name, world.client.line == WAX_SN_LINE_CUT);
    }
}

static void a_broker_that_cannot_be_reached_is_congestion(void **state)
{
    struct world world;
    wax_sn_packet down;

    (void)state;
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, 0, 0, "device");
    broker_is_lost(&world);
    down = next_down(&world);
    STEP(down, WAX_SN_CONNACK);
    assert_int_equal(down.code, WAX_SN_CONGESTION);
    assert_int_equal(world.client.state, WAX_SN_ENDED);
    assert_string_equal(world.client.fault, "lost");
}

static void connecting_has_a_time_limit(void **state)
{
    struct world world;

    (void)state;
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, WAX_SN_WILL, 0, "device");
    STEP(next_down(&world), WAX_SN_WILLTOPICREQ);
    assert_int_equal(wax_sn_client_deadline_ms(&world.client), 31000);
    time_passes(&world, 29999);
    assert_int_equal(world.client.state, WAX_SN_WILL_TOPIC);
    time_passes(&world, 1);
    assert_int_equal(next_down(&world).code, WAX_SN_CONGESTION);
    assert_int_equal(world.client.state, WAX_SN_ENDED);
}

static void a_will_is_asked_for_before_the_broker(void **state)
{
    struct world world;
    wax_connect connect;

    (void)state;
    world_begin(&world, WAX_VERSION_3_1_1);
    say(&world, WAX_SN_CONNECT, WAX_SN_WILL, 0, "device");
    STEP(next_down(&world), WAX_SN_WILLTOPICREQ);
    say(&world, WAX_SN_WILLMSG, 0, 0, "too early");
    assert_int_equal(world.client.state, WAX_SN_WILL_TOPIC);
    say(&world, WAX_SN_WILLTOPIC, WAX_SN_QOS_1 | WAX_SN_RETAIN, 0, "will");
    STEP(next_down(&world), WAX_SN_WILLMSGREQ);
    say(&world, WAX_SN_WILLTOPIC, WAX_SN_QOS_1 | WAX_SN_RETAIN, 0,
        "will"); /* WILLMSGREQ was lost */
    STEP(next_down(&world), WAX_SN_WILLMSGREQ);
    say(&world, WAX_SN_WILLMSG, 0, 0, "gone");
    assert_int_equal(world.client.line, WAX_SN_LINE_WANTED);
    broker_is_reached(&world);
    assert_int_equal(wax_connect_read(&connect, next_up(&world).body), WAX_OK);
    assert_true(connect.has_will && connect.will.retain && connect.will.qos == 1);
    assert_true(wax_bytes_equal(connect.will.topic, WAX_TEXT("will")));
    assert_true(wax_bytes_equal(connect.will.payload, WAX_TEXT("gone")));
    assert_false(connect.clean_start);
}

static void a_will_that_is_none_is_refused(void **state)
{
    static char large[WAX_SN_WILL_SIZE_MAX + 2];
    static const char *const topics[] = {"a/#", "+", "\xff", NULL};
    struct world world;

    (void)state;
    for (size_t i = 0; topics[i] != NULL; i++) {
        world_begin(&world, WAX_VERSION_5);
        say(&world, WAX_SN_CONNECT, WAX_SN_WILL, 0, "device");
        say(&world, WAX_SN_WILLTOPIC, 0, 0, topics[i]);
        assert_int_equal(next_down(&world).code, WAX_SN_NOT_SUPPORTED);
        assert_int_equal(world.client.state, WAX_SN_ENDED);
    }
    memset(large, 'x', sizeof large - 1);
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, WAX_SN_WILL, 0, "device");
    say(&world, WAX_SN_WILLTOPIC, 0, 0, "will");
    say(&world, WAX_SN_WILLMSG, 0, 0, large);
    assert_int_equal(next_down(&world).code, WAX_SN_NOT_SUPPORTED);
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, WAX_SN_WILL, 0, "device");
    say(&world, WAX_SN_WILLTOPIC, 0, 0, ""); /* none after all */
    assert_int_equal(world.client.state, WAX_SN_JOINING);
    assert_false(world.client.has_will);
}

static void a_changed_will_is_a_new_connection_with_the_old_session(void **state)
{
    struct world world;
    wax_connect connect;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    say(&world, WAX_SN_WILLTOPICUPD, WAX_SN_QOS_2, 0, "will");
    STEP(next_up(&world), WAX_DISCONNECT);
    assert_int_equal(world.client.line, WAX_SN_LINE_LEAVING);
    say(&world, WAX_SN_PUBLISH, WAX_SN_QOS_1 | WAX_SN_TOPIC_PREDEFINED, 5, "not now");
    assert_int_equal(world.up.used + world.down.used, 0);
    broker_is_lost(&world);
    assert_int_equal(world.down.used, 0);
    assert_int_equal(world.client.line, WAX_SN_LINE_WANTED);
    broker_is_reached(&world);
    assert_int_equal(wax_connect_read(&connect, next_up(&world).body), WAX_OK);
    assert_true(connect.has_will && connect.will.qos == 2 && !connect.clean_start);
    broker_accepts(&world, true);
    STEP(next_down(&world), WAX_SN_WILLTOPICRESP);
    STEP(next_down(&world), 0xff);
    say(&world, WAX_SN_WILLMSGUPD, 0, 0, "gone");
    broker_is_lost(&world);
    broker_is_reached(&world);
    broker_accepts(&world, false); /* the session is gone: the device must know */
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    STEP(next_up(&world), WAX_DISCONNECT);
    assert_int_equal(world.client.state, WAX_SN_ENDED);
}

/* A clean session of MQTT 3.1.1 is a new one with each connection. */
static void a_will_is_changed_where_no_session_is_lost(void **state)
{
    const wax_sn_packet publish = {.type = WAX_SN_PUBLISH,
                                   .flags = WAX_SN_QOS_1 | WAX_SN_TOPIC_PREDEFINED,
                                   .topic_id = 7,
                                   .message_id = 1};
    struct world world;
    wax_connect connect;

    (void)state;
    world_connected(&world, WAX_VERSION_3_1_1, WAX_SN_CLEAN);
    device_says(&world, &publish); /* and is not answered yet */
    STEP(next_up(&world), WAX_PUBLISH);
    say(&world, WAX_SN_WILLTOPICUPD, WAX_SN_QOS_1, 0, "will");
    assert_int_equal(world.up.used + world.down.used, 0); /* later */
    world_connected(&world, WAX_VERSION_3_1_1, WAX_SN_CLEAN);
    say(&world, WAX_SN_WILLTOPICUPD, WAX_SN_QOS_1, 0, "will");
    STEP(next_up(&world), WAX_DISCONNECT);
    broker_is_lost(&world);
    broker_is_reached(&world);
    assert_int_equal(wax_connect_read(&connect, next_up(&world).body), WAX_OK);
    assert_true(connect.has_will && connect.will.qos == 1 && connect.clean_start);
    broker_accepts(&world, false);
    STEP(next_down(&world), WAX_SN_WILLTOPICRESP);
    assert_int_equal(world.client.state, WAX_SN_ACTIVE);
    say(&world, WAX_SN_SUBSCRIBE, WAX_SN_TOPIC_NAME, 2, "t");
    STEP(next_up(&world), WAX_SUBSCRIBE);
    say(&world, WAX_SN_WILLMSGUPD, 0, 0, "too late");
    assert_int_equal(next_down(&world).code, WAX_SN_NOT_SUPPORTED);
    assert_int_equal(world.up.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_connects_when_the_broker_lets_it_in),
        cmocka_unit_test(a_refusal_is_congestion_or_for_good),
        cmocka_unit_test(a_broker_that_cannot_be_reached_is_congestion),
        cmocka_unit_test(connecting_has_a_time_limit),
        cmocka_unit_test(a_will_is_asked_for_before_the_broker),
        cmocka_unit_test(a_will_that_is_none_is_refused),
        cmocka_unit_test(a_changed_will_is_a_new_connection_with_the_old_session),
        cmocka_unit_test(a_will_is_changed_where_no_session_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
