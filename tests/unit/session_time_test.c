/* Keep alive and the time to connect. */
#include "session_check.h"

static wax_status tick_at(struct end *end, uint64_t now_ms)
{
    end->now_ms = now_ms;
    return wax_session_tick(&end->session, now_ms, &end->out);
}

static uint64_t deadline_of(const struct end *end)
{
    return wax_session_deadline_ms(&end->session);
}

/* One and a half times the keep alive of 10 s. */
enum { KEEP_ALIVE_MS = 10000, PATIENCE_MS = 15000 };

static const char five[] = "10 0e 0004 4d515454 05 02 000a 00 0001 63";
static const char three[] = "10 0d 0004 4d515454 04 02 000a 0001 63";

/* [MQTT-3.1.2-11] [MQTT-3.1.2-22] */
static void a_server_gives_up_a_silent_client(void **state)
{
    struct end end;

    (void)state;
    for (int version = 3; version <= 5; version += 2) {
        end_open(&end, WAX_ROLE_SERVER, NULL);
        server_open(&end, version == 5 ? five : three);
        assert_int_equal(deadline_of(&end), START_MS + PATIENCE_MS);
        end.now_ms = START_MS + 100;
        assert_int_equal(feed(&end, "c0 00"), WAX_OK);
        forget_output(&end);
        assert_int_equal(tick_at(&end, START_MS + 100 + PATIENCE_MS - 1), WAX_OK);
        assert_true(wrote(&end, ""));
        assert_int_equal(tick_at(&end, START_MS + 100 + PATIENCE_MS), WAX_KEEP_ALIVE_TIMEOUT);
        assert_true(wrote(&end, version == 5 ? "e0 01 8d" : ""));
        assert_true(deadline_of(&end) == WAX_NEVER);
        assert_int_equal(tick_at(&end, START_MS + 1000000), WAX_OK);
    }
}

static void a_keep_alive_of_0_is_none(void **state)
{
    struct end end;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        end_open(&end, (wax_role)role, NULL);
        end_ready(&end, (wax_role)role, WAX_VERSION_5, NULL);
        assert_true(deadline_of(&end) == WAX_NEVER);
        assert_int_equal(tick_at(&end, UINT64_MAX - 1), WAX_OK);
        assert_true(wrote(&end, ""));
    }
}

static void a_client_with(struct end *end, const char *connack)
{
    wax_connect connect = {.version = WAX_VERSION_5, .keep_alive_s = 10};

    connect.client_id = WAX_TEXT("c");
    end_open(end, WAX_ROLE_CLIENT, NULL);
    client_open(end, &connect, connack);
}

/* [MQTT-3.1.2-20] */
static void a_client_pings(void **state)
{
    struct end end;

    (void)state;
    a_client_with(&end, "20 03 00 00 00");
    assert_int_equal(tick_at(&end, START_MS + KEEP_ALIVE_MS - 1), WAX_OK);
    assert_true(wrote(&end, ""));
    assert_int_equal(tick_at(&end, START_MS + KEEP_ALIVE_MS), WAX_OK);
    assert_true(wrote(&end, "c0 00"));
    end.now_ms += 10;
    assert_int_equal(feed(&end, "d0 00"), WAX_OK);
    assert_int_equal(deadline_of(&end), START_MS + 2 * KEEP_ALIVE_MS);
    assert_int_equal(tick_at(&end, START_MS + 2 * KEEP_ALIVE_MS), WAX_OK);
    assert_true(wrote(&end, "c0 00"));
    assert_int_equal(tick_at(&end, START_MS + 3 * KEEP_ALIVE_MS), WAX_KEEP_ALIVE_TIMEOUT);
    assert_true(wrote(&end, "e0 01 8d"));
}

/* Whoever only sends learns that the peer is gone, too. */
static void a_busy_client_gives_up_a_silent_server(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    a_client_with(&end, "20 03 00 00 00");
    for (int i = 1; i < 20; i++) {
        assert_int_equal(tick_at(&end, START_MS + (uint64_t)i * KEEP_ALIVE_MS / 10), WAX_OK);
        assert_int_equal(end.session.pinged, i >= 10);
        assert_int_equal(publish(&end, 0, &id), WAX_OK);
    }
    assert_int_equal(tick_at(&end, START_MS + 2 * KEEP_ALIVE_MS), WAX_KEEP_ALIVE_TIMEOUT);
}

