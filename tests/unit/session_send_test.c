/* What goes out: what the peer takes, quotas, and what is sent again. */
#include "session_check.h"

/* CONNECT and CONNACK with one property list. */
struct announcement {
    const char *connect;
    const char *connack;
};

static void open_with(struct end *end, wax_role role, const struct announcement *announcement)
{
    wax_connect connect = {.version = WAX_VERSION_5, .client_id = WAX_TEXT("c")};

    end_reopen(end, role, NULL);
    if (role == WAX_ROLE_SERVER) {
        server_open(end, announcement->connect);
    } else {
        client_open(end, &connect, announcement->connack);
    }
}

static const struct announcement takes_two = {"10 11 0004 4d515454 05 00 0000 03 21 0002 0001 63",
                                              "20 06 01 00 03 21 0002"};
static const struct announcement takes_10_bytes = {
    "10 13 0004 4d515454 05 00 0000 05 27 0000000a 0001 63", "20 08 01 00 05 27 0000000a"};

/* [MQTT-3.3.4-7] [MQTT-4.9.0-2] */
static void no_more_is_sent_than_the_peer_takes(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        end_open(&end, (wax_role)role, NULL);
        open_with(&end, (wax_role)role, &takes_two);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        assert_int_equal(publish(&end, 2, &id), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
        assert_int_equal(wax_session_begin(&end.session, 2, 9, &id), WAX_CROWDED);
        assert_int_equal(publish(&end, 0, &id), WAX_OK);
        forget_output(&end);
        assert_int_equal(feed(&end, "50 02 0002"), WAX_OK); /* PUBREC frees nothing yet */
        assert_int_equal(acknowledge(&end, WAX_PUBREL, 2, 0), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
        assert_int_equal(feed(&end, "70 02 0002"), WAX_OK);
        assert_int_equal(end.event.type, WAX_EVENT_DELIVERED);
        assert_int_equal(publish(&end, 2, &id), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
        assert_int_equal(feed(&end, "50 03 0003 97"), WAX_OK); /* a refusal does */
        assert_int_equal(end.event.type, WAX_EVENT_DELIVERED);
        assert_int_equal(end.event.reason, WAX_QUOTA_EXCEEDED);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        assert_int_equal(feed(&end, "40 02 0001"), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        assert_int_equal(end.session.sending_count, 2);
    }
}

static void our_own_limit_counts_when_it_is_less(void **state)
{
    wax_session_limits limits = wide_limits();
    struct end end;
    uint16_t id;

    (void)state;
    limits.send_maximum = 1;
    end_open(&end, WAX_ROLE_SERVER, &limits);
    server_open(&end, takes_two.connect);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
    limits.send_maximum = 3;
    end_open(&end, WAX_ROLE_SERVER, &limits);
    server_open(&end, takes_two.connect);
    assert_int_equal(end.session.send_maximum, 2);
}

/* Whatever is as good as sent is sent to nobody. [MQTT-3.1.2-24] [MQTT-3.1.2-25] [MQTT-3.2.2-15] */
static void what_is_too_large_is_not_sent(void **state)
{
    static const struct {
        const char *name;
        uint8_t qos;
        size_t payload_size;
        wax_status status;
    } rows[] = {
        {"10 bytes at QoS 0", 0, 4, WAX_OK       },
        {"11 bytes at QoS 0", 0, 5, WAX_TOO_LARGE},
        {"10 bytes at QoS 1", 1, 2, WAX_OK       },
        {"11 bytes at QoS 2", 2, 3, WAX_TOO_LARGE},
    };
    struct end end;
    uint16_t id;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        for (size_t i = 0; i < WAX_COUNT(rows); i++) {
            wax_publish message = message_of(rows[i].qos);
            bool is_sent = rows[i].status == WAX_OK;
            message.payload = wax_bytes_of("12345", rows[i].payload_size);
            end_open(&end, (wax_role)role, NULL);
            open_with(&end, (wax_role)role, &takes_10_bytes);
            check_row(rows[i].name,
                      wax_session_publish(&end.session, &message, &end.out) == rows[i].status);
            check_row(rows[i].name, (end.out.used > 0) == is_sent);
            check_row(rows[i].name, end.session.sending_count == (is_sent && rows[i].qos > 0));
            check_row(rows[i].name, wax_session_begin(&end.session, rows[i].qos, is_sent ? 10 : 11,
                                                      &id) == rows[i].status);
        }
    }
}

static void requests_and_answers_have_a_limit_too(void **state)
{
    struct end end;
    uint8_t room[16];

    (void)state;
    for (size_t size = 2; size <= 3; size++) {
        wax_writer filters = wax_writer_over(room, sizeof room);
        wax_subscribe subscribe = {0};
        bool fits = size == 2; /* 2 + 2 + 1 + 2 + size + 1 */
        wax_suback suback = {
            .packet_id = 1, .reasons = {room, fits ? 5 : 6}
        };
        wax_notice notice = {.reason = 0x18};
        wax_writer method = wax_writer_over(room + 8, 8);

        wax_subscription_write(&filters, &(wax_subscription){.filter = wax_bytes_of("abc", size)},
                               WAX_SUBSCRIBE, WAX_VERSION_5);
        subscribe.filters = wax_writer_bytes(&filters);
        end_open(&end, WAX_ROLE_CLIENT, NULL);
        open_with(&end, WAX_ROLE_CLIENT, &takes_10_bytes);
        assert_int_equal(wax_session_subscribe(&end.session, &subscribe, WAX_SUBSCRIBE, &end.out),
                         fits ? WAX_OK : WAX_TOO_LARGE);
        assert_int_equal(end.out.used, fits ? 10 : 0);
        assert_int_equal(end.outgoing.used_count, fits);

        end_open(&end, WAX_ROLE_SERVER, NULL);
        open_with(&end, WAX_ROLE_SERVER, &takes_10_bytes);
        memset(room, 0, sizeof room);
        assert_int_equal(wax_session_grant(&end.session, &suback, WAX_SUBACK, &end.out),
                         fits ? WAX_OK : WAX_TOO_LARGE);
        assert_int_equal(end.out.used, fits ? 10 : 0);

        end_open(&end, WAX_ROLE_SERVER, NULL);
        assert_int_equal(
            feed(&end, "10 17 0004 4d515454 05 00 0000 09 27 0000000a 15 0001 6d 0001 63"), WAX_OK);
        wax_property_write_value(&method, WAX_AUTHENTICATION_METHOD,
                                 wax_bytes_of("mmm", fits ? 3 : 4));
        notice.properties = wax_writer_bytes(&method);
        assert_int_equal(wax_session_authenticate(&end.session, &notice, &end.out),
                         fits ? WAX_OK : WAX_TOO_LARGE);
        assert_int_equal(end.out.used, fits ? 10 : 0);
    }
}

/* clang-format off */
static const struct {
    const char *name;
    wax_role role;
    const char *connack; /* for a client */
    uint8_t qos;
    bool retain;
    wax_status status;
} takings[] = {
    {"QoS 2 by default",                          WAX_ROLE_CLIENT, "20 03 00 00 00",        2, false, WAX_OK     },
    {"as much as Maximum QoS",                    WAX_ROLE_CLIENT, "20 05 00 00 02 24 01",  1, false, WAX_OK     },
    {"more than Maximum QoS [MQTT-3.2.2-11]",     WAX_ROLE_CLIENT, "20 05 00 00 02 24 01",  2, false, WAX_INVALID},
    {"QoS 1 where there is only 0 [MQTT-3.2.2-11]", WAX_ROLE_CLIENT, "20 05 00 00 02 24 00", 1, false, WAX_INVALID},
    {"retain by default",                         WAX_ROLE_CLIENT, "20 03 00 00 00",        0, true,  WAX_OK     },
    {"retain is not available [MQTT-3.2.2-14]",   WAX_ROLE_CLIENT, "20 05 00 00 02 25 00",  0, true,  WAX_INVALID},
    {"without retain it is [MQTT-3.2.2-14]",      WAX_ROLE_CLIENT, "20 05 00 00 02 25 00",  0, false, WAX_OK     },
    {"a server retains",                          WAX_ROLE_SERVER, "",                      2, true,  WAX_OK     },
};
/* clang-format on */

static void nothing_is_sent_that_the_peer_does_not_take(void **state)
{
    struct end end;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(takings); i++) {
        struct announcement announcement = {connect_of(WAX_VERSION_5), takings[i].connack};
        wax_publish message = message_of(takings[i].qos);
        uint16_t id;

        message.retain = takings[i].retain;
        end_open(&end, takings[i].role, NULL);
        open_with(&end, takings[i].role, &announcement);
        check_row(takings[i].name,
                  wax_session_publish(&end.session, &message, &end.out) == takings[i].status);
        check_row(takings[i].name, (end.out.used > 0) == (takings[i].status == WAX_OK));
        check_row(takings[i].name, message.retain || wax_session_begin(&end.session, message.qos, 9,
                                                                       &id) == takings[i].status);
    }
}

/* Nothing is sent before the connection is open. [MQTT-3.2.0-1] */
static void nothing_is_sent_too_early(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .client_id = WAX_TEXT("c")};
    wax_subscribe subscribe = {.filters = hex("0001 74 00")};
    wax_suback suback = {.packet_id = 1, .reasons = hex("00")};
    struct end end;
    uint16_t id;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        end_open(&end, (wax_role)role, NULL);
        if (role == WAX_ROLE_CLIENT) {
            client_connect(&end, &connect);
        } else {
            assert_int_equal(feed(&end, connect_of(WAX_VERSION_5)), WAX_OK);
        }
        assert_int_equal(publish(&end, 0, &id), WAX_INVALID);
        assert_int_equal(publish(&end, 1, &id), WAX_INVALID);
        assert_int_equal(acknowledge(&end, WAX_PUBACK, 1, 0), WAX_NOT_FOUND);
        assert_int_equal(wax_session_subscribe(&end.session, &subscribe, WAX_SUBSCRIBE, &end.out),
                         WAX_INVALID);
        assert_int_equal(wax_session_grant(&end.session, &suback, WAX_SUBACK, &end.out),
                         WAX_INVALID);
        assert_true(wrote(&end, ""));
    }
}

