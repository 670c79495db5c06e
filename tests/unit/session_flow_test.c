/* QoS 1 and 2 exchange by exchange, and the slots they sit in. */
#include "session_check.h"

enum { ANY, GOOD, BAD };

enum { NONE = WAX_NO_PACKET };

struct row {
    const char *name;
    uint8_t waits;
    uint8_t meets;
    uint8_t reason;
    uint8_t next;
    uint8_t event;
    uint8_t owes;
    uint8_t answer;
};

/* All that means something; whatever has no row means nothing. */
/* clang-format off */
static const struct row on_packet[] = {
    {"PUBACK ends QoS 1 [MQTT-4.3.2-3] [MQTT-4.4.0-2]", WAX_WAIT_PUBACK, WAX_PUBACK, ANY, WAX_WAIT_NONE, WAX_EVENT_DELIVERED, NONE, NONE},
    {"PUBREC: it arrived [MQTT-4.3.3-3]",     WAX_WAIT_PUBREC,   WAX_PUBREC,   GOOD, WAX_OWES_PUBREL,  WAX_EVENT_RECEIVED,     WAX_PUBREL,  NONE},
    {"PUBREC refuses [MQTT-4.4.0-2]",         WAX_WAIT_PUBREC,   WAX_PUBREC,   BAD,  WAX_WAIT_NONE,    WAX_EVENT_DELIVERED,    NONE,        NONE},
    {"PUBREC again waits for the word",       WAX_OWES_PUBREL,   WAX_PUBREC,   ANY,  WAX_OWES_PUBREL,  WAX_EVENT_NONE,         NONE,        NONE},
    {"PUBREC again brings PUBREL again [MQTT-4.3.3-4]", WAX_WAIT_PUBCOMP, WAX_PUBREC, ANY, WAX_WAIT_PUBCOMP, WAX_EVENT_NONE,  NONE,        WAX_PUBREL},
    {"PUBCOMP ends QoS 2 [MQTT-4.3.3-5]",     WAX_WAIT_PUBCOMP,  WAX_PUBCOMP,  ANY,  WAX_WAIT_NONE,    WAX_EVENT_DELIVERED,    NONE,        NONE},
    {"SUBACK ends SUBSCRIBE",                 WAX_WAIT_SUBACK,   WAX_SUBACK,   ANY,  WAX_WAIT_NONE,    WAX_EVENT_SUBSCRIBED,   NONE,        NONE},
    {"UNSUBACK ends UNSUBSCRIBE",             WAX_WAIT_UNSUBACK, WAX_UNSUBACK, ANY,  WAX_WAIT_NONE,    WAX_EVENT_UNSUBSCRIBED, NONE,        NONE},
    {"PUBREC of nothing is let go",           WAX_WAIT_NONE,     WAX_PUBREC,   GOOD, WAX_WAIT_NONE,    WAX_EVENT_NONE,         NONE,        WAX_PUBREL},
    {"a message is told once [MQTT-4.3.3-8]", WAX_WAIT_NONE,     WAX_PUBLISH,  ANY,  WAX_OWES_PUBREC,  WAX_EVENT_PUBLISH,      WAX_PUBREC,  NONE},
    {"again, not yet safe [MQTT-4.3.3-10]",   WAX_OWES_PUBREC,   WAX_PUBLISH,  ANY,  WAX_OWES_PUBREC,  WAX_EVENT_NONE,         NONE,        NONE},
    {"again, safe [MQTT-4.3.3-10]",           WAX_WAIT_PUBREL,   WAX_PUBLISH,  ANY,  WAX_WAIT_PUBREL,  WAX_EVENT_NONE,         NONE,        WAX_PUBREC},
    {"again behind PUBREL",                   WAX_OWES_PUBCOMP,  WAX_PUBLISH,  ANY,  WAX_OWES_PUBCOMP, WAX_EVENT_NONE,         NONE,        NONE},
    {"PUBREL: the id is free [MQTT-4.3.3-11]", WAX_WAIT_PUBREL,  WAX_PUBREL,   ANY,  WAX_OWES_PUBCOMP, WAX_EVENT_RELEASED,     WAX_PUBCOMP, NONE},
    {"PUBREL too early",                      WAX_OWES_PUBREC,   WAX_PUBREL,   ANY,  WAX_OWES_PUBREC,  WAX_EVENT_NONE,         NONE,        NONE},
    {"PUBREL again",                          WAX_OWES_PUBCOMP,  WAX_PUBREL,   ANY,  WAX_OWES_PUBCOMP, WAX_EVENT_NONE,         NONE,        NONE},
    {"PUBREL of nothing [MQTT-4.3.3-11]",     WAX_WAIT_NONE,     WAX_PUBREL,   ANY,  WAX_WAIT_NONE,    WAX_EVENT_NONE,         NONE,        WAX_PUBCOMP},
};