/* What the peer sends while its PINGRESP is on the way is a sign of life. */
static void a_server_that_sends_is_not_given_up(void **state)
{
    struct end end;

    (void)state;
    a_client_with(&end, "20 03 00 00 00");
    assert_int_equal(tick_at(&end, START_MS + KEEP_ALIVE_MS), WAX_OK);
    end.now_ms += 5000;
    assert_int_equal(feed(&end, "30 04 0001 61 00"), WAX_OK);
    assert_int_equal(deadline_of(&end), START_MS + KEEP_ALIVE_MS + 5000 + KEEP_ALIVE_MS);
}

/* Only what was sent puts the next PINGREQ off. [MQTT-3.1.2-20] */
static void a_failed_attempt_is_no_sign_of_life(void **state)
{
    struct end end;
    uint8_t room[1];
    wax_writer full = wax_writer_over(room, 0);
    wax_publish message = message_of(1);
    uint16_t id;

    (void)state;
    a_client_with(&end, "20 06 00 00 03 21 0001");
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(tick_at(&end, START_MS + 5000), WAX_OK);
    assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
    assert_int_equal(wax_session_begin(&end.session, 1, 10, &id), WAX_CROWDED);
    message.qos = 0;
    assert_int_equal(wax_session_publish(&end.session, &message, &full), WAX_FULL);
    assert_int_equal(deadline_of(&end), START_MS + KEEP_ALIVE_MS);
    assert_int_equal(wax_session_begin(&end.session, 0, 10, &id), WAX_OK);
    assert_int_equal(end.session.sent_ms, START_MS + 5000);
}

/* [MQTT-3.1.2-21] */
static void the_servers_keep_alive_counts(void **state)
{
    struct end end;

    (void)state;
    a_client_with(&end, "20 06 00 00 03 13 0003");
    assert_int_equal(deadline_of(&end), START_MS + 3000);
    a_client_with(&end, "20 06 00 00 03 13 0000");
    assert_true(deadline_of(&end) == WAX_NEVER);

    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(feed(&end, five), WAX_OK);
    wax_session_attach(&end.session, &end.outgoing, &end.incoming);
    wax_property_write_number(&end.properties, WAX_SERVER_KEEP_ALIVE, 4);
    assert_int_equal(wax_session_accept(&end.session, false, 4, &end.properties, &end.out), WAX_OK);
    assert_true(wrote(&end, "20 06 00 00 03 13 0004"));
    assert_int_equal(deadline_of(&end), START_MS + 6000);
}

static void connecting_takes_no_longer_than_allowed(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .client_id = WAX_TEXT("c")};
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(deadline_of(&end), START_MS + 10000);
    assert_int_equal(tick_at(&end, START_MS + 9999), WAX_OK);
    assert_int_equal(feed(&end, "10 0e"), WAX_MORE); /* half a packet buys no time */
    assert_int_equal(tick_at(&end, START_MS + 10000), WAX_MAXIMUM_CONNECT_TIME);
    assert_true(wrote(&end, ""));
    assert_int_equal(feed(&end, five), WAX_CLOSED);

    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(feed(&end, five), WAX_OK);
    assert_int_equal(tick_at(&end, START_MS + 10000), WAX_MAXIMUM_CONNECT_TIME);
    assert_true(wrote(&end, "")); /* CONNACK has no such reason */

    end_open(&end, WAX_ROLE_CLIENT, NULL);
    client_connect(&end, &connect);
    assert_int_equal(tick_at(&end, START_MS + 10000), WAX_MAXIMUM_CONNECT_TIME);
    assert_true(wrote(&end, ""));
}

static void a_ping_that_does_not_fit_is_tried_again(void **state)
{
    struct end end;
    uint8_t room[1];
    wax_writer full = wax_writer_over(room, 1);

    (void)state;
    a_client_with(&end, "20 03 00 00 00");
    assert_int_equal(wax_session_tick(&end.session, START_MS + KEEP_ALIVE_MS, &full), WAX_FULL);
    assert_int_equal(tick_at(&end, START_MS + KEEP_ALIVE_MS + 1), WAX_OK);
    assert_true(wrote(&end, "c0 00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_gives_up_a_silent_client),
        cmocka_unit_test(a_keep_alive_of_0_is_none),
        cmocka_unit_test(a_client_pings),
        cmocka_unit_test(a_busy_client_gives_up_a_silent_server),
        cmocka_unit_test(a_server_that_sends_is_not_given_up),
        cmocka_unit_test(a_failed_attempt_is_no_sign_of_life),
        cmocka_unit_test(the_servers_keep_alive_counts),
        cmocka_unit_test(connecting_takes_no_longer_than_allowed),
        cmocka_unit_test(a_ping_that_does_not_fit_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
