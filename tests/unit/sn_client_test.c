/* The gateway's side of a device: what each packet leads to, and what time does. */
#include "../check.h"

#include "../sn_world.h"

#define STEP(packet, kind) assert_int_equal((packet).type, (kind))

static void silence_is_taken_for_the_end(void **state)
{
    struct world world;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    time_passes(&world, 149999); /* one and a half times 100 s */
    assert_int_equal(world.client.state, WAX_SN_ACTIVE);
    broker_says(&world, wax_bytes_of("\xd0\x00", 2)); /* PINGRESP */
    say(&world, WAX_SN_PINGREQ, 0, 0, "");
    STEP(next_down(&world), WAX_SN_PINGRESP);
    time_passes(&world, 149999);
    assert_int_equal(world.client.state, WAX_SN_ACTIVE);
    broker_says(&world, wax_bytes_of("\xd0\x00", 2));
    time_passes(&world, 1);
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    STEP(next_up(&world), WAX_NO_PACKET); /* no good-bye: the Will is for this */
    assert_int_equal(world.client.line, WAX_SN_LINE_CUT);
}

static void a_broker_that_is_silent_is_asked_and_given_up(void **state)
{
    struct world world;

    (void)state;
    world_connected(&world, WAX_VERSION_3_1_1, WAX_SN_CLEAN);
    assert_int_equal(wax_sn_client_deadline_ms(&world.client), world.now_ms + 60000);
    time_passes(&world, 60000);
    STEP(next_up(&world), WAX_PINGREQ);
    broker_says(&world, wax_bytes_of("\xd0\x00", 2));
    time_passes(&world, 60000);
    STEP(next_up(&world), WAX_PINGREQ);
    say(&world, WAX_SN_PINGREQ, 0, 0, "");
    time_passes(&world, 120000);
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    assert_string_equal(world.client.fault, "the broker does not answer");
}

static void messages_of_a_device_are_acknowledged_by_the_broker(void **state)
{
    struct world world;
    wax_publish publish;
    wax_packet up;
    wax_sn_packet down;
    wax_sn_packet message = of_device(WAX_SN_PUBLISH, WAX_SN_QOS_1, 9, "hi");

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    say(&world, WAX_SN_REGISTER, 0, 4, "a/b");
    down = next_down(&world);
    STEP(down, WAX_SN_REGACK);
    assert_true(down.code == WAX_SN_ACCEPTED && down.message_id == 4 && down.topic_id != 0);
    message.topic_id = down.topic_id;
    device_says(&world, &message);
    assert_int_equal(world.down.used, 0); /* not before the broker has it */
    up = next_up(&world);
    assert_int_equal(wax_publish_read(&publish, &up), WAX_OK);
    assert_true(wax_bytes_equal(publish.topic, WAX_TEXT("a/b")) && publish.packet_id == 9);
    device_says(&world, &message); /* again, too early */
    assert_int_equal(world.down.used + world.up.used, 0);
    broker_acknowledges(&world, WAX_PUBACK, 9, 0);
    down = next_down(&world);
    assert_true(down.type == WAX_SN_PUBACK && down.message_id == 9 && down.code == 0);
    assert_int_equal(down.topic_id, message.topic_id);
    device_says(&world, &message); /* PUBACK was lost */
    STEP(next_up(&world), WAX_PUBLISH);
    broker_acknowledges(&world, WAX_PUBACK, 9, WAX_NOT_AUTHORIZED);
    assert_int_equal(next_down(&world).code, WAX_SN_NOT_SUPPORTED);
}

static void exchanges_of_a_device_are_bounded(void **state)
{
    struct world world;
    wax_sn_packet message =
        of_device(WAX_SN_PUBLISH, WAX_SN_QOS_1 | WAX_SN_TOPIC_PREDEFINED, 1, "");

    (void)state;
    message.topic_id = 7;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    for (; message.message_id <= WAX_SN_EXCHANGES_MAX; message.message_id++) {
        device_says(&world, &message);
        STEP(next_up(&world), WAX_PUBLISH);
    }
    device_says(&world, &message);
    assert_int_equal(world.up.used, 0);
    assert_int_equal(next_down(&world).code, WAX_SN_CONGESTION);
    broker_acknowledges(&world, WAX_PUBACK, 1, 0);
    device_says(&world, &message);
    STEP(next_up(&world), WAX_PUBLISH);
}

