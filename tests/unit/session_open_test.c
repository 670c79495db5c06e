/* How a connection begins and how it ends, and what the peer is told. */
#include "session_check.h"

/* --- CONNECT --- */

static void connect_goes_first_and_once(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_3_1_1, .clean_start = true};
    struct end end;

    (void)state;
    connect.client_id = WAX_TEXT("c");
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_OK);
    assert_true(wrote(&end, connect_of(WAX_VERSION_3_1_1))); /* [MQTT-3.1.0-1] */
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_INVALID); /* [MQTT-3.1.0-2] */
    assert_true(wrote(&end, ""));
    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_INVALID);
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    (void)wax_session_close(&end.session, 0, (wax_bytes){0}, &end.out);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_INVALID);
    assert_true(wrote(&end, ""));
}

static const wax_session_limits narrow = {.packet_size_max = 1000,
                                          .connect_size_max = 64,
                                          .receive_maximum = 3,
                                          .topic_alias_maximum = 2};

static void limits_are_announced(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .clean_start = true};
    struct end end;

    (void)state;
    connect.client_id = WAX_TEXT("c");
    end_open(&end, WAX_ROLE_CLIENT, &narrow);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_OK);
    assert_true(
        wrote(&end, "10 19 0004 4d515454 05 02 0000 0b 21 0003 22 0002 27 000003e8 0001 63"));

    end_open(&end, WAX_ROLE_SERVER, &narrow);
    assert_int_equal(feed(&end, connect_of(WAX_VERSION_5)), WAX_OK);
    wax_session_attach(&end.session, &end.outgoing, &end.incoming);
    assert_int_equal(wax_session_accept(&end.session, false, 0, &end.properties, &end.out), WAX_OK);
    assert_true(wrote(&end, "20 0e 00 00 0b 21 0003 22 0002 27 000003e8")); /* [MQTT-3.2.0-1] */
}

static void what_does_not_fit_can_be_tried_again(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .clean_start = true};
    struct end end;
    uint8_t room[64];
    wax_writer little = wax_writer_over(room, 4);

    (void)state;
    connect.client_id = WAX_TEXT("c");
    end_open(&end, WAX_ROLE_CLIENT, &narrow);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &little),
                     WAX_FULL);
    assert_int_equal(little.used, 0);
    assert_int_equal(wax_session_connect(&end.session, &connect, &end.properties, &end.out),
                     WAX_OK);
    assert_true(
        wrote(&end, "10 19 0004 4d515454 05 02 0000 0b 21 0003 22 0002 27 000003e8 0001 63"));

    end_open(&end, WAX_ROLE_SERVER, &narrow);
    assert_int_equal(feed(&end, connect_of(WAX_VERSION_5)), WAX_OK);
    wax_session_attach(&end.session, &end.outgoing, &end.incoming);
    little = wax_writer_over(room, 4);
    assert_int_equal(wax_session_accept(&end.session, false, 0, &end.properties, &little),
                     WAX_FULL);
    assert_int_equal(end.session.state, WAX_SESSION_ACCEPTING);
    assert_int_equal(wax_session_accept(&end.session, false, 0, &end.properties, &end.out), WAX_OK);
    assert_true(wrote(&end, "20 0e 00 00 0b 21 0003 22 0002 27 000003e8"));
}

