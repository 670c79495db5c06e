/* What comes in: every packet in every state of both roles, quotas, sizes and pieces. */
#include "session_check.h"

enum { OPENING, ACCEPTING, OPEN };

#define AT(type) (1U << (WAX_##type))
#define BOTH                                                                                       \
    (AT(PUBLISH) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | AT(PUBCOMP) | AT(DISCONNECT) | AT(AUTH))

/* What is taken when CONNECT named an Authentication Method. The peer of MQTT 5 is told of the rest
 * by the packet whose first byte stands here. [MQTT-4.13.1-1] */
/* clang-format off */
static const struct {
    const char *name;
    unsigned accepted;
    uint8_t role;
    uint8_t state;
    uint8_t told;
} states[] = {
    {"server, before CONNECT [MQTT-3.1.0-1]",       AT(CONNECT),                                        WAX_ROLE_SERVER, OPENING,   0x00},
    {"server, CONNECT not answered [MQTT-3.1.4-6]", AT(AUTH) | AT(DISCONNECT),                          WAX_ROLE_SERVER, ACCEPTING, 0x20},
    {"server, open [MQTT-3.1.0-2]",                 BOTH | AT(SUBSCRIBE) | AT(UNSUBSCRIBE) | AT(PINGREQ), WAX_ROLE_SERVER, OPEN,    0xe0},
    {"client, before CONNACK",                      AT(CONNACK) | AT(AUTH) | AT(DISCONNECT),            WAX_ROLE_CLIENT, OPENING,   0x00},
    {"client, open",                                BOTH | AT(SUBACK) | AT(UNSUBACK) | AT(PINGRESP),    WAX_ROLE_CLIENT, OPEN,      0xe0},
};

/* Each packet as MQTT 5 and as MQTT 3 has it. */
static const struct {
    const char *five;
    const char *three;
} packets[] = {
    [WAX_CONNECT] =     {"10 0e 0004 4d515454 05 02 0000 00 0001 63", "10 0d 0004 4d515454 04 02 0000 0001 63"},
    [WAX_CONNACK] =     {"20 03 00 00 00",               "20 02 00 00"},
    [WAX_PUBLISH] =     {"30 04 0001 74 00",             "30 03 0001 74"},
    [WAX_PUBACK] =      {"40 02 0001",                   "40 02 0001"},
    [WAX_PUBREC] =      {"50 02 0001",                   "50 02 0001"},
    [WAX_PUBREL] =      {"62 02 0001",                   "62 02 0001"},
    [WAX_PUBCOMP] =     {"70 02 0001",                   "70 02 0001"},
    [WAX_SUBSCRIBE] =   {"82 07 0001 00 0001 74 00",     "82 06 0001 0001 74 00"},
    [WAX_SUBACK] =      {"90 04 0001 00 00",             "90 03 0001 00"},
    [WAX_UNSUBSCRIBE] = {"a2 06 0001 00 0001 74",        "a2 05 0001 0001 74"},
    [WAX_UNSUBACK] =    {"b0 04 0001 00 00",             "b0 02 0001"},
    [WAX_PINGREQ] =     {"c0 00",                        "c0 00"},
    [WAX_PINGRESP] =    {"d0 00",                        "d0 00"},
    [WAX_DISCONNECT] =  {"e0 00",                        "e0 00"},
    [WAX_AUTH] =        {"f0 02 18 00",                  "f0 00"},
};
/* clang-format on */

static const char connect_with_method[] =
    "10 12 0004 4d515454 05 02 0000 04 15 0001 6d 0001 63"; /* the method is "m" */

/* Brings an end of MQTT 5 or 3 into the state of a row. */
static void bring_to(struct end *end, size_t row, bool is_five, bool has_method)
{
    const char *connect_text = !is_five     ? connect_of(WAX_VERSION_3_1_1)
                               : has_method ? connect_with_method
                                            : connect_of(WAX_VERSION_5);
    wax_connect connect = {.version = is_five ? WAX_VERSION_5 : WAX_VERSION_3_1_1};

    connect.client_id = WAX_TEXT("c");
    end_open(end, (wax_role)states[row].role, NULL);
    if (states[row].role == WAX_ROLE_CLIENT) {
        if (has_method && is_five) {
            wax_property_write_value(&end->properties, WAX_AUTHENTICATION_METHOD, WAX_TEXT("m"));
        }
        client_connect(end, &connect);
        if (states[row].state == OPEN) {
            const char *connack = is_five ? packets[WAX_CONNACK].five : packets[WAX_CONNACK].three;
            assert_int_equal(feed(end, connack), WAX_OK);
        }
    } else if (states[row].state == ACCEPTING) {
        assert_int_equal(feed(end, connect_text), WAX_OK);
    } else if (states[row].state == OPEN) {
        server_open(end, connect_text);
    }
    forget_output(end);
}