/* One more would be the end of the connection. [MQTT-3.3.4-9] */
static void no_more_is_on_its_way_than_the_broker_takes(void **state)
{
    struct world world;
    wax_sn_packet message =
        of_device(WAX_SN_PUBLISH, WAX_SN_QOS_1 | WAX_SN_TOPIC_PREDEFINED, 1, "");

    (void)state;
    message.topic_id = 7;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    world.client.peer_receive_maximum = 2;
    for (; message.message_id <= 2; message.message_id++) {
        device_says(&world, &message);
        STEP(next_up(&world), WAX_PUBLISH);
    }
    device_says(&world, &message);
    assert_int_equal(world.up.used, 0);
    assert_int_equal(next_down(&world).code, WAX_SN_CONGESTION);
}

static void topics_of_a_device_are_bounded(void **state)
{
    struct world world;
    char name[] = "t/00";
    wax_sn_packet down;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    for (int i = 0; i < WAX_SN_TOPICS_MAX; i++) {
        name[2] = (char)('0' + i / 10);
        name[3] = (char)('0' + i % 10);
        say(&world, WAX_SN_REGISTER, 0, 1, name);
        assert_int_equal(next_down(&world).code, WAX_SN_ACCEPTED);
    }
    say(&world, WAX_SN_REGISTER, 0, 1, "one more");
    down = next_down(&world);
    assert_true(down.code == WAX_SN_CONGESTION && down.topic_id == 0);
    say(&world, WAX_SN_REGISTER, 0, 1, name); /* this one it has */
    assert_int_equal(next_down(&world).code, WAX_SN_ACCEPTED);
    broker_publishes(&world, "another", WAX_TEXT("x"), 1, 3); /* a wildcard brings it */
    STEP(next_up(&world), WAX_PUBACK);
    STEP(next_down(&world), 0xff);
    assert_int_equal(world.client.dropped_count, 1);
}

/* Topics that the gateway chose give way to others; the device learns each anew. */
static void ids_of_the_gateway_are_used_again(void **state)
{
    struct world world;
    char name[] = "t/000";

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    for (int i = 0; i < 3 * WAX_SN_TOPICS_MAX; i++) {
        wax_sn_packet down;

        name[2] = (char)('0' + i / 100);
        name[3] = (char)('0' + i / 10 % 10);
        name[4] = (char)('0' + i % 10);
        broker_publishes(&world, name, WAX_TEXT("x"), 0, 0);
        down = next_down(&world);
        STEP(down, WAX_SN_REGISTER);
        assert_true(down.topic_id > 0 && down.topic_id <= WAX_SN_TOPICS_MAX);
        assert_true(wax_bytes_equal(down.data, wax_bytes_of_text(name)));
        down.type = WAX_SN_REGACK;
        down.data = wax_bytes_of(NULL, 0);
        device_says(&world, &down);
        STEP(next_down(&world), WAX_SN_PUBLISH);
    }
}

static void one_message_at_a_time_goes_to_the_device(void **state)
{
    struct world world;
    wax_sn_packet down;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    broker_publishes(&world, "ab", WAX_TEXT("1"), 1, 11);
    down = next_down(&world);
    assert_true(down.type == WAX_SN_PUBLISH && down.message_id == 11 && down.topic_id == 0x6162);
    assert_int_equal(down.flags, WAX_SN_QOS_1 | WAX_SN_TOPIC_SHORT);
    broker_publishes(&world, "pre/seven", WAX_TEXT("2"), 2, 12);
    assert_int_equal(world.down.used, 0);
    say(&world, WAX_SN_PUBACK, 0, 99, "");
    assert_int_equal(world.down.used + world.up.used, 0);
    say(&world, WAX_SN_PUBACK, 0, 11, "");
    STEP(next_up(&world), WAX_PUBACK);
    down = next_down(&world);
    assert_true(down.message_id == 12 && down.topic_id == 7);
    assert_int_equal(down.flags, WAX_SN_QOS_2 | WAX_SN_TOPIC_PREDEFINED);
    say(&world, WAX_SN_PUBREC, 0, 12, "");
    STEP(next_up(&world), WAX_PUBREC);
    say(&world, WAX_SN_PUBREC, 0, 12, "");
    assert_int_equal(world.up.used + world.down.used, 0);
    broker_acknowledges(&world, WAX_PUBREL, 12, 0);
    STEP(next_down(&world), WAX_SN_PUBREL);
    say(&world, WAX_SN_PUBREC, 0, 12, ""); /* PUBREL was lost */
    STEP(next_down(&world), WAX_SN_PUBREL);
    say(&world, WAX_SN_PUBCOMP, 0, 12, "");
    STEP(next_up(&world), WAX_PUBCOMP);
    assert_int_equal(wax_sn_client_deadline_ms(&world.client), world.now_ms + 60000);
}

