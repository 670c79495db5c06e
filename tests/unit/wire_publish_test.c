/* PUBLISH, of all three versions. */
#include "wire_check.h"

struct row {
    const char *name;
    wax_version version;
    uint8_t flags;
    const char *bytes;
    size_t size;
    wax_status status;
};

/* clang-format off */
static const struct row rows[] = {
    {"QoS 0 in 3.1",                                       V31,  0x00, BYTES("\x00\x01tpay"),                       WAX_OK},
    {"QoS 0 in 3.1.1, retained",                           V311, 0x01, BYTES("\x00\x01tpay"),                       WAX_OK},
    {"QoS 0 in 5, no payload",                             V5,   0x00, BYTES("\x00\x01t\x00"),                      WAX_OK},
    {"QoS 1 in 3.1, again",                                V31,  0x0a, BYTES("\x00\x01t\x00\x01pay"),               WAX_OK},
    {"QoS 2 in 3.1.1, again",                              V311, 0x0c, BYTES("\x00\x01t\xff\xff"),                  WAX_OK},
    {"QoS 2 in 5, again and retained",                     V5,   0x0d, BYTES("\x00\x01t\x00\x01\x00pay"),           WAX_OK},
    {"QoS 3 in 3.1",                                       V31,  0x06, BYTES("\x00\x01t\x00\x01pay"),               WAX_MALFORMED},
    {"QoS 3 in 3.1.1",                                     V311, 0x06, BYTES("\x00\x01t\x00\x01pay"),               WAX_MALFORMED},
    {"QoS 3 [MQTT-3.3.1-4]",                               V5,   0x06, BYTES("\x00\x01t\x00\x01\x00pay"),           WAX_MALFORMED},
    {"again at QoS 0 in 3.1",                              V31,  0x08, BYTES("\x00\x01tpay"),                       WAX_MALFORMED},
    {"again at QoS 0 in 3.1.1",                            V311, 0x08, BYTES("\x00\x01tpay"),                       WAX_MALFORMED},
    {"again at QoS 0 [MQTT-3.3.1-2]",                      V5,   0x08, BYTES("\x00\x01t\x00"),                      WAX_MALFORMED},
    {"packet id 0 in 3.1",                                 V31,  0x02, BYTES("\x00\x01t\x00\x00pay"),               WAX_PROTOCOL_ERROR},
    {"packet id 0 in 3.1.1",                               V311, 0x02, BYTES("\x00\x01t\x00\x00pay"),               WAX_PROTOCOL_ERROR},
    {"packet id 0 [MQTT-2.2.1-3]",                         V5,   0x04, BYTES("\x00\x01t\x00\x00\x00pay"),           WAX_PROTOCOL_ERROR},
    {"no packet id",                                       V311, 0x02, BYTES("\x00\x01t"),                          WAX_MALFORMED},
    {"no topic [MQTT-3.3.2-1]",                            V5,   0x00, BYTES(""),                                   WAX_MALFORMED},
    {"a topic cut short [MQTT-3.3.2-1]",                   V311, 0x00, BYTES("\x00\x03to"),                         WAX_MALFORMED},
    {"a topic that is no UTF-8 [MQTT-3.3.2-1]",            V5,   0x00, BYTES("\x00\x02t\xff\x00"),                  WAX_MALFORMED},
    {"a topic with U+0000 [MQTT-1.5.4-2]",                 V311, 0x00, BYTES("\x00\x02t\x00"),                      WAX_MALFORMED},
    {"a topic with + [MQTT-3.3.2-2]",                      V5,   0x00, BYTES("\x00\x03t/+\x00"),                    WAX_BAD_TOPIC},
    {"a topic with # [MQTT-3.3.2-2]",                      V311, 0x00, BYTES("\x00\x03#/t"),                        WAX_BAD_TOPIC},
    {"a topic with # in 3.1",                              V31,  0x00, BYTES("\x00\x01#"),                          WAX_BAD_TOPIC},
    {"an empty topic in 3.1",                              V31,  0x00, BYTES("\x00\x00pay"),                        WAX_PROTOCOL_ERROR},
    {"an empty topic in 3.1.1 [MQTT-4.7.3-1]",             V311, 0x00, BYTES("\x00\x00pay"),                        WAX_PROTOCOL_ERROR},
    {"an empty topic [MQTT-4.7.3-1]",                      V5,   0x00, BYTES("\x00\x00\x00pay"),                    WAX_PROTOCOL_ERROR},
    {"an alias for the topic",                             V5,   0x00, BYTES("\x00\x00\x03\x23\x00\x01pay"),        WAX_OK},
    {"an alias of 0 for the topic",                        V5,   0x00, BYTES("\x00\x00\x03\x23\x00\x00pay"),        WAX_BAD_ALIAS},
    {"properties cut short",                               V5,   0x00, BYTES("\x00\x01t\x03\x23\x00"),              WAX_MALFORMED},
    {"no properties",                                      V5,   0x00, BYTES("\x00\x01t"),                          WAX_MALFORMED},
    {"a property of other packets",                        V5,   0x00, BYTES("\x00\x01t\x02\x17\x01"),              WAX_MALFORMED},
};
/* clang-format on */