static const struct row on_order[] = {
    {"the message is safe [MQTT-4.3.3-8]",    WAX_OWES_PUBREC,   WAX_PUBREC,   GOOD, WAX_WAIT_PUBREL,  WAX_EVENT_NONE, NONE, WAX_PUBREC},
    {"the message is refused [MQTT-4.3.3-9]", WAX_OWES_PUBREC,   WAX_PUBREC,   BAD,  WAX_WAIT_NONE,    WAX_EVENT_NONE, NONE, WAX_PUBREC},
    {"the id is forgotten [MQTT-4.3.3-12]",   WAX_OWES_PUBCOMP,  WAX_PUBCOMP,  ANY,  WAX_WAIT_NONE,    WAX_EVENT_NONE, NONE, WAX_PUBCOMP},
    {"the same id goes on [MQTT-4.3.3-4]",    WAX_OWES_PUBREL,   WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP, WAX_EVENT_NONE, NONE, WAX_PUBREL},
    {"PUBREL for what is not sent again",     WAX_WAIT_PUBREC,   WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP, WAX_EVENT_NONE, NONE, WAX_PUBREL},
    {"PUBREL again after a reconnection",     WAX_WAIT_PUBCOMP,  WAX_PUBREL,   ANY,  WAX_WAIT_PUBCOMP, WAX_EVENT_NONE, NONE, WAX_PUBREL},
};
/* clang-format on */

static const struct row *row_of(const struct row *rows, size_t count, const struct row *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].waits == wanted->waits && rows[i].meets == wanted->meets &&
            (rows[i].reason == ANY || rows[i].reason == wanted->reason)) {
            return &rows[i];
        }
    }
    return NULL;
}

static bool is_incoming(uint8_t waits)
{
    return waits >= WAX_OWES_PUBREC;
}

/* Puts one exchange with the id 5 into an end. */
static wax_flow *place(struct end *end, uint8_t waits)
{
    wax_flows *flows = is_incoming(waits) ? &end->incoming : &end->outgoing;
    wax_flow *flow = &flows->slots[5 % SLOTS];

    *flow = (wax_flow){.packet_id = 5, .waits = waits};
    flows->used_count = waits != WAX_WAIT_NONE;
    return flow;
}

/* A packet of this type about the id 5, in MQTT 5. */
static wax_bytes packet_of(uint8_t type, bool is_bad)
{
    static uint8_t room[32];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_publish publish = {.topic = WAX_TEXT("t"), .qos = 2, .packet_id = 5};
    uint8_t reason =
        type == WAX_PUBREL || type == WAX_PUBCOMP ? WAX_PACKET_ID_NOT_FOUND : WAX_UNSPECIFIED_ERROR;
    wax_suback suback = {
        .packet_id = 5, .reasons = {&reason, 1}
    };
    wax_notice packet = {.type = (wax_packet_type)type, .packet_id = 5};

    packet.reason = is_bad ? reason : WAX_REASON_SUCCESS;
    reason = is_bad ? reason : WAX_REASON_SUCCESS;
    if (type == WAX_PUBLISH) {
        assert_int_equal(wax_publish_write(&out, &publish, WAX_VERSION_5), WAX_OK);
    } else if (type == WAX_SUBACK || type == WAX_UNSUBACK) {
        assert_int_equal(wax_suback_write(&out, &suback, (wax_packet_type)type, WAX_VERSION_5),
                         WAX_OK);
    } else {
        assert_int_equal(wax_notice_write(&out, &packet, WAX_VERSION_5), WAX_OK);
    }
    return wax_writer_bytes(&out);
}