static void check_five(size_t row, wax_packet_type type, bool has_method)
{
    struct end end;
    const char *told = states[row].told == 0x20   ? "20 03 00 82 00"
                       : states[row].told == 0xe0 ? "e0 01 82"
                                                  : "";
    bool is_accepted = (states[row].accepted >> type & 1U) != 0;
    bool waits =
        states[row].state == ACCEPTING && !has_method && type != WAX_AUTH && type != WAX_DISCONNECT;
    wax_status wanted;

    /* [MQTT-4.12.0-6] [MQTT-4.12.0-7] */
    is_accepted = is_accepted && (type != WAX_AUTH || has_method);
    wanted = waits ? WAX_MORE : is_accepted ? WAX_OK : WAX_PROTOCOL_ERROR;
    if (type == WAX_AUTH && states[row].role == WAX_ROLE_SERVER && states[row].state == OPENING) {
        wanted = WAX_MALFORMED; /* before CONNECT there is no version that has it */
    }
    bring_to(&end, row, true, has_method);
    check_row(states[row].name, feed(&end, packets[type].five) == wanted);
    if (wanted >= 0x80) {
        check_row(states[row].name, wrote(&end, told));
        check_row(states[row].name, end.session.state == WAX_SESSION_CLOSED);
        check_row(states[row].name, feed(&end, "c0 00") == WAX_CLOSED);
    }
}

static void every_packet_in_every_state(void **state)
{
    (void)state;
    for (size_t row = 0; row < WAX_COUNT(states); row++) {
        for (int type = WAX_CONNECT; type <= WAX_AUTH; type++) {
            check_five(row, (wax_packet_type)type, true);
            check_five(row, (wax_packet_type)type, false);
        }
    }
}

/* MQTT 3 has no AUTH, no DISCONNECT of the server, and no word for what is wrong. */
static void every_packet_of_mqtt_3(void **state)
{
    struct end end;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        unsigned accepted = states[role == WAX_ROLE_SERVER ? 2 : 4].accepted & ~AT(AUTH);
        accepted &= role == WAX_ROLE_CLIENT ? ~AT(DISCONNECT) : ~0U;
        for (int type = WAX_CONNECT; type <= WAX_AUTH; type++) {
            bool is_accepted = (accepted >> type & 1U) != 0;
            wax_status wanted = type == WAX_AUTH ? WAX_MALFORMED
                                : is_accepted    ? WAX_OK
                                                 : WAX_PROTOCOL_ERROR;
            end_open(&end, (wax_role)role, NULL);
            end_ready(&end, (wax_role)role, WAX_VERSION_3_1_1, NULL);
            check_row(packets[type].three, feed(&end, packets[type].three) == wanted);
            check_row(packets[type].three, wanted == WAX_OK || wrote(&end, ""));
            check_row(packets[type].three, (end.session.state == WAX_SESSION_CLOSED) ==
                                               (wanted != WAX_OK || type == WAX_DISCONNECT));
        }
    }
}

