/* What the small client does with MQTT 5. */
#include "micro_check.h"

static void connect_announces_what_this_end_bears(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_5, wax_micro_take_all);
    world.config.connect.properties = BYTES("\x11\0\0\0\x05");
    assert_int_equal(dial(&world), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x10\x1b\0\x04MQTT\x05\0\0\x3c\x0d\x11\0\0\0\x05\x21\0\x02\x27\0"
                                  "\0\0\x50\0\x01"
                                  "d")));
}

static void properties_that_do_not_fit_are_told(void **state)
{
    static const uint8_t many[RECEIVE_SIZE];
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_5, wax_micro_take_answers);
    world.config.connect.properties =
        wax_bytes_of(many, RECEIVE_SIZE - WAX_MICRO_PROPERTIES_ROOM + 1);
    assert_int_equal(dial(&world), WAX_TOO_LARGE);
    assert_null(world.micro.transport);
}

static void what_the_server_announces_is_heeded(void **state)
{
    struct world world;
    const wax_subscription all = {.filter = ROW("a/filter/that/is/longer")};
    wax_publish publish = {.topic = ROW("t"), .qos = 2};
    uint16_t id;

    (void)state;
    /* Receive Maximum 1, Maximum QoS 1, no retained messages, 30 bytes at most, keep alive 5 s */
    connect_as(&world, WAX_VERSION_5,
               BYTES("\x20\x12\0\0\x0f\x21\0\x01\x24\x01\x25\0\x27\0\0\0\x1e\x13\0\x05"));
    assert_int_equal(wax_micro_rest_ms(&world.micro), 5000);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_INVALID); /* [MQTT-3.2.2-11] */
    publish.qos = 1;
    publish.retain = true;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_INVALID); /* [MQTT-3.2.2-14] */
    publish.retain = false;
    publish.payload = wax_bytes_of(world.inboxes, 23);
    assert_int_equal(wax_micro_publish(&world.micro, &publish),
                     WAX_TOO_LARGE); /* [MQTT-3.1.2-25] */
    publish.payload.size = 22;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_CROWDED); /* [MQTT-3.3.4-7] */
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_SUBSCRIBE, &id), WAX_TOO_LARGE);
    hear(&world, BYTES("\x40\x03\0\x01\x10"));
    assert_true(told(&world, WAX_MICRO_DELIVERED));
    assert_int_equal(world.events[0].reason, WAX_REASON_NO_MATCHING_SUBSCRIBERS);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
}

static void a_refused_message_is_over(void **state)
{
    struct world world;
    wax_publish publish = {.topic = ROW("t"), .qos = 2};

    (void)state;
    connect_as(&world, WAX_VERSION_5, YES_5);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x34\x06\0\x01t\0\x01\0")));
    hear(&world, BYTES("\x50\x03\0\x01\x87"));
    assert_true(told(&world, WAX_MICRO_DELIVERED)); /* [MQTT-4.4.0-2] */
    assert_int_equal(world.events[0].reason, WAX_NOT_AUTHORIZED);
    assert_true(got(&world, BYTES("")));
}

static void subscriptions_have_options(void **state)
{
    struct world world;
    const wax_subscription all = {.filter = ROW("#"), .qos = 1, .no_local = true};
    uint16_t id;

    (void)state;
    connect_as(&world, WAX_VERSION_5, YES_5);
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_SUBSCRIBE, &id), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x82\x07\0\x01\0\0\x01#\x05")));
    hear(&world, BYTES("\x90\x04\0\x01\0\x87"));
    assert_true(told(&world, WAX_MICRO_SUBSCRIBED));
}