/* Which packet was written about the id 5, if any. */
static uint8_t answered(struct end *end)
{
    uint8_t type = end->out.used == 0 ? NONE : end->room[0] >> 4;

    if (type != NONE) {
        assert_int_equal(end->room[3], 5);
    }
    forget_output(end);
    return type;
}

/* Whether the packet's direction and the exchange's agree; others never meet. */
static bool may_meet(uint8_t waits, uint8_t type)
{
    bool takes_incoming = type == WAX_PUBLISH || type == WAX_PUBREL;

    return waits == WAX_WAIT_NONE || takes_incoming == is_incoming(waits);
}

static void check_meeting(struct end *end, uint8_t waits, uint8_t type, uint8_t kind)
{
    static const struct row nothing = {.name = "means nothing"};
    struct row wanted = {.waits = waits, .meets = type, .reason = kind};
    const struct row *row = row_of(on_packet, WAX_COUNT(on_packet), &wanted);
    uint8_t next = row == NULL ? waits : row->next;
    wax_flow *flow;

    row = row == NULL ? &nothing : row;
    end_open(end, WAX_ROLE_CLIENT, NULL);
    end_ready(end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    flow = place(end, waits);
    check_row(row->name, feed_bytes(end, packet_of(type, kind == BAD)) == WAX_OK);
    check_row(row->name, end->event.type == row->event);
    check_row(row->name, end->event.owes == row->owes);
    check_row(row->name, answered(end) == row->answer);
    if (waits == WAX_WAIT_NONE && next != WAX_WAIT_NONE) {
        flow = &end->incoming.slots[0];
    }
    check_row(row->name, flow->waits == next);
    check_counts(&end->outgoing);
    check_counts(&end->incoming);
}

static void every_packet_meets_every_exchange(void **state)
{
    static const uint8_t types[] = {WAX_PUBLISH, WAX_PUBACK, WAX_PUBREC,  WAX_PUBREL,
                                    WAX_PUBCOMP, WAX_SUBACK, WAX_UNSUBACK};
    struct end end;

    (void)state;
    for (uint8_t waits = WAX_WAIT_NONE; waits <= WAX_OWES_PUBCOMP; waits++) {
        for (size_t i = 0; i < WAX_COUNT(types); i++) {
            for (uint8_t kind = GOOD; kind <= BAD; kind++) {
                if (may_meet(waits, types[i]) && (types[i] != WAX_PUBLISH || kind == GOOD)) {
                    check_meeting(&end, waits, types[i], kind);
                }
            }
        }
    }
}

static void check_order(struct end *end, uint8_t waits, uint8_t type, uint8_t kind)
{
    struct row wanted = {.waits = waits, .meets = type, .reason = kind};
    const struct row *row = row_of(on_order, WAX_COUNT(on_order), &wanted);
    const char *name = row == NULL ? "nothing to order" : row->name;
    uint8_t reason = kind == GOOD         ? WAX_REASON_SUCCESS
                     : type == WAX_PUBREC ? WAX_NOT_AUTHORIZED
                                          : WAX_PACKET_ID_NOT_FOUND;
    wax_status wanted_status = row == NULL ? WAX_NOT_FOUND : WAX_OK;
    wax_flow *flow;

    end_open(end, WAX_ROLE_SERVER, NULL);
    flow = place(end, waits);
    check_row(name, wax_flows_acknowledge(type == WAX_PUBREL ? &end->outgoing : &end->incoming,
                                          (wax_packet_type)type, 5, reason) == wanted_status);
    check_row(name, flow->waits == (row == NULL ? waits : row->next));

    end_open(end, WAX_ROLE_SERVER, NULL);
    end_ready(end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    flow = place(end, waits);
    check_row(name, acknowledge(end, (wax_packet_type)type, 5, reason) == wanted_status);
    check_row(name, answered(end) == (row == NULL ? NONE : row->answer));
    check_row(name, flow->waits == (row == NULL ? waits : row->next));
    check_counts(&end->outgoing);
    check_counts(&end->incoming);
}

static void every_order_meets_every_exchange(void **state)
{
    static const uint8_t types[] = {WAX_PUBREC, WAX_PUBREL, WAX_PUBCOMP};
    struct end end;

    (void)state;
    for (uint8_t waits = WAX_WAIT_NONE; waits <= WAX_OWES_PUBCOMP; waits++) {
        for (size_t i = 0; i < WAX_COUNT(types); i++) {
            for (uint8_t kind = GOOD; kind <= BAD; kind++) {
                check_order(&end, waits, types[i], kind);
            }
        }
    }
}

/* A new exchange gets an id that is free and not 0, also once around. [MQTT-2.2.1-3] */
static void ids_are_unused_and_not_zero(void **state)
{
    struct end end = {0};
    uint16_t id;

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(id, 1);
    end.outgoing.last_id = UINT16_MAX - 1;
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(id, UINT16_MAX);
    assert_int_equal(publish(&end, 2, &id), WAX_OK);
    assert_int_equal(id, 2); /* 0 is none, and 1 is in use */
    assert_int_equal(publish(&end, 1, &id), WAX_OK);
    assert_int_equal(id % SLOTS, 0); /* the slot that is left */
    assert_int_equal(publish(&end, 1, &id), WAX_CROWDED);
    assert_int_equal(id, 0);
    check_counts(&end.outgoing);
}

/* [MQTT-4.6.0-1] */
static void exchanges_are_taken_in_the_order_they_began(void **state)
{
    static const uint16_t wanted[] = {UINT16_MAX - 1, UINT16_MAX, 1, 4};
    struct end end = {0};
    uint16_t id = 0;

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    assert_null(wax_flows_after(&end.outgoing, 0));
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    end.outgoing.last_id = UINT16_MAX - 2;
    for (size_t i = 0; i < WAX_COUNT(wanted); i++) {
        assert_int_equal(publish(&end, 1 + i % 2, &id), WAX_OK);
        assert_int_equal(id, wanted[i]);
    }
    id = 0;
    for (size_t i = 0; i < WAX_COUNT(wanted); i++) {
        const wax_flow *flow = wax_flows_after(&end.outgoing, id);
        assert_non_null(flow);
        id = flow->packet_id;
        assert_int_equal(id, wanted[i]);
    }
    assert_null(wax_flows_after(&end.outgoing, id));
}

static void exchanges_keep_their_ids_when_they_move(void **state)
{
    struct end end = {0};
    wax_flow more[2 * SLOTS];
    wax_flow more_incoming[2 * SLOTS];
    uint16_t id;

    (void)state;
    end_open(&end, WAX_ROLE_CLIENT, NULL);
    end_ready(&end, WAX_ROLE_CLIENT, WAX_VERSION_5, NULL);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(publish(&end, 1, &id), WAX_OK);
        if (i < 2) {
            assert_int_equal(feed(&end, i == 0 ? "40 02 0001" : "40 02 0002"), WAX_OK);
        }
    }
    wax_flows_move(&end.outgoing, more, 2 * SLOTS);
    for (id = 3; id <= 6; id++) {
        assert_int_equal(wax_flows_find(&end.outgoing, id), id);
    }
    check_counts(&end.outgoing);
    assert_int_equal(feed(&end, "34 06 0001 74 1001 00"), WAX_OK);
    wax_flows_move(&end.incoming, more_incoming, 2 * SLOTS);
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 0x1001, 0), WAX_OK);
}

