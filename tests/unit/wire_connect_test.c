/* CONNECT, of all three versions. */
#include "wire_check.h"

#define M31  "\x00\x06MQIsdp\x03"
#define M311 "\x00\x04MQTT\x04"
#define M5   "\x00\x04MQTT\x05"

/* clang-format off */
static const struct body_row rows[] = {
    {"the smallest of 3.1",                                 V31,  BYTES(M31 "\x02\x00\x3c\x00\x01x"),                                WAX_OK},
    {"the smallest of 3.1.1",                               V311, BYTES(M311 "\x02\x00\x3c\x00\x00"),                                WAX_OK},
    {"the smallest of 5 [MQTT-3.1.2-1]",                    V5,   BYTES(M5 "\x02\x00\x3c\x00\x00\x00"),                              WAX_OK},
    {"a bridge of 3.1",                                     V31,  BYTES("\x00\x06MQIsdp\x83\x02\x00\x3c\x00\x01x"),                  WAX_OK},
    {"a bridge of 3.1.1",                                   V311, BYTES("\x00\x04MQTT\x84\x02\x00\x3c\x00\x01x"),                    WAX_OK},
    {"a bridge's mark on 5",                                V5,   BYTES("\x00\x04MQTT\x85\x02\x00\x3c\x00\x00\x00"),                 WAX_UNSUPPORTED_VERSION},
    {"another name [MQTT-3.1.2-1]",                         V5,   BYTES("\x00\x04MQTX\x05\x02\x00\x3c\x00\x00\x00"),                 WAX_UNSUPPORTED_VERSION},
    {"the old name with the new version [MQTT-3.1.2-1]",    V5,   BYTES("\x00\x06MQIsdp\x05\x02\x00\x3c\x00\x00\x00"),               WAX_UNSUPPORTED_VERSION},
    {"the old name with 3.1.1's version",                   V311, BYTES("\x00\x06MQIsdp\x04\x02\x00\x3c\x00\x01x"),                  WAX_UNSUPPORTED_VERSION},
    {"the new name with the old version",                   V31,  BYTES("\x00\x04MQTT\x03\x02\x00\x3c\x00\x01x"),                    WAX_UNSUPPORTED_VERSION},
    {"a version that is yet to come",                       V5,   BYTES("\x00\x04MQTT\x06\x02\x00\x3c\x00\x00\x00"),                 WAX_UNSUPPORTED_VERSION},
    {"a version alone that is yet to come",                 V5,   BYTES("\x00\x04MQTT\x06"),                                         WAX_UNSUPPORTED_VERSION},
    {"no name",                                             V5,   BYTES("\x00\x00\x05\x02\x00\x3c\x00\x00\x00"),                     WAX_UNSUPPORTED_VERSION},
    {"a name that is no UTF-8 [MQTT-1.5.4-1]",              V5,   BYTES("\x00\x04MQT\xff\x05\x02\x00\x3c\x00\x00\x00"),              WAX_MALFORMED},
    {"nothing",                                             V5,   BYTES(""),                                                         WAX_MALFORMED},
    {"the reserved flag in 3.1",                            V31,  BYTES(M31 "\x03\x00\x3c\x00\x01x"),                                WAX_MALFORMED},
    {"the reserved flag in 3.1.1",                          V311, BYTES(M311 "\x03\x00\x3c\x00\x01x"),                               WAX_MALFORMED},
    {"the reserved flag [MQTT-3.1.2-3]",                    V5,   BYTES(M5 "\x03\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"a client id that is no UTF-8 [MQTT-1.5.4-1]",         V5,   BYTES(M5 "\x02\x00\x3c\x00\x00\x01\xff"),                          WAX_MALFORMED},
    {"a client id with U+0000 [MQTT-1.5.4-2]",              V5,   BYTES(M5 "\x02\x00\x3c\x00\x00\x01\x00"),                          WAX_MALFORMED},
    {"bytes after the end in 3.1",                          V31,  BYTES(M31 "\x02\x00\x3c\x00\x01xx"),                               WAX_MALFORMED},
    {"bytes after the end in 3.1.1",                        V311, BYTES(M311 "\x02\x00\x3c\x00\x01xx"),                              WAX_MALFORMED},
    {"bytes after the end in 5",                            V5,   BYTES(M5 "\x02\x00\x3c\x00\x00\x01xx"),                            WAX_MALFORMED},
    {"properties of another packet",                        V5,   BYTES(M5 "\x02\x00\x3c\x02\x24\x01\x00\x00"),                      WAX_MALFORMED},
    {"a property twice",                                    V5,   BYTES(M5 "\x02\x00\x3c\x04\x17\x01\x17\x01\x00\x00"),              WAX_PROTOCOL_ERROR},
    {"authentication data alone",                           V5,   BYTES(M5 "\x02\x00\x3c\x04\x16\x00\x01" "d" "\x00\x00"),          WAX_PROTOCOL_ERROR},
    {"authentication data and its method",                  V5,   BYTES(M5 "\x02\x00\x3c\x08\x16\x00\x01" "d" "\x15\x00\x01" "m" "\x00\x00"), WAX_OK},
    {"a will in 3.1",                                       V31,  BYTES(M31 "\x06\x00\x3c\x00\x01x\x00\x01t\x00\x01p"),              WAX_OK},
    {"a will in 3.1.1 [MQTT-3.1.2-9]",                      V311, BYTES(M311 "\x36\x00\x3c\x00\x01x\x00\x01t\x00\x00"),              WAX_OK},
    {"a will in 5 [MQTT-3.1.2-9]",                          V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x00\x00\x01t\x00\x01\xff"),    WAX_OK},
    {"a will announced and missing [MQTT-3.1.2-9]",         V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"a will without properties [MQTT-3.1.2-9]",            V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x00\x01t\x00\x00"),            WAX_MALFORMED},
    {"a will without a payload [MQTT-3.1.2-9]",             V311, BYTES(M311 "\x06\x00\x3c\x00\x01x\x00\x01t"),                      WAX_MALFORMED},
    {"a will nobody announced",                             V311, BYTES(M311 "\x02\x00\x3c\x00\x01x\x00\x01t\x00\x00"),              WAX_MALFORMED},
    {"a will with the properties of a CONNECT",             V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x02\x17\x01\x00\x01t\x00\x00"), WAX_MALFORMED},
    {"a will's topic is UTF-8 [MQTT-3.1.3-11]",             V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x00\x00\x01\xff\x00\x00"),     WAX_MALFORMED},
    {"a will's topic has a character [MQTT-4.7.3-1]",       V311, BYTES(M311 "\x06\x00\x3c\x00\x01x\x00\x00\x00\x00"),               WAX_PROTOCOL_ERROR},
    {"a will's topic has a character in 5 [MQTT-4.7.3-1]",  V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x00\x00\x00\x00\x00"),         WAX_PROTOCOL_ERROR},
    {"a will to a wildcard",                                V31,  BYTES(M31 "\x06\x00\x3c\x00\x01x\x00\x01#\x00\x00"),               WAX_BAD_TOPIC},
    {"a will to a wildcard in 5",                           V5,   BYTES(M5 "\x06\x00\x3c\x00\x00\x01x\x00\x00\x01+\x00\x00"),        WAX_BAD_TOPIC},
    {"a will of QoS 2 and retained",                        V5,   BYTES(M5 "\x36\x00\x3c\x00\x00\x01x\x00\x00\x01t\x00\x00"),        WAX_OK},
    {"a will of QoS 3",                                     V5,   BYTES(M5 "\x1e\x00\x3c\x00\x00\x01x\x00\x00\x01t\x00\x00"),        WAX_MALFORMED},
    {"a will of QoS 3 in 3.1",                              V31,  BYTES(M31 "\x1e\x00\x3c\x00\x01x\x00\x01t\x00\x00"),               WAX_MALFORMED},
    {"a will of QoS 3 in 3.1.1",                            V311, BYTES(M311 "\x1e\x00\x3c\x00\x01x\x00\x01t\x00\x00"),              WAX_MALFORMED},
    {"QoS 3 without a will",                                V5,   BYTES(M5 "\x1a\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"QoS 1 without a will [MQTT-3.1.2-7]",                 V5,   BYTES(M5 "\x0a\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"QoS 2 without a will in 3.1.1 [MQTT-3.1.2-7]",        V311, BYTES(M311 "\x12\x00\x3c\x00\x01x"),                               WAX_MALFORMED},
    {"retain without a will [MQTT-3.1.2-8]",                V5,   BYTES(M5 "\x22\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"retain without a will in 3.1.1 [MQTT-3.1.2-8]",       V311, BYTES(M311 "\x22\x00\x3c\x00\x01x"),                               WAX_MALFORMED},
    {"a user name [MQTT-3.1.2-17]",                         V31,  BYTES(M31 "\x82\x00\x3c\x00\x01x\x00\x01u"),                       WAX_OK},
    {"a user name announced and missing [MQTT-3.1.2-17]",   V5,   BYTES(M5 "\x82\x00\x3c\x00\x00\x01x"),                             WAX_MALFORMED},
    {"a user name that is no UTF-8 [MQTT-1.5.4-1]",         V311, BYTES(M311 "\x82\x00\x3c\x00\x01x\x00\x01\xff"),                   WAX_MALFORMED},
    {"user name and password, of any bytes",                V311, BYTES(M311 "\xc2\x00\x3c\x00\x01x\x00\x01u\x00\x02\x00\xff"),      WAX_OK},
    {"a password announced and missing [MQTT-3.1.2-19]",    V5,   BYTES(M5 "\xc2\x00\x3c\x00\x00\x01x\x00\x01u"),                    WAX_MALFORMED},
    {"a password alone in 5",                               V5,   BYTES(M5 "\x42\x00\x3c\x00\x00\x01x\x00\x01p"),                    WAX_OK},
    {"a password alone in 3.1",                             V31,  BYTES(M31 "\x42\x00\x3c\x00\x01x\x00\x01p"),                       WAX_MALFORMED},
    {"a password alone [MQTT-3.1.2-22 in 3.1.1]",           V311, BYTES(M311 "\x42\x00\x3c\x00\x01x\x00\x01p"),                      WAX_MALFORMED},
};
/* clang-format on */

static void a_connect_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_connect connect;
        wax_status status = wax_connect_read(&connect, wax_bytes_of(rows[i].bytes, rows[i].size));

        check_status(rows[i].name, status, rows[i].status);
        check_row(rows[i].name, status != WAX_OK || connect.version == rows[i].version);
        for (size_t size = 0; status == WAX_OK && size < rows[i].size; size++) {
            wax_bytes cut = wax_bytes_of(rows[i].bytes, size);
            check_status(rows[i].name, wax_connect_read(&connect, cut), WAX_MALFORMED);
        }
    }
}

#define FIELDS                                                                                     \
    .clean_start = true, .has_will = true, .has_username = true, .has_password = true,             \
    .keep_alive_s = 515, .client_id = VIEW("id"), .username = VIEW("user"),                        \
    .password = VIEW("pass")
#define WILL_FIELDS .topic = VIEW("to"), .payload = VIEW("pay"), .qos = 1, .retain = true

struct written_row {
    const char *name;
    wax_connect connect;
    const char *bytes;
    size_t size;
};

/* clang-format off */
static const struct written_row written[] = {
    {"3.1 with all fields", {.version = V31, FIELDS, .will = {WILL_FIELDS}},
     BYTES("\x10\x25" M31 "\xee\x02\x03\x00\x02id\x00\x02to\x00\x03pay\x00\x04user\x00\x04pass")},
    {"3.1.1 as a bridge, with all fields", {.version = V311, .is_bridge = true, FIELDS, .will = {WILL_FIELDS}},
     BYTES("\x10\x23\x00\x04MQTT\x84\xee\x02\x03\x00\x02id\x00\x02to\x00\x03pay\x00\x04user\x00\x04pass")},
    {"5 with all fields, in their order [MQTT-3.1.3-1]",
     {.version = V5, FIELDS, .properties = VIEW("\x17\x01"), .will = {WILL_FIELDS, .properties = VIEW("\x01\x01")}},
     BYTES("\x10\x29" M5 "\xee\x02\x03\x02\x17\x01\x00\x02id\x02\x01\x01\x00\x02to\x00\x03pay\x00\x04user\x00\x04pass")},
    {"5 with nothing", {.version = V5}, BYTES("\x10\x0d" M5 "\x00\x00\x00\x00\x00\x00")},
    {"3.1.1 with nothing", {.version = V311}, BYTES("\x10\x0c" M311 "\x00\x00\x00\x00\x00")},
    {"3.1 with an empty user name", {.version = V31, .client_id = VIEW("x"), .has_username = true},
     BYTES("\x10\x11" M31 "\x80\x00\x00\x00\x01x\x00\x00")},
};
/* clang-format on */

static void check_same(const char *name, const wax_connect *one, const wax_connect *other)
{
    check_row(name, one->version == other->version && one->is_bridge == other->is_bridge);
    check_row(name, one->clean_start == other->clean_start && one->has_will == other->has_will);
    check_row(name, one->has_username == other->has_username);
    check_row(name, one->has_password == other->has_password);
    check_row(name, one->keep_alive_s == other->keep_alive_s);
    check_row(name, wax_bytes_equal(one->client_id, other->client_id));
    check_row(name, wax_bytes_equal(one->username, other->username));
    check_row(name, wax_bytes_equal(one->password, other->password));
    check_row(name, wax_bytes_equal(one->properties, other->properties));
    check_row(name, wax_bytes_equal(one->will.topic, other->will.topic));
    check_row(name, wax_bytes_equal(one->will.payload, other->will.payload));
    check_row(name, wax_bytes_equal(one->will.properties, other->will.properties));
    check_row(name, one->will.qos == other->will.qos && one->will.retain == other->will.retain);
}

static void a_connect_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        uint8_t room[64];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_connect connect;

        check_row(written[i].name, wax_connect_write(&out, &written[i].connect) == WAX_OK);
        check_written(written[i].name, &out, written[i].bytes, written[i].size);
        check_row(written[i].name,
                  wax_connect_read(&connect, wax_bytes_of(room + 2, out.used - 2)) == WAX_OK);
        check_same(written[i].name, &connect, &written[i].connect);
    }
}

static void a_text_too_long_writes_nothing(void **state)
{
    static uint8_t room[2 * 65536 + 100], text[65536];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_connect connect = {
        .version = V5, .has_password = true, .password = {text, 65536}
    };

    (void)state;
    assert_int_equal(wax_connect_write(&out, &connect), WAX_FULL);
    assert_int_equal(out.used, 0);
    connect.password.size = 65535;
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_connect_write(&out, &connect), WAX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_is_judged),
        cmocka_unit_test(a_connect_is_written_and_read_again),
        cmocka_unit_test(a_text_too_long_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
