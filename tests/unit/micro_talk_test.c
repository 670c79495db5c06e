/* The small client in conversation: what it sends, and what it makes of what comes. */
#include "micro_check.h"

static const wax_publish hello = {.topic = ROW("t"), .payload = ROW("hi")};

static void connect_says_who_it_is(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    world.config.connect.has_username = world.config.connect.has_password = true;
    world.config.connect.username = WAX_TEXT("u");
    world.config.connect.password = WAX_TEXT("secret");
    assert_int_equal(dial(&world), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x10\x18\0\x04MQTT\x04\xc0\0\x3c\0\x01"
                                  "d\0\x01u\0\x06secret")));
    for (size_t i = 0; i < SEND_SIZE; i++) {
        assert_int_equal(world.send_room[i], 0); /* the password is gone */
    }
    assert_false(world.micro.is_open);
    hear(&world, YES_3);
    assert_true(told(&world, WAX_MICRO_CONNECTED));
    assert_true(world.micro.is_open);
}

static void a_connect_that_does_not_fit_is_told(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    world.config.send_size = 16;
    world.config.connect.client_id = WAX_TEXT("a long name");
    assert_int_equal(dial(&world), WAX_TOO_LARGE);
    turn(&world);
    assert_int_equal(world.status, WAX_CLOSED);
}

static void a_refusal_tells_its_reason(void **state)
{
    static const struct {
        uint8_t code;
        wax_status status;
    } rows[] = {
        {1, WAX_UNSUPPORTED_VERSION},
        {2, WAX_BAD_CLIENT_ID      },
        {3, WAX_SERVER_UNAVAILABLE },
        {4, WAX_BAD_LOGIN          },
        {5, WAX_NOT_AUTHORIZED     },
        {6, WAX_MALFORMED          },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint8_t connack[] = {0x20, 2, 0, rows[i].code};
        struct world world;
        begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
        assert_int_equal(dial(&world), WAX_OK);
        hear(&world, wax_bytes_of(connack, sizeof connack));
        assert_int_equal(world.status, rows[i].status);
        assert_int_equal(world.event_count, rows[i].code <= 5);
        assert_null(world.micro.transport);
    }
}

static void a_session_is_not_resumed_after_a_clean_start(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    world.config.connect.clean_start = true;
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, BYTES("\x20\x02\x01\x00"));
    assert_int_equal(world.status, WAX_PROTOCOL_ERROR); /* [MQTT-3.2.2-4] */
}

static void qos_0_goes_and_is_forgotten(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    assert_int_equal(wax_micro_publish_0(&world.micro, &hello), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x30\x05\0\x01thi")));
}

static void what_is_not_allowed_is_not_sent(void **state)
{
    struct world world;
    wax_publish publish = hello;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_little);
    assert_int_equal(wax_micro_publish_0(&world.micro, &hello), WAX_INVALID);
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    publish.topic = WAX_TEXT("a/#");
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_INVALID);
    publish.topic.size = 0;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_INVALID);
    publish = hello;
    publish.qos = 3;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_INVALID);
    publish.qos = 1;
    publish.payload = wax_bytes_of(world.inboxes, SEND_SIZE);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_TOO_LARGE);
    assert_int_equal(world.sending[0], WAX_NO_PACKET);
    turn(&world);
    assert_true(got(&world, BYTES("")));
}

static void a_full_room_empties_again(void **state)
{
    struct world world;
    size_t count = 0;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    while (wax_micro_publish_0(&world.micro, &hello) == WAX_OK) {
        count++;
    }
    assert_int_equal(count, SEND_SIZE / 7);
    assert_int_equal(wax_micro_publish_0(&world.micro, &hello), WAX_FULL);
    turn(&world);
    assert_int_equal(world.ends[1].inbox_used, count * 7);
    assert_int_equal(wax_micro_publish_0(&world.micro, &hello), WAX_OK);
}