/* Each id stands for its own message in each direction. */
static void directions_do_not_mix(void **state)
{
    struct end end = {0};
    uint16_t id;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_3_1_1, NULL);
    assert_int_equal(publish(&end, 2, &id), WAX_OK);
    forget_output(&end);
    assert_int_equal(feed(&end, "34 05 0001 74 0001"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_PUBLISH);
    assert_int_equal(acknowledge(&end, WAX_PUBREC, 1, 0), WAX_OK);
    assert_true(wrote(&end, "50 02 0001"));
    assert_int_equal(feed(&end, "50 02 0001"), WAX_OK);
    assert_int_equal(end.event.type, WAX_EVENT_RECEIVED);
    assert_int_equal(acknowledge(&end, WAX_PUBREL, 1, 0), WAX_OK);
    assert_true(wrote(&end, "62 02 0001"));
    assert_int_equal(end.incoming_slots[0].waits, WAX_WAIT_PUBREL);
    assert_int_equal(end.outgoing_slots[1].waits, WAX_WAIT_PUBCOMP);
}

/* After PUBCOMP, or a PUBREC that refuses, the id is a new message's.
 * [MQTT-4.3.3-12] [MQTT-4.3.3-9] */
static void a_used_id_is_new_again(void **state)
{
    struct end end = {0};

    (void)state;
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        end_open(&end, WAX_ROLE_SERVER, NULL);
        end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
        assert_int_equal(feed(&end, "34 06 0001 74 0005 00"), WAX_OK);
        if (is_refused == 1) {
            assert_int_equal(acknowledge(&end, WAX_PUBREC, 5, WAX_NOT_AUTHORIZED), WAX_OK);
            assert_true(wrote(&end, "50 03 0005 87"));
        } else {
            assert_int_equal(acknowledge(&end, WAX_PUBREC, 5, 0), WAX_OK);
            assert_int_equal(feed(&end, "62 02 0005"), WAX_OK);
            assert_int_equal(acknowledge(&end, WAX_PUBCOMP, 5, 0), WAX_OK);
            assert_true(wrote(&end, "50 02 0005 70 02 0005"));
        }
        assert_int_equal(end.session.receiving_count, 0);
        assert_int_equal(feed(&end, "34 06 0001 74 0005 00"), WAX_OK);
        assert_int_equal(end.event.type, WAX_EVENT_PUBLISH);
    }
}