/* clang-format off */
static const struct {
    const char *name;
    wax_role role;
    const char *bytes;
    wax_status status;
    wax_event_type event;
    const char *told;
} rows[] = {
    {"PINGRESP answers PINGREQ [MQTT-3.12.4-1]",   WAX_ROLE_SERVER, "c0 00",                          WAX_OK,             WAX_EVENT_NONE,           "d0 00"},
    {"PINGREQ with a body",                        WAX_ROLE_SERVER, "c0 01 00",                       WAX_MALFORMED,      WAX_EVENT_NONE,           "e0 01 81"},
    {"PINGRESP with a body",                       WAX_ROLE_CLIENT, "d0 01 00",                       WAX_MALFORMED,      WAX_EVENT_NONE,           "e0 01 81"},
    {"a client names no subscription [MQTT-3.3.4-6]", WAX_ROLE_SERVER, "30 06 0001 74 02 0b01",       WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"a server does",                              WAX_ROLE_CLIENT, "30 06 0001 74 02 0b01",          WAX_OK,             WAX_EVENT_PUBLISH,        ""},
    {"a server does not set the session's expiry [MQTT-3.14.2-2]", WAX_ROLE_CLIENT, "e0 07 00 05 11 00000001", WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,  "e0 01 82"},
    {"a client does",                              WAX_ROLE_SERVER, "e0 07 00 05 11 00000000",        WAX_OK,             WAX_EVENT_DISCONNECTED,   ""},
    {"but gives no life to what CONNECT gave none", WAX_ROLE_SERVER, "e0 07 00 05 11 00000001",       WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"a client wants its will sent",               WAX_ROLE_SERVER, "e0 01 04",                       WAX_OK,             WAX_EVENT_DISCONNECTED,   ""},
    {"SUBSCRIBE",                                  WAX_ROLE_SERVER, "82 07 0001 00 0001 74 00",       WAX_OK,             WAX_EVENT_SUBSCRIBE,      ""},
    {"UNSUBSCRIBE",                                WAX_ROLE_SERVER, "a2 06 0001 00 0001 74",          WAX_OK,             WAX_EVENT_UNSUBSCRIBE,    ""},
    {"SUBSCRIBE to nothing",                       WAX_ROLE_SERVER, "82 03 0001 00",                  WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"SUBACK of nothing known",                    WAX_ROLE_CLIENT, "90 04 0001 00 00",               WAX_OK,             WAX_EVENT_NONE,           ""},
    {"SUBACK without a reason",                    WAX_ROLE_CLIENT, "90 03 0001 00",                  WAX_MALFORMED,      WAX_EVENT_NONE,           "e0 01 81"},
    {"SUBACK of the id 0",                         WAX_ROLE_CLIENT, "90 04 0000 00 00",               WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"PUBACK of nothing known",                    WAX_ROLE_CLIENT, "40 02 0001",                     WAX_OK,             WAX_EVENT_NONE,           ""},
    {"PUBACK of the id 0",                         WAX_ROLE_CLIENT, "40 02 0000",                     WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"PUBREC of nothing known",                    WAX_ROLE_SERVER, "50 02 0007",                     WAX_OK,             WAX_EVENT_NONE,           "62 03 0007 92"},
    {"a refusal of nothing known",                 WAX_ROLE_SERVER, "50 03 0007 87",                  WAX_OK,             WAX_EVENT_NONE,           ""},
    {"PUBREL of nothing known",                    WAX_ROLE_SERVER, "62 02 0007",                     WAX_OK,             WAX_EVENT_NONE,           "70 03 0007 92"},
    {"QoS 3",                                      WAX_ROLE_SERVER, "36 06 0001 74 0001 00",          WAX_MALFORMED,      WAX_EVENT_NONE,           "e0 01 81"},
    {"the id 0",                                   WAX_ROLE_SERVER, "32 06 0001 74 0000 00",          WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"an empty topic",                             WAX_ROLE_SERVER, "30 03 0000 00",                  WAX_PROTOCOL_ERROR, WAX_EVENT_NONE,           "e0 01 82"},
    {"a wildcard",                                 WAX_ROLE_SERVER, "30 04 0001 23 00",               WAX_BAD_TOPIC,      WAX_EVENT_NONE,           "e0 01 90"},
    {"half a packet",                              WAX_ROLE_SERVER, "30 04 0001",                     WAX_MORE,           WAX_EVENT_NONE,           ""},
    {"nothing",                                    WAX_ROLE_SERVER, "",                               WAX_MORE,           WAX_EVENT_NONE,           ""},
};
/* clang-format on */

static void packets_mean_what_they_mean(void **state)
{
    struct end end;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_bytes bytes = hex(rows[i].bytes);
        end_open(&end, rows[i].role, NULL);
        end_ready(&end, rows[i].role, WAX_VERSION_5, NULL);
        check_row(rows[i].name, feed_bytes(&end, bytes) == rows[i].status);
        check_row(rows[i].name, end.event.type == rows[i].event);
        check_row(rows[i].name, wrote(&end, rows[i].told));
        check_row(rows[i].name, rows[i].status != WAX_MORE || end.unread == bytes.size);
        check_row(rows[i].name, rows[i].status != WAX_OK || end.unread == 0);
    }
}

