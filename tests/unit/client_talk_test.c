/* A client that connects, publishes and subscribes. */
#include "client_check.h"

static const wax_version versions[] = {WAX_VERSION_3_1, WAX_VERSION_3_1_1, WAX_VERSION_5};

static void it_speaks_every_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct world *world = world_new(versions[i]);
        world_start(world);
        assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
        assert_int_equal(world->counts[WAX_CLIENT_CONNECTED], 1);
        /* MQTT 3.1 does not say, so that a client that did not ask for a clean start assumes it. */
        assert_int_equal(world->last[WAX_CLIENT_CONNECTED].connack.session_present,
                         versions[i] == WAX_VERSION_3_1);
        assert_int_equal(world->server.session.version, versions[i]);
        world_free(world);
    }
}

static void messages_go_both_ways_at_every_qos(void **state)
{
    (void)state;
    static const struct seen sends[] = {
        {.text = "a"},
        { .text = "b",   .qos = 1},
        { .text = "c",   .qos = 2}
    };
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct world *world = world_new(versions[i]);
        world_start(world);
        assert_int_equal(say(world, "x", 0), 0);
        uint32_t one = say(world, "y", 1);
        uint32_t two = say(world, "z", 2);
        world->server.sends = sends;
        world->server.send_count = 3;
        settle(world);
        assert_int_equal(world->server.seen_count, 3);
        assert_string_equal(world->server.seen[0].text, "x");
        assert_string_equal(world->server.seen[2].text, "z");
        assert_int_equal(world->server.seen[2].qos, 2);
        assert_int_equal(world->delivered_count, 2);
        assert_int_equal(world->delivered[0], one);
        assert_int_equal(world->delivered[1], two);
        assert_int_equal(wax_client_waiting_count(&world->client), 0);
        assert_int_equal(world->seen_count, 3);
        assert_string_equal(world->seen[2].text, "c");
        assert_int_equal(world->server.outgoing.used_count, 0);
        assert_int_equal(world->client.incoming.used_count, 0);
        world_free(world);
    }
}

static void requests_are_answered(void **state)
{
    (void)state;
    wax_subscription subscriptions[] = {
        {.filter = WAX_TEXT("a/+"), .qos = 1},
        {.filter = WAX_TEXT("b/#"), .qos = 2}
    };
    wax_client_request request = {.subscriptions = subscriptions, .count = 2};
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct world *world = world_new(versions[i]);
        uint32_t token;
        assert_int_equal(wax_client_open(&world->client, &world->config, 7, 0), WAX_OK);
        /* Asked before there is a connection: the request waits. */
        assert_int_equal(wax_client_subscribe(&world->client, &request, &token), WAX_OK);
        settle(world);
        assert_int_equal(world->counts[WAX_CLIENT_SUBSCRIBED], 1);
        assert_int_equal(world->last[WAX_CLIENT_SUBSCRIBED].token, token);
        assert_int_equal(world->last[WAX_CLIENT_SUBSCRIBED].suback.reasons.size, 2);
        assert_int_equal(wax_client_unsubscribe(&world->client, &request, &token), WAX_OK);
        settle(world);
        assert_int_equal(world->last[WAX_CLIENT_UNSUBSCRIBED].token, token);
        assert_int_equal(wax_client_waiting_count(&world->client), 0);
        world_free(world);
    }
}

static void a_request_is_asked_again_until_it_is_answered(void **state)
{
    (void)state;
    wax_subscription subscription = {.filter = WAX_TEXT("a/+"), .qos = 1};
    wax_client_request request = {.subscriptions = &subscription, .count = 1};
    struct world *world = world_new(WAX_VERSION_3_1_1);
    uint32_t token;

    world_start(world);
    assert_int_equal(wax_client_subscribe(&world->client, &request, &token), WAX_OK);
    app_turn(world, true);
    cut(world);
    pass_time(world);
    assert_int_equal(world->counts[WAX_CLIENT_SUBSCRIBED], 1);
    assert_int_equal(world->server.subscribe_count, 1);
    assert_int_equal(world->last[WAX_CLIENT_SUBSCRIBED].token, token);
    world_free(world);
}

static void the_will_and_the_name_reach_the_server(void **state)
{
    (void)state;
    wax_will will = {.topic = WAX_TEXT("gone"), .payload = WAX_TEXT("x"), .qos = 1};
    struct world *world = world_new(WAX_VERSION_5);

    world->config.will = &will;
    world->config.username = WAX_TEXT("name");
    world->config.password = WAX_TEXT("correct horse");
    world_start(world);
    assert_true(world->server.connect.has_will);
    assert_string_equal(world->server.will_topic, "gone");
    assert_int_equal(world->server.connect.will.qos, 1);
    assert_int_equal(world->server.connect.username.size, 4);
    assert_int_equal(world->server.connect.keep_alive_s, 60);
    for (size_t i = 0; i + 7 < world->config.send_size; i++) {
        assert_memory_not_equal(world->send_room + i, "correct", 7); /* the password is wiped */
    }
    world_free(world);
}