static void what_another_broker_began_is_taken_up(void **state)
{
    wax_flow slots[4];
    wax_flow more[8];
    wax_flows flows;

    (void)state;
    wax_flows_init(&flows, slots, 4);
    flows.last_id = 3;
    assert_int_equal(wax_flows_restore(&flows, 65535, WAX_WAIT_PUBACK), WAX_OK);
    assert_int_equal(wax_flows_restore(&flows, 2, WAX_WAIT_PUBREC), WAX_OK);
    assert_int_equal(wax_flows_restore(&flows, 2, WAX_WAIT_PUBREC), WAX_PACKET_ID_IN_USE);
    assert_int_equal(wax_flows_restore(&flows, 6, WAX_WAIT_PUBREC), WAX_CROWDED);
    assert_int_equal(wax_flows_restore(&flows, 0, WAX_WAIT_PUBACK), WAX_INVALID);
    check_counts(&flows);
    wax_flows_move(&flows, more, 8);
    assert_int_equal(wax_flows_restore(&flows, 6, WAX_WAIT_PUBREC), WAX_OK);
    check_counts(&flows);
    assert_int_equal(wax_flows_after(&flows, 0)->packet_id, 6); /* the first behind the last id */
    assert_int_equal(wax_flows_after(&flows, 6)->packet_id, 65535);
    assert_int_equal(wax_flows_after(&flows, 65535)->packet_id, 2);
    assert_null(wax_flows_after(&flows, 2));
    assert_int_equal(flows.last_id, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packet_meets_every_exchange),
        cmocka_unit_test(every_order_meets_every_exchange),
        cmocka_unit_test(ids_are_unused_and_not_zero),
        cmocka_unit_test(exchanges_are_taken_in_the_order_they_began),
        cmocka_unit_test(exchanges_keep_their_ids_when_they_move),
        cmocka_unit_test(directions_do_not_mix),
        cmocka_unit_test(a_used_id_is_new_again),
        cmocka_unit_test(what_another_broker_began_is_taken_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
