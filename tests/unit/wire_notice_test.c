/* DISCONNECT and AUTH, of all three versions. */
#include "wire_check.h"

struct row {
    const char *name;
    wax_packet_type type;
    wax_version version;
    const char *bytes;
    size_t size;
    wax_status status;
};

/* clang-format off */
static const struct row rows[] = {
    {"DISCONNECT in 3.1",                                WAX_DISCONNECT, V31,  BYTES(""),                                 WAX_OK},
    {"DISCONNECT in 3.1.1",                              WAX_DISCONNECT, V311, BYTES(""),                                 WAX_OK},
    {"DISCONNECT in 5 without a reason",                 WAX_DISCONNECT, V5,   BYTES(""),                                 WAX_OK},
    {"DISCONNECT in 5 with a reason alone",              WAX_DISCONNECT, V5,   BYTES("\x04"),                             WAX_OK},
    {"DISCONNECT in 5 with a property",                  WAX_DISCONNECT, V5,   BYTES("\x00\x05\x11\x00\x00\x00\x09"),     WAX_OK},
    {"AUTH without a reason",                            WAX_AUTH,       V5,   BYTES(""),                                 WAX_OK},
    {"AUTH with a method",                               WAX_AUTH,       V5,   BYTES("\x18\x04\x15\x00\x01m"),            WAX_OK},
    {"a body in 3.1",                                    WAX_DISCONNECT, V31,  BYTES("\x00"),                             WAX_MALFORMED},
    {"a body in 3.1.1",                                  WAX_DISCONNECT, V311, BYTES("\x00"),                             WAX_MALFORMED},
    {"bytes after the end in 5",                         WAX_DISCONNECT, V5,   BYTES("\x00\x00\x00"),                     WAX_MALFORMED},
    {"a reason of AUTH in DISCONNECT [MQTT-3.14.2-1]",   WAX_DISCONNECT, V5,   BYTES("\x18"),                             WAX_MALFORMED},
    {"a reason that there is not [MQTT-3.14.2-1]",       WAX_DISCONNECT, V5,   BYTES("\xff\x00"),                         WAX_MALFORMED},
    {"a reason of DISCONNECT in AUTH [MQTT-3.15.2-1]",   WAX_AUTH,       V5,   BYTES("\x04\x00"),                         WAX_MALFORMED},
    {"a failure in AUTH [MQTT-3.15.2-1]",                WAX_AUTH,       V5,   BYTES("\x87\x00"),                         WAX_MALFORMED},
    {"a property of other packets",                      WAX_AUTH,       V5,   BYTES("\x18\x05\x11\x00\x00\x00\x09"),     WAX_MALFORMED},
    {"properties cut short",                             WAX_AUTH,       V5,   BYTES("\x18\x04\x15\x00\x01"),             WAX_MALFORMED},
};
/* clang-format on */

static void a_notice_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_packet packet = {.type = rows[i].type,
                                   .version = rows[i].version,
                                   .body = wax_bytes_of(rows[i].bytes, rows[i].size)};
        wax_notice notice;

        check_status(rows[i].name, wax_notice_read(&notice, &packet), rows[i].status);
    }
}

struct written_row {
    const char *name;
    wax_version version;
    wax_notice notice;
    const char *bytes;
    size_t size;
};

/* clang-format off */
static const struct written_row written[] = {
    {"DISCONNECT in 3.1",                     V31,  {WAX_DISCONNECT, 0, 0, {0}},                                 BYTES("\xe0\x00")},
    {"DISCONNECT in 3.1.1 says no reason",    V311, {WAX_DISCONNECT, 0, WAX_SERVER_BUSY, VIEW("\x1f\x00\x01x")}, BYTES("\xe0\x00")},
    {"DISCONNECT in 5, normal",               V5,   {WAX_DISCONNECT, 0, 0, {0}},                                 BYTES("\xe0\x00")},
    {"DISCONNECT in 5 with a reason",         V5,   {WAX_DISCONNECT, 0, WAX_TAKEN_OVER, {0}},                    BYTES("\xe0\x01\x8e")},
    {"DISCONNECT in 5, normal, a property",   V5,   {WAX_DISCONNECT, 0, 0, VIEW("\x1f\x00\x01x")},               BYTES("\xe0\x06\x00\x04\x1f\x00\x01x")},
    {"AUTH with a method [MQTT-3.15.1-1]",    V5,   {WAX_AUTH, 0, 0x18, VIEW("\x15\x00\x01m")},                  BYTES("\xf0\x06\x18\x04\x15\x00\x01m")},
    {"AUTH, success",                         V5,   {WAX_AUTH, 0, 0, {0}},                                       BYTES("\xf0\x00")},
};
/* clang-format on */

static void a_notice_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        const wax_packet packet = {
            .type = row->notice.type, .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_notice notice;

        check_row(row->name, wax_notice_write(&out, &row->notice, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        check_row(row->name, wax_notice_read(&notice, &packet) == WAX_OK);
        check_row(row->name, notice.reason == (row->version == V5 ? row->notice.reason : 0));
        check_row(row->name,
                  row->version != V5 || wax_bytes_equal(notice.properties, row->notice.properties));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_judged),
        cmocka_unit_test(a_notice_is_written_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