static void a_password_needs_a_name_before_mqtt_5(void **state)
{
    (void)state; /* [MQTT-3.1.2-22 in 3.1.1] */
    struct world *world = world_new(WAX_VERSION_3_1_1);

    world->config.password = WAX_TEXT("x");
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, 0), WAX_INVALID);
    world->config.version = WAX_VERSION_5;
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, 0), WAX_OK);
    world_free(world);
}

static void a_refusal_is_told_and_tried_again(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);

    world->server.refusal = WAX_BAD_LOGIN;
    world_start(world);
    assert_int_equal(world->counts[WAX_CLIENT_REFUSED], 1);
    assert_int_equal(world->last[WAX_CLIENT_REFUSED].reason, WAX_BAD_LOGIN);
    assert_int_equal(world->client.state, WAX_CLIENT_WAITING);
    world->server.refusal = 0;
    pass_time(world);
    assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
    world_free(world);
}

static void one_that_connects_once_ends(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);

    world->config.connects_once = true;
    world_start(world);
    cut(world);
    assert_int_equal(world->counts[WAX_CLIENT_DISCONNECTED], 1);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_CLOSED);
    assert_int_equal(world->client.state, WAX_CLIENT_ENDED);
    assert_true(wax_client_deadline_ms(&world->client) == WAX_NEVER);
    world_free(world);
}

static void it_says_good_bye(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct world *world = world_new(versions[i]);
        world_start(world);
        say(world, "last words", 0);
        wax_client_disconnect(&world->client, WAX_REASON_SUCCESS);
        settle(world);
        assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_OK);
        assert_int_equal(world->client.state, WAX_CLIENT_ENDED);
        server_turn(world);
        assert_int_equal(world->server.seen_count, 1);
        assert_int_equal(world->server.goodbye, WAX_REASON_SUCCESS);
        world_free(world);
    }
}

static void a_good_bye_has_properties_and_room_for_them(void **state)
{
    (void)state;
    const wax_property reason = {.id = WAX_REASON_STRING, .value = WAX_TEXT("enough")};
    struct world *world = world_new(WAX_VERSION_5);
    uint8_t room[32];
    wax_writer out = wax_writer_over(room, sizeof room);
    size_t size = world->config.send_size;

    wax_property_write(&out, &reason);
    world->config.end_properties = wax_writer_bytes(&out);
    world->config.send_size = WAX_CLIENT_SEND_SIZE_MIN + out.used - 1;
    assert_int_equal(wax_client_open(&world->client, &world->config, 1, 0), WAX_INVALID);
    world->config.send_size = size;
    world_start(world);
    wax_client_disconnect(&world->client, WAX_REASON_DISCONNECT_WITH_WILL);
    settle(world);
    server_turn(world);
    assert_int_equal(world->server.goodbye, WAX_REASON_DISCONNECT_WITH_WILL);
    assert_int_equal(world->server.goodbye_size, out.used);
    world_free(world);
}

static void a_server_that_says_why_is_heard(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);

    world_start(world);
    (void)wax_session_close(&world->server.session, WAX_SHUTTING_DOWN, (wax_bytes){NULL, 0},
                            &world->server.writer);
    settle(world);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_SHUTTING_DOWN);
    assert_int_equal(world->client.state, WAX_CLIENT_WAITING);
    world_free(world);
}

static void the_application_may_acknowledge_later(void **state)
{
    (void)state;
    static const struct seen sends[] = {
        {.text = "b", .qos = 1},
        {.text = "c", .qos = 2}
    };
    struct world *world = world_new(WAX_VERSION_5);
    wax_client_receipt receipt;

    world->config.acknowledges = false;
    world->server.sends = sends;
    world->server.send_count = 1;
    world_start(world);
    receipt = world->last[WAX_CLIENT_MESSAGE].receipt;
    assert_int_equal(receipt.owes, WAX_PUBACK);
    assert_int_equal(world->server.outgoing.used_count, 1);
    assert_int_equal(wax_client_acknowledge(&world->client, receipt, 0), WAX_OK);
    settle(world);
    assert_int_equal(world->server.outgoing.used_count, 0);

    world->server.send_count = 2;
    settle(world);
    receipt = world->last[WAX_CLIENT_MESSAGE].receipt;
    assert_int_equal(receipt.owes, WAX_PUBREC);
    assert_int_equal(
        wax_client_acknowledge(&world->client, world->last[WAX_CLIENT_MESSAGE].receipt, 0), WAX_OK);
    settle(world);
    assert_int_equal(world->server.outgoing.used_count, 0);
    world_free(world);
}