static void qos_1_is_delivered_by_puback(void **state)
{
    struct world world;
    wax_publish publish = hello;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    publish.qos = 1;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    assert_int_equal(publish.packet_id, 1);
    turn(&world);
    assert_true(got(&world, BYTES("\x32\x07\0\x01t\0\x01hi")));
    hear(&world, BYTES("\x40\x02\0\x02")); /* nobody remembers the question */
    assert_int_equal(world.event_count, 0);
    hear(&world, BYTES("\x40\x02\0\x01"));
    assert_true(told(&world, WAX_MICRO_DELIVERED));
    assert_int_equal(world.events[0].packet_id, 1);
    hear(&world, BYTES("\x40\x02\0\x01"));
    assert_int_equal(world.event_count, 0);
}

static void qos_2_takes_four_packets(void **state)
{
    struct world world;
    wax_publish publish = hello;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    publish.qos = 2;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x34\x07\0\x01t\0\x01hi")));
    hear(&world, BYTES("\x50\x02\0\x01"));
    assert_int_equal(world.event_count, 0);
    assert_true(got(&world, BYTES("\x62\x02\0\x01"))); /* [MQTT-4.3.3-4] */
    hear(&world, BYTES("\x50\x02\0\x01"));
    assert_true(got(&world, BYTES("\x62\x02\0\x01")));
    hear(&world, BYTES("\x70\x02\0\x01"));
    assert_true(told(&world, WAX_MICRO_DELIVERED));
}

static void exchanges_are_as_many_as_there_are_bytes(void **state)
{
    struct world world;
    wax_publish publish = hello;
    const wax_subscription all = {.filter = WAX_TEXT("#")};
    uint16_t id;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    publish.qos = 1;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    assert_int_equal(publish.packet_id, 2);
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_CROWDED);
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_SUBSCRIBE, &id), WAX_CROWDED);
    hear(&world, BYTES("\x40\x02\0\x01"));
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    assert_int_equal(publish.packet_id, 1);
}

static void what_was_not_answered_is_sent_again(void **state)
{
    struct world world;
    wax_publish one = hello, two = hello;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    one.qos = 1;
    two.qos = 2;
    assert_int_equal(wax_micro_publish(&world.micro, &one), WAX_OK);
    assert_int_equal(wax_micro_publish(&world.micro, &two), WAX_OK);
    hear(&world, BYTES("\x50\x02\0\x02"));
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, BYTES("\x20\x02\x01\x00"));
    (void)got(&world, BYTES(""));
    one.duplicate = two.duplicate = true;
    assert_int_equal(wax_micro_publish(&world.micro, &one), WAX_OK);
    assert_int_equal(wax_micro_publish(&world.micro, &two), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x3a\x07\0\x01t\0\x01hi\x62\x02\0\x02"))); /* [MQTT-4.3.3-6] */
    hear(&world, BYTES("\x40\x02\0\x01\x70\x02\0\x02"));
    assert_int_equal(world.event_count, 2);
    assert_int_equal(wax_micro_publish(&world.micro, &one), WAX_NOT_FOUND);
    one.packet_id = 77;
    assert_int_equal(wax_micro_publish(&world.micro, &one), WAX_NOT_FOUND);
}

static void a_lost_session_leaves_nothing(void **state)
{
    struct world world;
    wax_publish publish = hello;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    publish.qos = 2;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_OK);
    hear(&world, BYTES("\x34\x05\0\x01t\0\x09"));
    assert_int_equal(world.receiving[0], 9);
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, YES_3);
    publish.duplicate = true;
    assert_int_equal(wax_micro_publish(&world.micro, &publish), WAX_NOT_FOUND);
    assert_int_equal(world.receiving[0], 0);
}