static void what_is_not_answered_goes_again_and_then_the_device_is_lost(void **state)
{
    struct world world;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    broker_publishes(&world, "ab", WAX_TEXT("1"), 1, 11);
    assert_int_equal(next_down(&world).flags & WAX_SN_DUPLICATE, 0);
    for (int i = 0; i < 3; i++) {
        time_passes(&world, 10000);
        assert_int_equal(next_down(&world).flags & WAX_SN_DUPLICATE, WAX_SN_DUPLICATE);
    }
    time_passes(&world, 10000);
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    assert_int_equal(world.client.line, WAX_SN_LINE_CUT);
    assert_string_equal(world.client.fault, "the device does not answer");
}

static void a_device_that_was_woken_and_does_not_answer_sleeps_again(void **state)
{
    struct world world;
    wax_sn_packet sleep = {.type = WAX_SN_DISCONNECT, .duration_s = 1000};

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    device_says(&world, &sleep);
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    assert_int_equal(world.up.used, 0);
    broker_publishes(&world, "ab", WAX_TEXT("1"), 1, 11);
    assert_int_equal(world.down.used, 0);
    say(&world, WAX_SN_PINGREQ, 0, 0, "device");
    STEP(next_down(&world), WAX_SN_PUBLISH);
    assert_int_equal(world.client.state, WAX_SN_AWAKE);
    for (int i = 0; i < 4; i++) {
        time_passes(&world, 10000);
    }
    assert_int_equal(world.client.state, WAX_SN_ASLEEP);
    say(&world, WAX_SN_PINGREQ, 0, 0, "device");
    assert_int_equal(next_down(&world).flags & WAX_SN_DUPLICATE, WAX_SN_DUPLICATE);
    say(&world, WAX_SN_PUBACK, 0, 11, "");
    STEP(next_up(&world), WAX_PUBACK);
    STEP(next_down(&world), WAX_SN_PINGRESP);
    assert_int_equal(world.client.state, WAX_SN_ASLEEP);
    say(&world, WAX_SN_PINGREQ, 0, 0, "another");
    STEP(next_down(&world), WAX_SN_DISCONNECT);
    assert_int_equal(world.client.state, WAX_SN_ASLEEP);
}

static void the_queue_of_a_sleeper_is_bounded(void **state)
{
    static const uint8_t payload[1000];
    struct world world;
    wax_sn_packet sleep = {.type = WAX_SN_DISCONNECT, .duration_s = 1000};
    const wax_publish more = {
        .topic = WAX_TEXT("ab"), .payload = {payload, 1000},
             .qos = 1, .packet_id = 5
    };
    wax_sn_turn turn;
    wax_writer out;
    wax_reader in;

    (void)state;
    world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
    device_says(&world, &sleep);
    for (int i = 0; i < 100; i++) {
        broker_publishes(&world, "ab", wax_bytes_of(payload, 1000), 0, 0);
    }
    assert_int_equal(world.client.dropped_count, 100 - WAX_SN_QUEUE_SIZE / 1010);
    assert_true(world.client.queue_used <= WAX_SN_QUEUE_SIZE);
    out = wax_writer_over(world.heard_room, sizeof world.heard_room);
    assert_int_equal(wax_publish_write(&out, &more, WAX_VERSION_5), WAX_OK);
    in = wax_reader_over(wax_writer_bytes(&out));
    turn = world_turn(&world);
    assert_int_equal(wax_sn_client_hear(&world.client, &in, &turn), WAX_MORE); /* it waits */
    assert_int_equal(wax_reader_left(&in), out.used);
    assert_true(world.client.is_crowded);
    for (int i = 0; i < 10; i++) { /* a silence of its own making is no silence of the broker */
        time_passes(&world, 60000);
        assert_int_equal(world.client.state, WAX_SN_ASLEEP);
    }
    say(&world, WAX_SN_PINGREQ, 0, 0, "device");
    turn = world_turn(&world);
    assert_int_equal(wax_sn_client_hear(&world.client, &in, &turn), WAX_OK);
}