/* clang-format off */
static const struct {
    const char *name;
    const char *bytes;
    wax_status status;
    const char *told;
} connects[] = {
    {"MQTT 5",                              "10 0e 0004 4d515454 05 02 0000 00 0001 63",    WAX_OK,                  ""},
    {"MQTT 3.1",                            "10 0f 0006 4d514973 6470 03 02 0000 0001 63",  WAX_OK,                  ""},
    {"not CONNECT [MQTT-3.1.0-1]",          "c0 00",                                        WAX_PROTOCOL_ERROR,      ""},
    {"not MQTT at all",                     "47 45 5420 2f",                                WAX_MALFORMED,           ""},
    {"MQTT 6",                              "10 0d 0004 4d515454 06 02 0000 0001 63",       WAX_UNSUPPORTED_VERSION, "20 02 00 01"},
    {"MQTT 5, cut short [MQTT-4.13.1-1]",   "10 0d 0004 4d515454 05 02 0000 00 0001",       WAX_MALFORMED,           "20 03 00 81 00"},
    {"3.1.1, cut short [MQTT-3.1.4-1 in 3.1.1]", "10 0c 0004 4d515454 04 02 0000 0001",     WAX_MALFORMED,           ""},
    {"3.1.1, reserved flag [MQTT-3.1.4-1 in 3.1.1]", "10 0d 0004 4d515454 04 03 0000 0001 63", WAX_MALFORMED,        ""},
    {"larger than connect_size_max",        "10 40 0004",                                   WAX_PACKET_TOO_LARGE,    ""},
    {"much larger, no body yet",            "10 ffffff7f",                                  WAX_PACKET_TOO_LARGE,    ""},
};
/* clang-format on */

static void a_connect_is_judged(void **state)
{
    struct end end;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(connects); i++) {
        end_open(&end, WAX_ROLE_SERVER, &narrow);
        check_row(connects[i].name, feed(&end, connects[i].bytes) == connects[i].status);
        check_row(connects[i].name, wrote(&end, connects[i].told));
        check_row(connects[i].name,
                  end.session.state ==
                      (connects[i].status == WAX_OK ? WAX_SESSION_ACCEPTING : WAX_SESSION_CLOSED));
    }
}

/* [MQTT-3.1.2-4] [MQTT-3.2.2-4] */
static void a_clean_start_forgets(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .clean_start = true};
    struct end end;
    uint16_t id;

    (void)state;
    connect.client_id = WAX_TEXT("c");
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(feed(&end, "34 06 0001 74 0005 00"), WAX_OK);
    end_reopen(&end, WAX_ROLE_CLIENT, NULL);
    assert_int_equal(end.outgoing.used_count, 1);
    client_connect(&end, &connect);
    assert_int_equal(end.outgoing.used_count, 0);
    assert_int_equal(end.incoming.used_count, 0);
    assert_int_equal(feed(&end, "20 03 01 00 00"), WAX_PROTOCOL_ERROR);
}

/* clang-format off */
static const struct {
    const char *name;
    wax_version version;
    bool clean_start;
    const char *connack;
    bool keeps;
} resumptions[] = {
    {"the server has the session",              WAX_VERSION_5,     false, "20 03 01 00 00", true },
    {"the server has it not",                   WAX_VERSION_5,     false, "20 03 00 00 00", false},
    {"the server has it, 3.1.1",                WAX_VERSION_3_1_1, false, "20 02 01 00",    true },
    {"the server has it not, 3.1.1",            WAX_VERSION_3_1_1, false, "20 02 00 00",    false},
    {"MQTT 3.1 cannot tell: it has",            WAX_VERSION_3_1,   false, "20 02 00 00",    true },
    {"MQTT 3.1 was asked for a clean session",  WAX_VERSION_3_1,   true,  "20 02 00 00",    false},
};
/* clang-format on */

static void a_client_resumes_what_the_server_has(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(resumptions); i++) {
        wax_connect connect = {.version = resumptions[i].version,
                               .clean_start = resumptions[i].clean_start,
                               .client_id = WAX_TEXT("c")};
        end_open(&end, WAX_ROLE_CLIENT, NULL);
        end_ready(&end, WAX_ROLE_CLIENT, resumptions[i].version, NULL);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        end_reopen(&end, WAX_ROLE_CLIENT, NULL);
        client_open(&end, &connect, resumptions[i].connack);
        check_row(resumptions[i].name, end.outgoing.used_count == resumptions[i].keeps);
        check_row(resumptions[i].name, end.event.connack.session_present == resumptions[i].keeps);
    }
}