static void subscriptions_are_answered(void **state)
{
    struct world world;
    const wax_subscription all = {.filter = WAX_TEXT("a/#"), .qos = 2};
    uint16_t id;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    assert_int_equal(
        wax_micro_subscribe(&world.micro, &(wax_subscription){.qos = 0}, WAX_SUBSCRIBE, &id),
        WAX_INVALID);
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_SUBSCRIBE, &id), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\x82\x08\0\x01\0\x03"
                                  "a/#\x02")));
    hear(&world, BYTES("\x90\x03\0\x01\x01"));
    assert_true(told(&world, WAX_MICRO_SUBSCRIBED));
    assert_int_equal(world.events[0].packet_id, id);
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_UNSUBSCRIBE, &id), WAX_OK);
    turn(&world);
    assert_true(got(&world, BYTES("\xa2\x07\0\x01\0\x03"
                                  "a/#")));
    hear(&world, BYTES("\x90\x03\0\x01\x01")); /* SUBACK is no answer to it */
    assert_int_equal(world.event_count, 0);
    hear(&world, BYTES("\xb0\x02\0\x01"));
    assert_true(told(&world, WAX_MICRO_SUBSCRIBED));
}

static void requests_do_not_outlive_their_connection(void **state)
{
    struct world world;
    const wax_subscription all = {.filter = WAX_TEXT("a/#")};
    uint16_t id;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    assert_int_equal(wax_micro_subscribe(&world.micro, &all, WAX_SUBSCRIBE, &id), WAX_OK);
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, BYTES("\x20\x02\x01\x00"));
    assert_true(told(&world, WAX_MICRO_CONNECTED));
    assert_int_equal(world.sending[0], WAX_NO_PACKET);
}

static void messages_are_acknowledged_by_the_next_poll(void **state)
{
    static const struct {
        wax_bytes packet;
        wax_bytes answer;
    } rows[] = {
        {ROW("\x30\x05\0\x01thi"),       ROW("")              },
        {ROW("\x32\x07\0\x01t\0\x09hi"), ROW("\x40\x02\0\x09")},
        {ROW("\x34\x07\0\x01t\0\x09hi"), ROW("\x50\x02\0\x09")},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;
        wax_micro_event event;
        size_t sent;
        connect_as(&world, WAX_VERSION_3_1_1, YES_3);
        assert_int_equal(wax_transport_send(&world.ends[1].transport, rows[i].packet, &sent),
                         WAX_OK);
        do {
            assert_int_equal(wax_micro_poll(&world.micro, world.now_ms, &event), WAX_OK);
        } while (event.type == WAX_MICRO_NOTHING);
        assert_int_equal(event.type, WAX_MICRO_MESSAGE);
        assert_true(wax_bytes_equal(event.publish.payload, WAX_TEXT("hi")));
        assert_true(got(&world, BYTES("")));
        turn(&world);
        assert_true(got(&world, rows[i].answer));
    }
}

static void a_qos_2_message_is_told_once(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    hear(&world, BYTES("\x34\x07\0\x01t\0\x09hi\x3c\x07\0\x01t\0\x09hi")); /* [MQTT-4.3.3-10] */
    assert_true(told(&world, WAX_MICRO_MESSAGE));
    assert_string_equal(world.payloads[0], "hi");
    assert_true(got(&world, BYTES("\x50\x02\0\x09\x50\x02\0\x09")));
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, BYTES("\x20\x02\x01\x00\x3c\x07\0\x01t\0\x09hi"));
    assert_true(told(&world, WAX_MICRO_CONNECTED));
    (void)got(&world, BYTES(""));
    hear(&world, BYTES("\x62\x02\0\x09"));
    assert_true(got(&world, BYTES("\x70\x02\0\x09"))); /* [MQTT-4.3.3-11] */
    hear(&world, BYTES("\x34\x07\0\x01t\0\x09hi"));
    assert_true(told(&world, WAX_MICRO_MESSAGE));
}

static void more_qos_2_messages_than_places_end_it(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    hear(&world, BYTES("\x34\x05\0\x01t\0\x07\x34\x05\0\x01t\0\x08"));
    assert_int_equal(world.event_count, 2);
    hear(&world, BYTES("\x34\x05\0\x01t\0\x09"));
    assert_int_equal(world.status, WAX_RECEIVE_MAXIMUM_EXCEEDED);
}