static void a_publish_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_packet packet = {
            .version = rows[i].version,
            .flags = rows[i].flags,
            .body = wax_bytes_of(rows[i].bytes, rows[i].size),
        };
        wax_publish publish;

        check_status(rows[i].name, wax_publish_read(&publish, &packet), rows[i].status);
    }
}

/* What stands before the payload is told as soon as it is there, and not before. */
static void the_head_of_a_body_is_measured(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_packet packet = {
            .version = rows[i].version,
            .flags = rows[i].flags,
            .body = wax_bytes_of(rows[i].bytes, rows[i].size),
        };
        wax_publish publish;
        size_t head_size;

        if (rows[i].status != WAX_OK) {
            continue;
        }
        check_row(rows[i].name, wax_publish_read(&publish, &packet) == WAX_OK);
        head_size = packet.body.size - publish.payload.size;
        for (packet.body.size = 0; packet.body.size <= rows[i].size; packet.body.size++) {
            size_t told = wax_publish_head_size(rows[i].flags, packet.body, rows[i].version);
            wax_status status = wax_publish_read(&publish, &packet);

            check_row(rows[i].name, told == (packet.body.size < head_size ? 0 : head_size));
            check_row(rows[i].name, (status == WAX_OK) == (packet.body.size >= head_size));
        }
    }
}

struct written_row {
    const char *name;
    wax_version version;
    wax_publish publish;
    const char *bytes;
    size_t size;
};

#define TO      .topic = VIEW("to")
#define PAYLOAD .payload = VIEW("pay")

/* clang-format off */
static const struct written_row written[] = {
    {"QoS 0 has no packet id [MQTT-2.2.1-2]",  V31,  {TO, PAYLOAD},                                                    BYTES("\x30\x07\x00\x02topay")},
    {"QoS 0 in 3.1.1, retained [MQTT-2.2.1-2]", V311, {TO, PAYLOAD, .retain = true},                                   BYTES("\x31\x07\x00\x02topay")},
    {"QoS 0 in 5 [MQTT-2.2.1-2]",              V5,   {TO, PAYLOAD},                                                    BYTES("\x30\x08\x00\x02to\x00pay")},
    {"QoS 1 in 3.1",                           V31,  {TO, PAYLOAD, .qos = 1, .packet_id = 515},                        BYTES("\x32\x09\x00\x02to\x02\x03pay")},
    {"QoS 2 in 3.1.1, again",                  V311, {TO, PAYLOAD, .qos = 2, .packet_id = 7, .duplicate = true},       BYTES("\x3c\x09\x00\x02to\x00\x07pay")},
    {"QoS 1 in 5, with a property",            V5,   {TO, PAYLOAD, .qos = 1, .packet_id = 7, .properties = VIEW("\x01\x01")}, BYTES("\x32\x0c\x00\x02to\x00\x07\x02\x01\x01pay")},
    {"an alias for the topic",                 V5,   {PAYLOAD, .properties = VIEW("\x23\x00\x01")},                BYTES("\x30\x09\x00\x00\x03\x23\x00\x01pay")},
    {"3.1.1 leaves properties out",            V311, {TO, .properties = VIEW("\x01\x01")},                         BYTES("\x30\x04\x00\x02to")},
};
/* clang-format on */