static void a_server_says_whether_it_resumes(void **state)
{
    static const char *const told[] = {"20 02 01 00", "20 02 00 00", "20 02 00 00"};
    static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_3_1_1, WAX_VERSION_3_1};
    struct end end;
    uint16_t id;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(told); i++) {
        bool keeps = i != 1;
        end_open(&end, WAX_ROLE_SERVER, NULL);
        end_ready(&end, WAX_ROLE_SERVER, versions[i], NULL);
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        end_reopen(&end, WAX_ROLE_SERVER, NULL);
        assert_int_equal(feed(&end, connect_of(versions[i])), WAX_OK);
        wax_session_attach(&end.session, &end.outgoing, &end.incoming);
        assert_int_equal(wax_session_accept(&end.session, keeps, 0, &end.properties, &end.out),
                         WAX_OK);
        assert_true(wrote(&end, told[i]));
        assert_int_equal(end.outgoing.used_count, keeps);
    }
}

static void requests_do_not_outlive_a_connection(void **state)
{
    uint8_t room[16];
    wax_writer filters = wax_writer_over(room, sizeof room);
    wax_subscribe subscribe = {0};
    struct end end;

    (void)state;
    wax_subscription_write(&filters, &(wax_subscription){.filter = WAX_TEXT("f")}, WAX_SUBSCRIBE,
                           WAX_VERSION_5);
    subscribe.filters = wax_writer_bytes(&filters);
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    assert_int_equal(wax_session_subscribe(&end.session, &subscribe, WAX_SUBSCRIBE, &end.out),
                     WAX_OK);
    assert_true(wrote(&end, "82 07 0001 00 0001 66 00"));
    assert_int_equal(end.outgoing.used_count, 1);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    assert_int_equal(end.outgoing.used_count, 0);
}

/* --- Before CONNECT and CONNACK --- */

static void a_connack_that_nobody_asked_for_is_refused(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    assert_int_equal(feed(&end, "20 02 00 00"), WAX_PROTOCOL_ERROR);
    assert_true(wrote(&end, ""));
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    assert_int_equal(feed(&end, "20 03 00 00 00"), WAX_PROTOCOL_ERROR);
    assert_true(wrote(&end, "e0 01 82"));
    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(feed(&end, "20 02 00 00"), WAX_PROTOCOL_ERROR);
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_int_equal(feed(&end, "20 03 00 00 00"), WAX_PROTOCOL_ERROR);
    assert_true(wrote(&end, "e0 01 82"));
}