static void what_does_not_fit_was_not_begun(void **state)
{
    struct end end;
    uint8_t room[8];
    wax_publish message = message_of(1);
    wax_subscribe subscribe = {.filters = hex("0001 74 00")};

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    message.payload = WAX_TEXT("1");
    for (size_t size = 0; size < 9; size++) {
        wax_writer out = wax_writer_over(room, size);
        assert_int_equal(wax_session_publish(&end.session, &message, &out), WAX_FULL);
        assert_int_equal(out.used, 0);
        out = wax_writer_over(room, size);
        assert_int_equal(wax_session_publish_start(&end.session, &message, &out),
                         size < 8 ? WAX_FULL : WAX_OK); /* only the head needs to fit */
        out = wax_writer_over(room, size);
        assert_int_equal(wax_session_subscribe(&end.session, &subscribe, WAX_SUBSCRIBE, &out),
                         WAX_FULL);
    }
    assert_int_equal(end.outgoing.used_count, 1);
    assert_int_equal(end.session.sending_count, 1);
    check_counts(&end.outgoing);
}

/* --- Again, on another connection --- */

/* [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1] [MQTT-4.3.3-6] */
static void a_session_is_resumed_in_order(void **state)
{
    struct end end;
    uint16_t id;
    const wax_flow *flow;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(publish(&end, i % 2 == 0 ? 2 : 1, &id), WAX_OK);
    }
    assert_int_equal(feed(&end, "50 02 0001"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
    assert_int_equal(feed(&end, "40 02 0002"), WAX_OK);
    forget_output(&end);
    assert_int_equal(publish_again(&end, 2, 3), WAX_INVALID); /* it went on this connection */
    assert_true(wrote(&end, ""));

    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_true(wrote(&end, "")); /* nothing goes by itself */
    flow = wax_flows_after(&end.outgoing, 0);
    assert_int_equal(flow->packet_id, 1);
    assert_int_equal(flow->waits, WAX_WAIT_PUBCOMP);
    assert_int_equal(publish_again(&end, 2, 1), WAX_NOT_FOUND); /* PUBREC came */
    assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
    assert_true(wrote(&end, "62 02 0001"));
    assert_int_equal(publish_again(&end, 1, 2), WAX_NOT_FOUND); /* PUBACK came */
    flow = wax_flows_after(&end.outgoing, 1);
    assert_int_equal(flow->packet_id, 3);
    assert_int_equal(publish_again(&end, 2, 3), WAX_OK);
    assert_true(wrote(&end, "3c 06 0001 74 0003 00"));
    assert_int_equal(publish_again(&end, 2, 3), WAX_INVALID);
    flow = wax_flows_after(&end.outgoing, 3);
    assert_int_equal(flow->packet_id, 4);
    assert_int_equal(publish_again(&end, 1, 4), WAX_OK);
    assert_true(wrote(&end, "3a 06 0001 74 0004 00"));
    assert_null(wax_flows_after(&end.outgoing, 4));
    assert_int_equal(end.session.sending_count, 3);
}

/* Whatever goes on this connection counts, and counts once. [MQTT-3.3.4-7] */
static void what_is_resumed_counts(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    for (int is_early = 0; is_early < 2; is_early++) {
        end_open(&end, WAX_ROLE_CLIENT, NULL);
        open_with(&end, WAX_ROLE_CLIENT, &takes_two);
        assert_int_equal(publish(&end, 2, &id), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        assert_int_equal(feed(&end, "50 02 0001"), WAX_OK);
        if (is_early == 1) { /* PUBREL went on the earlier connection */
            assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
        }
        open_with(&end, WAX_ROLE_CLIENT, &takes_two);
        assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
        assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
        assert_int_equal(end.session.sending_count, 1);
        assert_int_equal(publish_again(&end, 1, 2), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
        assert_int_equal(feed(&end, "70 02 0001"), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
    }
    /* An answer to what was not sent here frees no room of what was. */
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    open_with(&end, WAX_ROLE_CLIENT, &takes_two);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    open_with(&end, WAX_ROLE_CLIENT, &takes_two);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(feed(&end, "40 02 0001"), WAX_OK);
    assert_int_equal(end.session.sending_count, 2);
    assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
}

/* A message that the next connection's peer does not take ends all the same. [MQTT-3.1.2-25] */
static void a_resumed_message_may_be_too_large(void **state)
{
    wax_publish message = message_of(1);
    struct end end;

    (void)state;
    message.payload = WAX_TEXT("12345");
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_int_equal(wax_session_publish(&end.session, &message, &end.out), WAX_OK);
    message.qos = 2;
    assert_int_equal(wax_session_publish(&end.session, &message, &end.out), WAX_OK);
    open_with(&end, WAX_ROLE_SERVER, &takes_10_bytes);
    message.duplicate = true;
    assert_int_equal(wax_session_publish(&end.session, &message, &end.out), WAX_TOO_LARGE);
    assert_true(wrote(&end, "62 02 0002"));
    message.qos = 1;
    message.packet_id = 1;
    assert_int_equal(wax_session_publish(&end.session, &message, &end.out), WAX_TOO_LARGE);
    assert_true(wrote(&end, ""));
    assert_int_equal(wax_session_publish(&end.session, &message, &end.out), WAX_NOT_FOUND);
    assert_int_equal(feed(&end, "70 03 0002 92"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_DELIVERED);
    assert_int_equal(end.outgoing.used_count, 0);
    assert_int_equal(end.session.sending_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_is_sent_than_the_peer_takes),
        cmocka_unit_test(our_own_limit_counts_when_it_is_less),
        cmocka_unit_test(what_is_too_large_is_not_sent),
        cmocka_unit_test(requests_and_answers_have_a_limit_too),
        cmocka_unit_test(nothing_is_sent_that_the_peer_does_not_take),
        cmocka_unit_test(nothing_is_sent_too_early),
        cmocka_unit_test(what_does_not_fit_was_not_begun),
        cmocka_unit_test(a_session_is_resumed_in_order),
        cmocka_unit_test(what_is_resumed_counts),
        cmocka_unit_test(a_resumed_message_may_be_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