static void a_receipt_is_void_after_its_connection(void **state)
{
    (void)state;
    static const struct seen sends[] = {
        {.text = "b", .qos = 1}
    };
    struct world *world = world_new(WAX_VERSION_5);
    wax_client_receipt receipt;

    world->config.acknowledges = false;
    world->server.sends = sends;
    world->server.send_count = 1;
    world_start(world);
    receipt = world->last[WAX_CLIENT_MESSAGE].receipt;
    cut(world);
    assert_int_equal(wax_client_acknowledge(&world->client, receipt, 0), WAX_NOT_FOUND);
    pass_time(world);
    assert_int_equal(world->seen_count, 2); /* sent again */
    assert_true(world->seen[1].duplicate);
    assert_int_equal(wax_client_acknowledge(&world->client, receipt, 0), WAX_NOT_FOUND);
    world_free(world);
}

static void a_qos_2_message_is_acknowledged_without_a_connection(void **state)
{
    (void)state;
    static const struct seen sends[] = {
        {.text = "c", .qos = 2}
    };
    struct world *world = world_new(WAX_VERSION_5);

    world->config.acknowledges = false;
    world->server.sends = sends;
    world->server.send_count = 1;
    world_start(world);
    cut(world);
    assert_int_equal(
        wax_client_acknowledge(&world->client, world->last[WAX_CLIENT_MESSAGE].receipt, 0), WAX_OK);
    pass_time(world);
    assert_int_equal(world->seen_count, 1); /* [MQTT-4.3.3-10] */
    assert_int_equal(world->server.outgoing.used_count, 0);
    world_free(world);
}

static void what_the_server_does_not_take_is_told(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);
    wax_publish publish = {.topic = WAX_TEXT("t"), .qos = 1};
    uint32_t token;

    world->server.packet_size_max = 100;
    publish.payload = wax_bytes_of(world->inbox, 200);
    world_start(world);
    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_OK);
    settle(world);
    assert_int_equal(world->last[WAX_CLIENT_DELIVERED].token, token);
    assert_int_equal(world->last[WAX_CLIENT_DELIVERED].status, WAX_TOO_LARGE);
    world->server.answer = WAX_NOT_AUTHORIZED;
    say(world, "x", 2);
    settle(world);
    assert_int_equal(world->last[WAX_CLIENT_DELIVERED].status, WAX_NOT_AUTHORIZED);
    assert_int_equal(wax_client_waiting_count(&world->client), 0);
    world_free(world);
}

static void the_servers_receive_maximum_is_kept(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);

    world->server.receive_maximum = 2;
    world->server.is_silent = true;
    world_start(world);
    for (int i = 0; i < 5; i++) {
        say(world, "x", 1);
    }
    settle(world);
    assert_int_equal(world->server.seen_count, 2);
    assert_int_equal(wax_client_waiting_count(&world->client), 5);
    world->server.is_silent = false;
    cut(world);
    pass_time(world);
    assert_int_equal(world->delivered_count, 5);
    assert_true(world->server.waiting_max <= 2);
    world_free(world);
}

static void nonsense_is_invalid(void **state)
{
    (void)state;
    const struct {
        const char *name;
        wax_publish publish;
    } rows[] = {
        {"no topic",                             {.qos = 0}                        },
        {"a wildcard in a topic [MQTT-3.3.2-2]", {.topic = WAX_TEXT("a/#")}        },
        {"QoS 3",                                {.topic = WAX_TEXT("a"), .qos = 3}},
    };
    struct world *world = world_new(WAX_VERSION_5);
    uint32_t token;

    world_start(world);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_row(rows[i].name,
                  wax_client_publish(&world->client, &rows[i].publish, &token) == WAX_INVALID);
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_speaks_every_version),
        cmocka_unit_test(messages_go_both_ways_at_every_qos),
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(a_request_is_asked_again_until_it_is_answered),
        cmocka_unit_test(the_will_and_the_name_reach_the_server),
        cmocka_unit_test(a_password_needs_a_name_before_mqtt_5),
        cmocka_unit_test(a_refusal_is_told_and_tried_again),
        cmocka_unit_test(one_that_connects_once_ends),
        cmocka_unit_test(it_says_good_bye),
        cmocka_unit_test(a_good_bye_has_properties_and_room_for_them),
        cmocka_unit_test(a_server_that_says_why_is_heard),
        cmocka_unit_test(the_application_may_acknowledge_later),
        cmocka_unit_test(a_receipt_is_void_after_its_connection),
        cmocka_unit_test(a_qos_2_message_is_acknowledged_without_a_connection),
        cmocka_unit_test(what_the_server_does_not_take_is_told),
        cmocka_unit_test(the_servers_receive_maximum_is_kept),
        cmocka_unit_test(nonsense_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