static void subscriptions_are_the_brokers(void **state)
{
    static const struct {
        const char *name;
        const char *filter;
        uint8_t flags;
        uint8_t reason;
        uint8_t code;
        bool has_id;
    } rows[] = {
        {"a topic",             "a/b",        WAX_SN_QOS_1, 1,    WAX_SN_ACCEPTED,      true },
        {"a wildcard",          "a/+",        WAX_SN_QOS_2, 1,    WAX_SN_ACCEPTED,      false},
        {"a group",             "$share/g/a", 0,            0,    WAX_SN_ACCEPTED,      false},
        {"what is not allowed", "secret",     0,            0x87, WAX_SN_NOT_SUPPORTED, false},
        {"no quota",            "quota",      0,            0x97, WAX_SN_CONGESTION,    false},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_suback suback = {
            .packet_id = 3, .reasons = {&rows[i].reason, 1}
        };
        struct world world;
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_sn_packet down;

        world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
        say(&world, WAX_SN_SUBSCRIBE, rows[i].flags, 3, rows[i].filter);
        check_row(rows[i].name, next_up(&world).type == WAX_SUBSCRIBE && world.down.used == 0);
        say(&world, WAX_SN_SUBSCRIBE, rows[i].flags, 3, rows[i].filter);
        check_row(rows[i].name, world.up.used == 0);
        assert_int_equal(wax_suback_write(&out, &suback, WAX_SUBACK, WAX_VERSION_5), WAX_OK);
        broker_says(&world, wax_writer_bytes(&out));
        down = next_down(&world);
        check_row(rows[i].name, down.type == WAX_SN_SUBACK && down.code == rows[i].code);
        check_row(rows[i].name, (down.topic_id != 0) == rows[i].has_id);
        check_row(rows[i].name, down.flags == (rows[i].reason == 1 ? WAX_SN_QOS_1 : 0));
    }
}

static void what_the_broker_does_not_take_is_refused(void **state)
{
    static const uint8_t connack[] = {0x20, 12, 0, 0, 9, 0x24, 0, 0x25, 0, 0x27, 0, 0, 0, 40};
    struct world world;
    wax_sn_packet message =
        of_device(WAX_SN_PUBLISH, WAX_SN_QOS_1 | WAX_SN_TOPIC_PREDEFINED, 1, "x");

    (void)state;
    message.topic_id = 7;
    world_begin(&world, WAX_VERSION_5);
    say(&world, WAX_SN_CONNECT, WAX_SN_CLEAN, 0, "device");
    broker_is_reached(&world);
    broker_says(&world, wax_bytes_of(connack, sizeof connack));
    STEP(next_down(&world), WAX_SN_CONNACK);
    device_says(&world, &message); /* QoS 1 */
    assert_int_equal(next_down(&world).code, WAX_SN_NOT_SUPPORTED);
    message.flags = WAX_SN_RETAIN | WAX_SN_TOPIC_PREDEFINED;
    device_says(&world, &message); /* retained */
    assert_int_equal(world.up.used + world.down.used, 0);
    message.flags = WAX_SN_TOPIC_PREDEFINED;
    device_says(&world, &message);
    STEP(next_up(&world), WAX_PUBLISH);
    message.data = WAX_TEXT("this is more than forty bytes together with its topic");
    device_says(&world, &message);
    assert_int_equal(world.up.used, 0);
}

static void a_broker_that_talks_nonsense_is_left(void **state)
{
    static const struct {
        const char *name;
        const uint8_t *bytes;
        size_t size;
    } rows[] = {
        {"a second CONNACK", (const uint8_t *)"\x20\x03\0\0\0", 5},
        {"CONNECT",          (const uint8_t *)"\x10\0",         2},
        {"a reserved type",  (const uint8_t *)"\0\0",           2},
        {"PUBLISH cut",      (const uint8_t *)"\x30\1\0",       3},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world world;

        world_connected(&world, WAX_VERSION_5, WAX_SN_CLEAN);
        broker_says(&world, wax_bytes_of(rows[i].bytes, rows[i].size));
        check_row(rows[i].name, next_down(&world).type == WAX_SN_DISCONNECT);
        check_row(rows[i].name, world.client.line == WAX_SN_LINE_CUT);
    }
}