/* [MQTT-3.2.2-7] */
static void a_refusal_closes(void **state)
{
    wax_connect connect = {.version = WAX_VERSION_5, .client_id = WAX_TEXT("c")};
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    client_connect(&end, &connect);
    assert_int_equal(feed(&end, "20 03 00 87 00"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_REFUSED);
    assert_int_equal(end.event.connack.reason, WAX_NOT_AUTHORIZED);
    assert_int_equal(end.session.state, WAX_SESSION_CLOSED);
    assert_int_equal(feed(&end, "d0 00"), WAX_CLOSED);

    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(feed(&end, connect_of(WAX_VERSION_5)), WAX_OK);
    assert_int_equal(wax_session_close(&end.session, WAX_NOT_AUTHORIZED, (wax_bytes){0}, &end.out),
                     WAX_OK);
    assert_true(wrote(&end, "20 03 00 87 00"));
    assert_int_equal(feed(&end, "c0 00"), WAX_CLOSED);
}

/* What follows CONNECT waits until it is answered, and is not looked at when it is refused.
 * [MQTT-3.1.4-6] */
static void packets_behind_connect_wait(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    assert_int_equal(feed(&end, connect_of(WAX_VERSION_5)), WAX_OK);
    for (int i = 0; i < 16; i++) {
        char packet[6] = {"0123456789abcdef"[i], '0', ' ', '0', '0', '\0'};
        if (i != WAX_AUTH && i != WAX_DISCONNECT) {
            assert_int_equal(feed(&end, packet), WAX_MORE);
            assert_int_equal(end.unread, 2);
        }
    }
    assert_int_equal(publish(&end, 0, &id), WAX_INVALID); /* [MQTT-3.2.0-1] */
    assert_true(wrote(&end, ""));
    wax_session_attach(&end.session, &end.outgoing, &end.incoming);
    assert_int_equal(wax_session_accept(&end.session, false, 0, &end.properties, &end.out), WAX_OK);
    forget_output(&end);
    assert_int_equal(feed(&end, "c0 00"), WAX_OK);
    assert_true(wrote(&end, "d0 00"));
}

/* --- The end --- */

enum { OPENING, ACCEPTING, OPEN };

/* clang-format off */
static const struct {
    const char *name;
    wax_role role;
    wax_version version;
    uint8_t state;
    uint8_t reason;
    const char *told;
} ends[] = {
    {"before CONNECT nobody is told [MQTT-3.14.0-1]",  WAX_ROLE_SERVER, WAX_VERSION_5,     OPENING,   WAX_SERVER_BUSY,      ""},
    {"CONNACK answers CONNECT [MQTT-3.14.0-1]",        WAX_ROLE_SERVER, WAX_VERSION_5,     ACCEPTING, WAX_SERVER_BUSY,      "20 03 00 89 00"},
    {"a code of MQTT 3 [MQTT-3.14.0-1]",               WAX_ROLE_SERVER, WAX_VERSION_3_1_1, ACCEPTING, WAX_BAD_LOGIN,        "20 02 00 04"},
    {"the code of MQTT 3 that is nearest",             WAX_ROLE_SERVER, WAX_VERSION_3_1,   ACCEPTING, WAX_BANNED,           "20 02 00 05"},
    {"no reason for a CONNACK",                        WAX_ROLE_SERVER, WAX_VERSION_5,     ACCEPTING, WAX_SHUTTING_DOWN,    ""},
    {"no refusal",                                     WAX_ROLE_SERVER, WAX_VERSION_5,     ACCEPTING, WAX_REASON_SUCCESS,   ""},
    {"a server says why",                              WAX_ROLE_SERVER, WAX_VERSION_5,     OPEN,      WAX_TAKEN_OVER,       "e0 01 8e"},
    {"a reason that DISCONNECT does not have",         WAX_ROLE_SERVER, WAX_VERSION_5,     OPEN,      WAX_BAD_LOGIN,        "e0 01 80"},
    {"a server of MQTT 3 has no word",                 WAX_ROLE_SERVER, WAX_VERSION_3_1_1, OPEN,      WAX_TAKEN_OVER,       ""},
    {"a client that says nothing yet says nothing",    WAX_ROLE_CLIENT, WAX_VERSION_5,     OPENING,   WAX_REASON_SUCCESS,   ""},
    {"a client says good-bye",                         WAX_ROLE_CLIENT, WAX_VERSION_5,     OPEN,      WAX_REASON_SUCCESS,   "e0 00"},
    {"a client keeps its will",                        WAX_ROLE_CLIENT, WAX_VERSION_5,     OPEN,      WAX_REASON_DISCONNECT_WITH_WILL, "e0 01 04"},
    {"a client of MQTT 3 says good-bye",               WAX_ROLE_CLIENT, WAX_VERSION_3_1_1, OPEN,      WAX_REASON_SUCCESS,   "e0 00"},
    {"a client of MQTT 3 cannot complain",             WAX_ROLE_CLIENT, WAX_VERSION_3_1_1, OPEN,      WAX_PROTOCOL_ERROR,   ""},
};
/* clang-format on */

static void bring_to(struct end *end, size_t row)
{
    end_open(end, ends[row].role, NULL);
    if (ends[row].state == OPEN) {
        end_ready(end, ends[row].role, ends[row].version, NULL);
    } else if (ends[row].state == ACCEPTING) {
        assert_int_equal(feed(end, connect_of(ends[row].version)), WAX_OK);
    } else if (ends[row].role == WAX_ROLE_CLIENT) {
        wax_connect connect = {.version = ends[row].version, .client_id = WAX_TEXT("c")};
        client_connect(end, &connect);
    }
}

static void the_peer_is_told_what_it_may_be_told(void **state)
{
    struct end end;
    uint16_t id;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(ends); i++) {
        bring_to(&end, i);
        check_row(ends[i].name, wax_session_close(&end.session, ends[i].reason, (wax_bytes){0},
                                                  &end.out) == WAX_OK);
        check_row(ends[i].name, wrote(&end, ends[i].told));
        check_row(ends[i].name, wax_session_close(&end.session, ends[i].reason, (wax_bytes){0},
                                                  &end.out) == WAX_OK);
        check_row(ends[i].name, publish(&end, 0, &id) == WAX_INVALID);
        check_row(ends[i].name, acknowledge(&end, WAX_PUBACK, 1, 0) == WAX_NOT_FOUND);
        check_row(ends[i].name, wax_session_grant(&end.session, &(wax_suback){.packet_id = 1},
                                                  WAX_SUBACK, &end.out) == WAX_INVALID);
        check_row(ends[i].name, wax_session_authenticate(&end.session, &(wax_notice){0},
                                                         &end.out) == WAX_INVALID);
        check_row(ends[i].name, feed(&end, "c0 00") == WAX_CLOSED);
        check_row("nothing follows [MQTT-3.14.4-1]", wrote(&end, ""));
    }
}