/* A message at QoS 1 is owed a PUBACK, and has none before the word. [MQTT-4.3.2-4] */
static void a_message_is_acknowledged_when_it_is_safe(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_int_equal(feed(&end, "32 06 0001 74 0009 00"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_PUBLISH);
    assert_int_equal(end.event.owes, WAX_PUBACK);
    assert_int_equal(end.event.packet_id, 9);
    assert_true(wrote(&end, ""));
    assert_int_equal(acknowledge(&end, WAX_PUBACK, 9, 0), WAX_OK);
    assert_true(wrote(&end, "40 02 0009"));
    assert_int_equal(feed(&end, "3a 06 0001 74 0009 00"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_PUBLISH);
    assert_true(end.event.publish.duplicate);
    assert_int_equal(acknowledge(&end, WAX_PUBACK, 9, WAX_QUOTA_EXCEEDED), WAX_OK);
    assert_true(wrote(&end, "40 03 0009 97"));
}

/* MQTT 3 has no refusal: the word goes out as a success, and the exchange ends all the same. */
static void a_refusal_in_mqtt_3_looks_like_success(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_3_1_1, NULL);
    assert_int_equal(feed(&end, "34 05 0001 74 0005"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 5, WAX_NOT_AUTHORIZED), WAX_OK);
    assert_true(wrote(&end, "50 02 0005"));
    assert_int_equal(feed(&end, "62 02 0005"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_NONE);
    assert_true(wrote(&end, "70 02 0005"));
}

/* [MQTT-3.3.4-8] */
static void no_more_is_taken_than_the_receive_maximum(void **state)
{
    wax_session_limits limits = wide_limits();
    struct end end;

    (void)state;
    limits.receive_maximum = 2;
    for (int qos = 1; qos <= 2; qos++) {
        end_open(&end, WAX_ROLE_SERVER, &limits);
        end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, &limits);
        assert_int_equal(feed(&end, "32 06 0001 74 0001 00"), WAX_OK);
        assert_int_equal(feed(&end, "34 06 0001 74 0002 00"), WAX_OK);
        assert_int_equal(feed(&end, "30 04 0001 74 00"), WAX_OK);      /* QoS 0 does not count */
        assert_int_equal(feed(&end, "3c 06 0001 74 0002 00"), WAX_OK); /* nor what comes twice */
        assert_int_equal(acknowledge(&end, WAX_PUBREC, 2, 0), WAX_OK); /* nor does PUBREC free */
        assert_int_equal(acknowledge(&end, WAX_PUBACK, 1, 0), WAX_OK);
        assert_int_equal(feed(&end, "32 06 0001 74 0003 00"), WAX_OK);
        forget_output(&end);
        assert_int_equal(feed(&end, qos == 1 ? "32 06 0001 74 0004 00" : "34 06 0001 74 0004 00"),
                         WAX_RECEIVE_MAXIMUM_EXCEEDED);
        assert_true(wrote(&end, "e0 01 93"));
    }
    end_open(&end, WAX_ROLE_SERVER, &limits);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_3_1_1, &limits); /* MQTT 3 announces nothing */
    for (int i = 0; i < 5; i++) {
        assert_int_equal(feed(&end, "32 05 0001 74 0001"), WAX_OK);
    }
}

/* An exchange of an earlier connection counts from the moment it is taken up. */
static void what_is_sent_again_counts_once(void **state)
{
    wax_session_limits limits = wide_limits();
    struct end end;

    (void)state;
    limits.receive_maximum = 1;
    end_open(&end, WAX_ROLE_SERVER, &limits);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, &limits);
    assert_int_equal(feed(&end, "34 06 0001 74 0002 00"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 2, 0), WAX_OK);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, &limits);
    assert_int_equal(end.session.receiving_count, 0);
    assert_int_equal(feed(&end, "32 06 0001 74 0003 00"), WAX_OK);
    assert_int_equal(feed(&end, "62 02 0002"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBCOMP, 2, 0), WAX_OK); /* frees no room of another */
    assert_int_equal(end.session.receiving_count, 1);
    assert_int_equal(acknowledge(&end, WAX_PUBACK, 3, 0), WAX_OK);
    assert_int_equal(feed(&end, "34 06 0001 74 0004 00"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBACK, 9, 0), WAX_OK); /* of an earlier connection */
    assert_int_equal(end.session.receiving_count, 1);
}

