/* CONNACK, of all three versions. */
#include "wire_check.h"

/* clang-format off */
static const struct body_row rows[] = {
    {"accepted in 3.1",                                    V31,  BYTES("\x00\x00"),                 WAX_OK},
    {"accepted in 3.1.1, with a session",                  V311, BYTES("\x01\x00"),                 WAX_OK},
    {"accepted in 5, with a session",                      V5,   BYTES("\x01\x00\x00"),             WAX_OK},
    {"accepted in 5, with properties",                     V5,   BYTES("\x00\x00\x03\x21\x00\x01"), WAX_OK},
    {"refused in 3.1",                                     V31,  BYTES("\x00\x05"),                 WAX_OK},
    {"refused in 3.1.1",                                   V311, BYTES("\x00\x01"),                 WAX_OK},
    {"refused in 5",                                       V5,   BYTES("\x00\x87\x00"),             WAX_OK},
    {"a reserved flag in 3.1.1",                           V311, BYTES("\x02\x00"),                 WAX_MALFORMED},
    {"a reserved flag [MQTT-3.2.2-1]",                     V5,   BYTES("\x02\x00\x00"),             WAX_MALFORMED},
    {"the highest reserved flag [MQTT-3.2.2-1]",           V5,   BYTES("\x81\x00\x00"),             WAX_MALFORMED},
    {"a code that 3.1 has not",                            V31,  BYTES("\x00\x06"),                 WAX_MALFORMED},
    {"a code that 3.1.1 has not",                          V311, BYTES("\x00\xff"),                 WAX_MALFORMED},
    {"a reason of 5 in 3.1.1",                             V311, BYTES("\x00\x87"),                 WAX_MALFORMED},
    {"a code of 3.1.1 in 5 [MQTT-3.2.2-8]",                V5,   BYTES("\x00\x05\x00"),             WAX_MALFORMED},
    {"a reason of other packets [MQTT-3.2.2-8]",           V5,   BYTES("\x00\x92\x00"),             WAX_MALFORMED},
    {"refused, with a session, in 3.1.1",                  V311, BYTES("\x01\x05"),                 WAX_PROTOCOL_ERROR},
    {"refused, with a session [MQTT-3.2.2-6]",             V5,   BYTES("\x01\x87\x00"),             WAX_PROTOCOL_ERROR},
    {"bytes after the end in 3.1",                         V31,  BYTES("\x00\x00\x00"),             WAX_MALFORMED},
    {"bytes after the end in 3.1.1",                       V311, BYTES("\x00\x00\x00"),             WAX_MALFORMED},
    {"bytes after the end in 5",                           V5,   BYTES("\x00\x00\x00\x00"),         WAX_MALFORMED},
    {"no properties in 5",                                 V5,   BYTES("\x00\x00"),                 WAX_MALFORMED},
    {"a property of other packets",                        V5,   BYTES("\x00\x00\x02\x17\x01"),     WAX_MALFORMED},
    {"the flags alone",                                    V311, BYTES("\x00"),                     WAX_MALFORMED},
    {"nothing",                                            V31,  BYTES(""),                         WAX_MALFORMED},
};
/* clang-format on */

static void a_connack_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_packet packet = {.version = rows[i].version,
                             .body = wax_bytes_of(rows[i].bytes, rows[i].size)};
        wax_connack connack;
        wax_status status = wax_connack_read(&connack, &packet);

        check_status(rows[i].name, status, rows[i].status);
        for (size_t size = 0; status == WAX_OK && size < rows[i].size; size++) {
            packet.body.size = size;
            check_status(rows[i].name, wax_connack_read(&connack, &packet), WAX_MALFORMED);
        }
    }
}

struct written_row {
    const char *name;
    wax_version version;
    wax_connack connack;
    const char *bytes;
    size_t size;
    bool session_present; /* when read again */
    uint8_t reason;
};

/* clang-format off */
static const struct written_row written[] = {
    {"3.1 knows no Session Present",          V31,  {true, 0, {0}},                            BYTES("\x20\x02\x00\x00"),                 false, 0},
    {"3.1.1 does",                            V311, {true, 0, {0}},                            BYTES("\x20\x02\x01\x00"),                 true,  0},
    {"5 does too",                            V5,   {true, 0, {0}},                            BYTES("\x20\x03\x01\x00\x00"),             true,  0},
    {"5 with properties",                     V5,   {false, 0, VIEW("\x24\x01")},          BYTES("\x20\x05\x00\x00\x02\x24\x01"),     false, 0},
    {"3.1.1 leaves properties out",           V311, {false, 0, VIEW("\x24\x01")},          BYTES("\x20\x02\x00\x00"),                 false, 0},
    {"a refusal has no session [MQTT-3.2.2-6]", V5, {false, WAX_NOT_AUTHORIZED, {0}},          BYTES("\x20\x03\x00\x87\x00"),             false, WAX_NOT_AUTHORIZED},
    {"code 1",                                V31,  {false, WAX_UNSUPPORTED_VERSION, {0}},     BYTES("\x20\x02\x00\x01"),                 false, WAX_UNSUPPORTED_VERSION},
    {"code 2",                                V311, {false, WAX_BAD_CLIENT_ID, {0}},           BYTES("\x20\x02\x00\x02"),                 false, WAX_BAD_CLIENT_ID},
    {"code 3",                                V311, {false, WAX_SERVER_UNAVAILABLE, {0}},      BYTES("\x20\x02\x00\x03"),                 false, WAX_SERVER_UNAVAILABLE},
    {"code 4",                                V311, {false, WAX_BAD_LOGIN, {0}},               BYTES("\x20\x02\x00\x04"),                 false, WAX_BAD_LOGIN},
    {"code 5",                                V31,  {false, WAX_NOT_AUTHORIZED, {0}},          BYTES("\x20\x02\x00\x05"),                 false, WAX_NOT_AUTHORIZED},
    {"banned is not authorized",              V311, {false, WAX_BANNED, {0}},                  BYTES("\x20\x02\x00\x05"),                 false, WAX_NOT_AUTHORIZED},
    {"a Will that must not be, likewise",     V311, {false, WAX_BAD_PAYLOAD_FORMAT, {0}},      BYTES("\x20\x02\x00\x05"),                 false, WAX_NOT_AUTHORIZED},
    {"a bad method is not authorized",        V311, {false, WAX_BAD_AUTH_METHOD, {0}},         BYTES("\x20\x02\x00\x05"),                 false, WAX_NOT_AUTHORIZED},
    {"busy is unavailable",                   V311, {false, WAX_SERVER_BUSY, {0}},             BYTES("\x20\x02\x00\x03"),                 false, WAX_SERVER_UNAVAILABLE},
};
/* clang-format on */

static void a_connack_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        const wax_packet packet = {
            .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_connack connack;

        check_row(row->name, wax_connack_write(&out, &row->connack, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        check_row(row->name, wax_connack_read(&connack, &packet) == WAX_OK);
        check_row(row->name, connack.session_present == row->session_present);
        check_row(row->name, connack.reason == row->reason);
        check_row(row->name, row->version != V5 ||
                                 wax_bytes_equal(connack.properties, row->connack.properties));
    }
}

static void the_reserved_byte_of_3_1_says_nothing(void **state)
{
    const wax_packet packet = {.version = V31, .body = WAX_TEXT("\x01\x00")};
    wax_connack connack;

    (void)state;
    assert_int_equal(wax_connack_read(&connack, &packet), WAX_OK);
    assert_false(connack.session_present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connack_is_judged),
        cmocka_unit_test(a_connack_is_written_and_read_again),
        cmocka_unit_test(the_reserved_byte_of_3_1_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