static void strangers_get_short_answers(void **state)
{
    /* clang-format off */
    static const struct {
        const char *name;
        wax_sn_packet packet;
        wax_sn_welcome welcome;
        uint8_t answer;
    } rows[] = {
        {"SEARCHGW", {.type = WAX_SN_SEARCHGW}, WAX_SN_ANSWER, WAX_SN_GWINFO},
        {"CONNECT", {.type = WAX_SN_CONNECT, .protocol = 1, .data = {(const uint8_t *)"a", 1}}, WAX_SN_ADMIT, 0xff},
        {"CONNECT of another protocol", {.type = WAX_SN_CONNECT, .protocol = 2, .data = {(const uint8_t *)"a", 1}}, WAX_SN_ANSWER, WAX_SN_CONNACK},
        {"CONNECT without client id", {.type = WAX_SN_CONNECT, .protocol = 1}, WAX_SN_ANSWER, WAX_SN_CONNACK},
        {"QoS -1", {.type = WAX_SN_PUBLISH, .flags = WAX_SN_QOS_LESS | WAX_SN_TOPIC_SHORT}, WAX_SN_FORWARD, 0xff},
        {"QoS -1 by a registered id", {.type = WAX_SN_PUBLISH, .flags = WAX_SN_QOS_LESS}, WAX_SN_IGNORE, 0xff},
        {"QoS 0", {.type = WAX_SN_PUBLISH}, WAX_SN_ANSWER, WAX_SN_DISCONNECT},
        {"PINGREQ", {.type = WAX_SN_PINGREQ}, WAX_SN_ANSWER, WAX_SN_DISCONNECT},
        {"DISCONNECT", {.type = WAX_SN_DISCONNECT}, WAX_SN_IGNORE, 0xff},
        {"ADVERTISE", {.type = WAX_SN_ADVERTISE}, WAX_SN_IGNORE, 0xff},
        {"PINGRESP", {.type = WAX_SN_PINGRESP}, WAX_SN_IGNORE, 0xff},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint8_t room[8];
        uint8_t asked_room[32];
        wax_writer down = wax_writer_over(room, sizeof room);
        wax_writer asked = wax_writer_over(asked_room, sizeof asked_room);

        check_row(rows[i].name, wax_sn_greet(&rows[i].packet, 3, &down) == rows[i].welcome);
        check_row(rows[i].name,
                  rows[i].answer == 0xff ? down.used == 0 : room[1] == rows[i].answer);
        assert_int_equal(wax_sn_packet_write(&asked, &rows[i].packet), WAX_OK);
        check_row(rows[i].name, down.used <= asked.used);
    }
}

static void the_gateway_itself_has_no_device(void **state)
{
    struct world world;
    wax_sn_packet message =
        of_device(WAX_SN_PUBLISH, WAX_SN_QOS_LESS | WAX_SN_TOPIC_PREDEFINED, 0, "x");

    (void)state;
    message.topic_id = 7;
    world_begin(&world, WAX_VERSION_5);
    wax_sn_client_open_own(&world.client, &world.config, WAX_TEXT("me"), world.now_ms);
    broker_is_reached(&world);
    broker_accepts(&world, false);
    assert_int_equal(world.down.used, 0);
    device_says(&world, &message);
    STEP(next_up(&world), WAX_PUBLISH);
    message.topic_id = 8;
    device_says(&world, &message);
    assert_int_equal(world.up.used + world.down.used, 0);
    broker_is_lost(&world);
    assert_int_equal(world.down.used, 0);
    assert_int_equal(world.client.state, WAX_SN_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_is_taken_for_the_end),
        cmocka_unit_test(a_broker_that_is_silent_is_asked_and_given_up),
        cmocka_unit_test(messages_of_a_device_are_acknowledged_by_the_broker),
        cmocka_unit_test(exchanges_of_a_device_are_bounded),
        cmocka_unit_test(no_more_is_on_its_way_than_the_broker_takes),
        cmocka_unit_test(topics_of_a_device_are_bounded),
        cmocka_unit_test(ids_of_the_gateway_are_used_again),
        cmocka_unit_test(one_message_at_a_time_goes_to_the_device),
        cmocka_unit_test(what_is_not_answered_goes_again_and_then_the_device_is_lost),
        cmocka_unit_test(a_device_that_was_woken_and_does_not_answer_sleeps_again),
        cmocka_unit_test(the_queue_of_a_sleeper_is_bounded),
        cmocka_unit_test(subscriptions_are_the_brokers),
        cmocka_unit_test(what_the_broker_does_not_take_is_refused),
        cmocka_unit_test(a_broker_that_talks_nonsense_is_left),
        cmocka_unit_test(strangers_get_short_answers),
        cmocka_unit_test(the_gateway_itself_has_no_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