static void too_large_a_packet_is_refused_by_its_head(void **state)
{
    wax_session_limits limits = wide_limits();
    struct end end;

    (void)state;
    limits.packet_size_max = 8;
    limits.connect_size_max = 64;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        end_open(&end, (wax_role)role, &limits);
        end_ready(&end, (wax_role)role, WAX_VERSION_5, &limits);
        assert_int_equal(feed(&end, "30 06 0001 74 00 0000"), WAX_OK);
        assert_int_equal(feed(&end, "30 07"), WAX_PACKET_TOO_LARGE);
        assert_true(wrote(&end, "e0 01 95"));
    }
}

/* WAX_FULL and WAX_CROWDED leave everything as it was. */
static void without_room_nothing_is_taken(void **state)
{
    struct end end;
    uint8_t room[16];
    wax_writer little = wax_writer_over(room, WAX_ANSWER_SIZE_MAX - 1);
    wax_writer failed = wax_writer_over(room, sizeof room);
    wax_reader in = wax_reader_over(hex("c0 00"));
    char packet[] = "34 06 0001 74 0001 00";

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_int_equal(wax_session_receive(&end.session, &in, &little, START_MS + 1, &end.event),
                     WAX_FULL);
    wax_write_bytes(&failed, wax_bytes_of(packet, sizeof room + 1));
    assert_int_equal(wax_session_receive(&end.session, &in, &failed, START_MS + 1, &end.event),
                     WAX_FULL);
    assert_int_equal(wax_reader_left(&in), 2);
    assert_int_equal(little.used + failed.used, 0);
    assert_int_equal(end.session.received_ms, START_MS);

    for (int i = 1; i <= SLOTS + 1; i++) {
        packet[17] = (char)('0' + i);
        assert_int_equal(feed(&end, packet), i <= SLOTS ? WAX_OK : WAX_CROWDED);
    }
    assert_int_equal(end.unread, 8);
    assert_int_equal(end.session.receiving_count, SLOTS);
    assert_int_equal(end.incoming.used_count, SLOTS);
    assert_true(wrote(&end, ""));
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 1, WAX_QUOTA_EXCEEDED), WAX_OK);
    assert_int_equal(feed(&end, packet), WAX_OK);
}

/* --- Payloads in pieces --- */

static void open_streaming(struct end *end, wax_version version)
{
    wax_session_limits limits = wide_limits();

    limits.streams = true;
    limits.packet_size_max = 100;
    end_ready(end, WAX_ROLE_SERVER, version, &limits);
}

/* clang-format off */
static const struct {
    const char *name;
    const char *bytes;
    wax_status status;
    wax_event_type event;
    uint32_t left;
    const char *payload;
} pieces[] = {
    {"the head is not whole",            "34 0a 0001 74 0005",    WAX_MORE, WAX_EVENT_NONE,    0, ""},
    {"the head alone",                   "34 0a 0001 74 0005 00", WAX_OK,   WAX_EVENT_PUBLISH, 4, ""},
    {"nothing",                          "",                      WAX_MORE, WAX_EVENT_NONE,    0, ""},
    {"a piece",                          "61",                    WAX_OK,   WAX_EVENT_PAYLOAD, 3, "61"},
    {"a piece that looks like a packet", "c000",                  WAX_OK,   WAX_EVENT_PAYLOAD, 1, "c000"},
    {"the last piece, and a packet",     "62 c0 00",              WAX_OK,   WAX_EVENT_PAYLOAD, 0, "62"},
    {"a packet",                         "c0 00",                 WAX_OK,   WAX_EVENT_NONE,    0, ""},
    {"a head with some payload",         "30 08 0001 74 00 6162", WAX_OK,   WAX_EVENT_PUBLISH, 2, "6162"},
    {"all the rest",                     "6364",                  WAX_OK,   WAX_EVENT_PAYLOAD, 0, "6364"},
    {"a whole packet",                   "30 05 0001 74 00 61",   WAX_OK,   WAX_EVENT_PUBLISH, 0, "61"},
    {"other packets must be whole",      "82 07 0001 00 0001",    WAX_MORE, WAX_EVENT_NONE,    0, ""},
    {"the limit is the same",            "30 63 0001 74 00",      WAX_PACKET_TOO_LARGE, WAX_EVENT_NONE, 0, ""},
};
/* clang-format on */