static void check_same(const char *name, const wax_publish *one, const wax_publish *other)
{
    check_row(name, wax_bytes_equal(one->topic, other->topic));
    check_row(name, wax_bytes_equal(one->payload, other->payload));
    check_row(name, one->packet_id == other->packet_id && one->qos == other->qos);
    check_row(name, one->retain == other->retain && one->duplicate == other->duplicate);
}

static void a_publish_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        uint8_t room[32];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_packet packet = {
            .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_publish publish;

        check_row(row->name, wax_publish_size(&row->publish, row->version) == row->size);
        check_row(row->name, wax_publish_write(&out, &row->publish, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        packet.flags = room[0] & 0x0fU;
        check_row(row->name, wax_publish_read(&publish, &packet) == WAX_OK);
        check_same(row->name, &publish, &row->publish);
        check_row(row->name, row->version != V5 ||
                                 wax_bytes_equal(publish.properties, row->publish.properties));
    }
}

static void the_payload_may_follow_on_its_own(void **state)
{
    const wax_publish publish = {TO, PAYLOAD};
    uint8_t room[9];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_publish_write_head(&out, &publish, V311), WAX_OK);
    check_written("head", &out, BYTES("\x30\x07\x00\x02to"));
    out = wax_writer_over(room, 8);
    assert_int_equal(wax_publish_write_head(&out, &publish, V311), WAX_FULL);
    assert_int_equal(out.used, 0);
    out = wax_writer_over(room, 6);
    assert_int_equal(wax_publish_write_start(&out, &publish, V311), WAX_OK);
    check_written("start", &out, BYTES("\x30\x07\x00\x02to"));
    out = wax_writer_over(room, 5);
    assert_int_equal(wax_publish_write_start(&out, &publish, V311), WAX_FULL);
    assert_int_equal(out.used, 0);
}

static void what_is_too_long_writes_nothing(void **state)
{
    static uint8_t room[65600], text[65536];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_publish publish = {
        .topic = {text, 65536}
    };

    (void)state;
    assert_int_equal(wax_publish_write_start(&out, &publish, V311), WAX_FULL);
    assert_int_equal(out.used, 0);
    publish.topic.size = 1;
    publish.payload = wax_bytes_of(text, (size_t)WAX_VARINT_MAX - 2);
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_publish_write_start(&out, &publish, V311), WAX_TOO_LARGE);
    assert_int_equal(wax_publish_write_head(&out, &publish, V311), WAX_TOO_LARGE);
    assert_int_equal(out.used, 0);
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_publish_write(&out, &publish, V311), WAX_FULL);
    assert_int_equal(out.used, 0);
    publish.payload.size--;
    assert_int_equal(wax_publish_size(&publish, V311), WAX_PACKET_SIZE_MAX);
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_publish_write_start(&out, &publish, V311), WAX_OK);
}

static void wildcards_are_seen(void **state)
{
    (void)state;
    assert_true(wax_topic_has_wildcard(WAX_TEXT("x/+")));
    assert_true(wax_topic_has_wildcard(WAX_TEXT("#")));
    assert_false(wax_topic_has_wildcard(WAX_TEXT("x/$y")));
    assert_false(wax_topic_has_wildcard((wax_bytes){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_publish_is_judged),
        cmocka_unit_test(the_head_of_a_body_is_measured),
        cmocka_unit_test(a_publish_is_written_and_read_again),
        cmocka_unit_test(the_payload_may_follow_on_its_own),
        cmocka_unit_test(what_is_too_long_writes_nothing),
        cmocka_unit_test(wildcards_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