static void the_server_says_why_it_goes(void **state)
{
    static const struct {
        wax_bytes packet;
        wax_status status;
        bool is_told;
    } rows[] = {
        {ROW("\xe0\x00"),                       WAX_CLOSED,         true },
        {ROW("\xe0\x01\x8b"),                   WAX_SHUTTING_DOWN,  true },
        {ROW("\xe0\x01\x04"),                   WAX_CLOSED,         true },
        {ROW("\xe0\x01\x86"),                   WAX_MALFORMED,      false},
        {ROW("\xe0\x07\x8b\x05\x11\0\0\0\x01"), WAX_PROTOCOL_ERROR, false}, /* [MQTT-3.14.2-2] */
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;
        connect_as(&world, WAX_VERSION_5, YES_5);
        hear(&world, rows[i].packet);
        assert_int_equal(world.status, rows[i].status);
        assert_int_equal(told(&world, WAX_MICRO_DISCONNECTED), rows[i].is_told);
    }
}

/* The server is told why the connection ends. */
static void bad_packets_are_answered(void **state)
{
    static const struct {
        const char *name;
        wax_bytes packet;
        wax_status status;
    } rows[] = {
        {"a topic alias",                   ROW("\x30\x07\0\x01t\x03\x23\0\x01"),      WAX_BAD_ALIAS       },
        {"an alias alone",                  ROW("\x30\x06\0\0\x03\x23\0\x01"),         WAX_BAD_ALIAS       },
        {"an unknown property",             ROW("\x30\x06\0\x01t\x02\x7f\0"),          WAX_MALFORMED       },
        {"a property of another packet",    ROW("\x30\x07\0\x01t\x03\x21\0\x01"),      WAX_MALFORMED       },
        {"a property twice",                ROW("\x30\x08\0\x01t\x04\x01\0\x01\0"),    WAX_PROTOCOL_ERROR  },
        {"properties that are cut",         ROW("\x30\x05\0\x01t\x03\x01"),            WAX_MALFORMED       },
        {"AUTH that nobody asked for",      ROW("\xf0\x02\x18\0"),                     WAX_PROTOCOL_ERROR  },
        {"a packet larger than announced",  ROW("\x30\x50"),                           WAX_PACKET_TOO_LARGE},
        {"PUBACK with an unknown reason",   ROW("\x40\x03\0\x01\x42"),                 WAX_MALFORMED       },
        {"SUBACK with a reason of CONNACK", ROW("\x90\x04\0\x01\0\x86"),               WAX_MALFORMED       },
        {"more at QoS 2 than announced",
         ROW("\x34\x06\0\x01t\0\x01\0\x34\x06\0\x01t\0\x02\0\x34\x06\0\x01t\0\x03\0"),
         WAX_RECEIVE_MAXIMUM_EXCEEDED                                                                      },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const uint8_t *tail;
        struct world world;
        connect_as(&world, WAX_VERSION_5, YES_5);
        hear(&world, rows[i].packet);
        check_row(rows[i].name, world.status == rows[i].status);
        check_row(rows[i].name, world.ends[1].inbox_used >= 3);
        tail = world.ends[1].inbox + world.ends[1].inbox_used - 3;
        check_row(rows[i].name, tail[0] == 0xe0 && tail[1] == 1 && tail[2] == rows[i].status);
    }
}

static void silence_is_told(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_5, YES_5);
    world.now_ms += 60000;
    turn(&world);
    world.now_ms += 10000;
    turn(&world);
    assert_true(got(&world, BYTES("\xc0\0\xe0\x01\x8d")));
}

static void good_bye_may_have_a_reason(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_5, YES_5);
    assert_int_equal(wax_micro_disconnect(&world.micro, WAX_REASON_DISCONNECT_WITH_WILL), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\xe0\x01\x04")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_announces_what_this_end_bears),
        cmocka_unit_test(properties_that_do_not_fit_are_told),
        cmocka_unit_test(what_the_server_announces_is_heeded),
        cmocka_unit_test(a_refused_message_is_over),
        cmocka_unit_test(subscriptions_have_options),
        cmocka_unit_test(the_server_says_why_it_goes),
        cmocka_unit_test(bad_packets_are_answered),
        cmocka_unit_test(silence_is_told),
        cmocka_unit_test(good_bye_may_have_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