static void a_payload_comes_in_pieces(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    open_streaming(&end, WAX_VERSION_5);
    for (size_t i = 0; i < WAX_COUNT(pieces); i++) {
        const char *name = pieces[i].name;
        end.now_ms++;
        check_row(name, feed(&end, pieces[i].bytes) == pieces[i].status);
        check_row(name, end.event.type == pieces[i].event);
        check_row(name, end.event.payload_left == pieces[i].left);
        check_row(name, wax_bytes_equal(end.event.publish.payload, hex(pieces[i].payload)) ||
                            pieces[i].event == WAX_EVENT_NONE);
        check_row(name, pieces[i].status != WAX_OK || end.session.received_ms == end.now_ms);
    }
}

/* Pieces of a message that is known are as silent as the message. */
static void a_duplicate_in_pieces_is_not_told(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    open_streaming(&end, WAX_VERSION_3_1_1);
    assert_int_equal(feed(&end, "34 07 0001 74 0005 6162"), WAX_OK);
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 5, 0), WAX_OK);
    forget_output(&end);
    assert_int_equal(feed(&end, "3c 07 0001 74 0005 61"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_NONE);
    assert_true(wrote(&end, "50 02 0005"));
    assert_int_equal(feed(&end, "62 c0 00"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_NONE);
    assert_int_equal(end.unread, 2);
}

/* What was cut in the middle is given up, and the same message told anew. */
static void a_message_that_was_cut_is_told_again(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    open_streaming(&end, WAX_VERSION_3_1_1);
    assert_int_equal(feed(&end, "34 07 0001 74 0005 61"), WAX_OK);
    assert_int_equal(end.event.payload_left, 1);
    assert_int_equal(wax_flows_acknowledge(&end.incoming, WAX_PUBREC, 5, WAX_UNSPECIFIED_ERROR),
                     WAX_OK);
    assert_int_equal(end.incoming.used_count, 0);
    open_streaming(&end, WAX_VERSION_3_1_1);
    assert_int_equal(feed(&end, "3c 07 0001 74 0005 6162"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_PUBLISH);
}

/* --- AUTH --- */

/* [MQTT-4.12.0-6] [MQTT-4.12.0-7] */
static void auth_needs_a_method(void **state)
{
    struct end end;
    wax_notice notice = {.reason = WAX_REASON_CONTINUE_AUTHENTICATION};

    (void)state;
    for (size_t row = 0; row < WAX_COUNT(states); row++) {
        for (int has_method = 0; has_method < 2; has_method++) {
            bool may = has_method == 1 &&
                       (states[row].role == WAX_ROLE_CLIENT || states[row].state != OPENING);
            bring_to(&end, row, true, has_method == 1);
            check_row(states[row].name, wax_session_authenticate(&end.session, &notice, &end.out) ==
                                            (may ? WAX_OK : WAX_INVALID));
            check_row(states[row].name, wrote(&end, may ? "f0 01 18" : ""));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_in_every_state),
        cmocka_unit_test(every_packet_of_mqtt_3),
        cmocka_unit_test(packets_mean_what_they_mean),
        cmocka_unit_test(a_message_is_acknowledged_when_it_is_safe),
        cmocka_unit_test(a_refusal_in_mqtt_3_looks_like_success),
        cmocka_unit_test(no_more_is_taken_than_the_receive_maximum),
        cmocka_unit_test(what_is_sent_again_counts_once),
        cmocka_unit_test(too_large_a_packet_is_refused_by_its_head),
        cmocka_unit_test(without_room_nothing_is_taken),
        cmocka_unit_test(a_payload_comes_in_pieces),
        cmocka_unit_test(a_duplicate_in_pieces_is_not_told),
        cmocka_unit_test(a_message_that_was_cut_is_told_again),
        cmocka_unit_test(auth_needs_a_method),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