/* Whatever is wrong with a packet ends the connection. */
static void bad_packets_are_refused(void **state)
{
    static const struct {
        const char *name;
        wax_bytes packet;
        wax_status status;
    } rows[] = {
        {"a type that is reserved",        ROW("\x00\x00"),                            WAX_MALFORMED       },
        {"AUTH before MQTT 5",             ROW("\xf0\x00"),                            WAX_MALFORMED       },
        {"a length of five bytes",         ROW("\x30\xff\xff\xff\xff"),                WAX_MALFORMED       },
        {"a length longer than needed",    ROW("\x30\x80\x00"),                        WAX_MALFORMED       },
        {"a packet larger than the room",  ROW("\x30\x50"),                            WAX_PACKET_TOO_LARGE},
        {"flags of PUBACK",                ROW("\x41\x02\0\x01"),                      WAX_MALFORMED       },
        {"PUBREL without its flag",        ROW("\x60\x02\0\x01"),                      WAX_MALFORMED       },
        {"PINGRESP with a body",           ROW("\xd0\x01x"),                           WAX_MALFORMED       },
        {"a second CONNACK",               ROW("\x20\x02\x00\x00"),                    WAX_PROTOCOL_ERROR  },
        {"CONNECT from a server",          ROW("\x10\x0d\0\x04MQTT\x04\0\0\0\0\x01x"), WAX_PROTOCOL_ERROR  },
        {"SUBSCRIBE from a server",        ROW("\x82\x06\0\x01\0\x01#\0"),             WAX_PROTOCOL_ERROR  },
        {"PINGREQ from a server",          ROW("\xc0\x00"),                            WAX_PROTOCOL_ERROR  },
        {"DISCONNECT before MQTT 5",       ROW("\xe0\x00"),                            WAX_PROTOCOL_ERROR  },
        {"QoS 3",                          ROW("\x36\x05\0\x01t\0\x01"),               WAX_MALFORMED       },
        {"DUP at QoS 0",                   ROW("\x38\x03\0\x01t"),                     WAX_MALFORMED       },
        {"a topic with a wildcard",        ROW("\x30\x03\0\x01+"),                     WAX_BAD_TOPIC       },
        {"an empty topic",                 ROW("\x30\x02\0\0"),                        WAX_PROTOCOL_ERROR  },
        {"a topic that is no UTF-8",       ROW("\x30\x03\0\x01\xff"),                  WAX_MALFORMED       },
        {"a topic that is cut",            ROW("\x30\x03\0\x02t"),                     WAX_MALFORMED       },
        {"packet id 0",                    ROW("\x32\x05\0\x01t\0\0"),                 WAX_PROTOCOL_ERROR  },
        {"PUBACK that is cut",             ROW("\x40\x01\0"),                          WAX_MALFORMED       },
        {"PUBACK with more behind it",     ROW("\x40\x03\0\x01\0"),                    WAX_MALFORMED       },
        {"PUBREL of packet id 0",          ROW("\x62\x02\0\0"),                        WAX_PROTOCOL_ERROR  },
        {"SUBACK without a reason",        ROW("\x90\x02\0\x01"),                      WAX_MALFORMED       },
        {"SUBACK with a reason of MQTT 5", ROW("\x90\x03\0\x01\x87"),                  WAX_MALFORMED       },
        {"UNSUBACK with a reason",         ROW("\xb0\x03\0\x01\0"),                    WAX_MALFORMED       },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;
        connect_as(&world, WAX_VERSION_3_1_1, YES_3);
        hear(&world, rows[i].packet);
        check_row(rows[i].name, world.status == rows[i].status);
        check_row(rows[i].name, world.event_count == 0 && world.micro.transport == NULL);
        check_row(rows[i].name, got(&world, BYTES("")));
    }
}

static void before_connack_nothing_else_may_come(void **state)
{
    struct world world;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_all);
    assert_int_equal(dial(&world), WAX_OK);
    hear(&world, BYTES("\x30\x03\0\x01t"));
    assert_int_equal(world.status, WAX_PROTOCOL_ERROR); /* [MQTT-3.2.0-1] */
}