static const char five[] = "10 13 0004 4d515454 05 02 0000 05 27 00000014 0001 63"; /* takes 20 */

/* A Reason String that makes the packet too large is left out. */
static void properties_that_do_not_fit_are_left_out(void **state)
{
    static const struct {
        const char *name;
        bool is_open;
        size_t text_size;
        size_t told_size;
    } rows[] = {
        {"DISCONNECT of 20 bytes",                 true,  13, 20},
        {"DISCONNECT of 21 bytes [MQTT-3.14.2-3]", true,  14, 3 },
        {"CONNACK of 20 bytes",                    false, 12, 20},
        {"CONNACK of 21 bytes [MQTT-3.2.2-19]",    false, 13, 5 },
    };
    struct end end;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        end_open(&end, WAX_ROLE_SERVER, NULL);
        if (rows[i].is_open) {
            server_open(&end, five);
        } else {
            assert_int_equal(feed(&end, five), WAX_OK);
        }
        wax_property_write_value(&end.properties, WAX_REASON_STRING,
                                 wax_bytes_of("aaaaaaaaaaaaaa", rows[i].text_size));
        assert_int_equal(wax_session_close(&end.session, WAX_QUOTA_EXCEEDED,
                                           wax_writer_bytes(&end.properties), &end.out),
                         WAX_OK);
        check_row(rows[i].name, end.out.used == rows[i].told_size);
    }
}

/* [MQTT-3.2.2-16] */
static void a_connack_that_does_not_fit_is_not_sent(void **state)
{
    struct end end;

    (void)state;
    for (size_t size = 12; size <= 13; size++) {
        end_open(&end, WAX_ROLE_SERVER, NULL);
        assert_int_equal(feed(&end, five), WAX_OK);
        wax_session_attach(&end.session, &end.outgoing, &end.incoming);
        wax_property_write_value(&end.properties, WAX_REASON_STRING,
                                 wax_bytes_of("aaaaaaaaaaaaa", size));
        assert_int_equal(wax_session_accept(&end.session, false, 0, &end.properties, &end.out),
                         size == 12 ? WAX_OK : WAX_TOO_LARGE);
        assert_int_equal(end.out.used, size == 12 ? 20 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connect_goes_first_and_once),
        cmocka_unit_test(limits_are_announced),
        cmocka_unit_test(what_does_not_fit_can_be_tried_again),
        cmocka_unit_test(a_connect_is_judged),
        cmocka_unit_test(a_clean_start_forgets),
        cmocka_unit_test(a_client_resumes_what_the_server_has),
        cmocka_unit_test(a_server_says_whether_it_resumes),
        cmocka_unit_test(requests_do_not_outlive_a_connection),
        cmocka_unit_test(a_connack_that_nobody_asked_for_is_refused),
        cmocka_unit_test(a_refusal_closes),
        cmocka_unit_test(packets_behind_connect_wait),
        cmocka_unit_test(the_peer_is_told_what_it_may_be_told),
        cmocka_unit_test(properties_that_do_not_fit_are_left_out),
        cmocka_unit_test(a_connack_that_does_not_fit_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