static void who_only_publishes_takes_only_answers(void **state)
{
    static const struct {
        wax_micro_taker *take;
        wax_bytes packet;
        wax_status status;
    } rows[] = {
        {wax_micro_take_little,  ROW("\x40\x02\0\x01"),   WAX_PROTOCOL_ERROR},
        {wax_micro_take_little,  ROW("\xd0\x00"),         WAX_MORE          },
        {wax_micro_take_answers, ROW("\x40\x02\0\x01"),   WAX_MORE          },
        {wax_micro_take_answers, ROW("\x30\x03\0\x01t"),  WAX_PROTOCOL_ERROR},
        {wax_micro_take_answers, ROW("\x90\x03\0\x01\0"), WAX_PROTOCOL_ERROR},
        {wax_micro_take_all,     ROW("\x62\x02\0\x01"),   WAX_MORE          },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;
        begin(&world, WAX_VERSION_3_1_1, rows[i].take);
        assert_int_equal(dial(&world), WAX_OK);
        hear(&world, YES_3);
        hear(&world, rows[i].packet);
        assert_int_equal(world.status, rows[i].status);
    }
}

static void packets_may_come_byte_by_byte(void **state)
{
    static const uint8_t packets[] = "\x20\x02\0\0\x32\x07\0\x01t\0\x09hi\xd0\0\x30\x05\0\x01tyo";
    struct world world;
    size_t messages = 0;

    (void)state;
    begin(&world, WAX_VERSION_3_1_1, wax_micro_take_all);
    assert_int_equal(dial(&world), WAX_OK);
    for (size_t i = 0; i < sizeof packets - 1; i++) {
        hear(&world, wax_bytes_of(packets + i, 1));
        assert_int_equal(world.status, WAX_MORE);
        messages += told(&world, WAX_MICRO_MESSAGE);
    }
    assert_int_equal(messages, 2);
}

static void good_bye_leaves_before_the_end(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    assert_int_equal(wax_micro_disconnect(&world.micro, 0), WAX_OK);
    assert_int_equal(wax_micro_publish_0(&world.micro, &hello), WAX_INVALID);
    assert_int_equal(wax_micro_disconnect(&world.micro, 0), WAX_INVALID);
    turn(&world);
    assert_int_equal(world.status, WAX_CLOSED);
    assert_true(got(&world, BYTES("\xe0\x00")));
}

static void the_end_of_the_transport_is_told(void **state)
{
    struct world world;

    (void)state;
    connect_as(&world, WAX_VERSION_3_1_1, YES_3);
    wax_transport_release(&world.ends[1].transport);
    turn(&world);
    assert_int_equal(world.status, WAX_CLOSED);
    assert_null(world.micro.transport);
    turn(&world);
    assert_int_equal(world.status, WAX_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_says_who_it_is),
        cmocka_unit_test(a_connect_that_does_not_fit_is_told),
        cmocka_unit_test(a_refusal_tells_its_reason),
        cmocka_unit_test(a_session_is_not_resumed_after_a_clean_start),
        cmocka_unit_test(qos_0_goes_and_is_forgotten),
        cmocka_unit_test(what_is_not_allowed_is_not_sent),
        cmocka_unit_test(a_full_room_empties_again),
        cmocka_unit_test(qos_1_is_delivered_by_puback),
        cmocka_unit_test(qos_2_takes_four_packets),
        cmocka_unit_test(exchanges_are_as_many_as_there_are_bytes),
        cmocka_unit_test(what_was_not_answered_is_sent_again),
        cmocka_unit_test(a_lost_session_leaves_nothing),
        cmocka_unit_test(subscriptions_are_answered),
        cmocka_unit_test(requests_do_not_outlive_their_connection),
        cmocka_unit_test(messages_are_acknowledged_by_the_next_poll),
        cmocka_unit_test(a_qos_2_message_is_told_once),
        cmocka_unit_test(more_qos_2_messages_than_places_end_it),
        cmocka_unit_test(bad_packets_are_refused),
        cmocka_unit_test(before_connack_nothing_else_may_come),
        cmocka_unit_test(who_only_publishes_takes_only_answers),
        cmocka_unit_test(packets_may_come_byte_by_byte),
        cmocka_unit_test(good_bye_leaves_before_the_end),
        cmocka_unit_test(the_end_of_the_transport_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
