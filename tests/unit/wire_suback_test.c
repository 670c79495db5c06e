/* SUBACK and UNSUBACK, of all three versions. */
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
    {"SUBACK in 3.1",                                       WAX_SUBACK,   V31,  BYTES("\x00\x01\x02"),                 WAX_OK},
    {"SUBACK in 3.1.1, granted and refused",                WAX_SUBACK,   V311, BYTES("\x00\x01\x00\x01\x02\x80"),     WAX_OK},
    {"SUBACK in 5",                                         WAX_SUBACK,   V5,   BYTES("\x00\x01\x00\x02\xa2"),         WAX_OK},
    {"SUBACK in 5 with a property",                         WAX_SUBACK,   V5,   BYTES("\x00\x01\x04\x1f\x00\x01x\x00"), WAX_OK},
    {"UNSUBACK in 3.1",                                     WAX_UNSUBACK, V31,  BYTES("\x00\x01"),                     WAX_OK},
    {"UNSUBACK in 3.1.1",                                   WAX_UNSUBACK, V311, BYTES("\x00\x01"),                     WAX_OK},
    {"UNSUBACK in 5",                                       WAX_UNSUBACK, V5,   BYTES("\x00\x01\x00\x00\x11"),         WAX_OK},
    {"packet id 0 in 3.1",                                  WAX_SUBACK,   V31,  BYTES("\x00\x00\x00"),                 WAX_PROTOCOL_ERROR},
    {"packet id 0 in 3.1.1",                                WAX_UNSUBACK, V311, BYTES("\x00\x00"),                     WAX_PROTOCOL_ERROR},
    {"packet id 0 in 5",                                    WAX_SUBACK,   V5,   BYTES("\x00\x00\x00\x00"),             WAX_PROTOCOL_ERROR},
    {"SUBACK without reasons in 3.1",                       WAX_SUBACK,   V31,  BYTES("\x00\x01"),                     WAX_MALFORMED},
    {"SUBACK without reasons in 3.1.1",                     WAX_SUBACK,   V311, BYTES("\x00\x01"),                     WAX_MALFORMED},
    {"SUBACK without reasons in 5 [MQTT-3.9.3-2]",          WAX_SUBACK,   V5,   BYTES("\x00\x01\x00"),                 WAX_MALFORMED},
    {"UNSUBACK without reasons in 5 [MQTT-3.11.3-2]",       WAX_UNSUBACK, V5,   BYTES("\x00\x01\x00"),                 WAX_MALFORMED},
    {"UNSUBACK with reasons in 3.1",                        WAX_UNSUBACK, V31,  BYTES("\x00\x01\x00"),                 WAX_MALFORMED},
    {"UNSUBACK with reasons in 3.1.1",                      WAX_UNSUBACK, V311, BYTES("\x00\x01\x00"),                 WAX_MALFORMED},
    {"a QoS that there is not in 3.1",                      WAX_SUBACK,   V31,  BYTES("\x00\x01\x03"),                 WAX_MALFORMED},
    {"a reason of 5 in 3.1.1",                              WAX_SUBACK,   V311, BYTES("\x00\x01\x00\x87"),             WAX_MALFORMED},
    {"a reason of UNSUBACK in SUBACK [MQTT-3.9.3-2]",       WAX_SUBACK,   V5,   BYTES("\x00\x01\x00\x00\x11"),         WAX_MALFORMED},
    {"a reason of SUBACK in UNSUBACK [MQTT-3.11.3-2]",      WAX_UNSUBACK, V5,   BYTES("\x00\x01\x00\x00\x01"),         WAX_MALFORMED},
    {"no properties in 5",                                  WAX_SUBACK,   V5,   BYTES("\x00\x01"),                     WAX_MALFORMED},
    {"a property of other packets",                         WAX_SUBACK,   V5,   BYTES("\x00\x01\x02\x0b\x07\x00"),     WAX_MALFORMED},
    {"half a packet id",                                    WAX_UNSUBACK, V311, BYTES("\x01"),                         WAX_MALFORMED},
    {"nothing",                                             WAX_SUBACK,   V311, BYTES(""),                             WAX_MALFORMED},
};
/* clang-format on */

static void a_suback_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_packet packet = {.type = rows[i].type,
                                   .version = rows[i].version,
                                   .body = wax_bytes_of(rows[i].bytes, rows[i].size)};
        wax_suback suback;

        check_status(rows[i].name, wax_suback_read(&suback, &packet), rows[i].status);
    }
}

struct written_row {
    const char *name;
    wax_packet_type type;
    wax_version version;
    wax_suback suback;
    const char *bytes;
    size_t size;
    const char *reasons; /* when read again */
};

/* clang-format off */
static const struct written_row written[] = {
    {"SUBACK in 3.1",                              WAX_SUBACK,   V31,  {515, {0}, VIEW("\x01\x02")},                    BYTES("\x90\x04\x02\x03\x01\x02"),             "\x01\x02"},
    {"SUBACK in 3.1.1 knows one failure",          WAX_SUBACK,   V311, {515, {0}, VIEW("\x01\x87\x8f")},                BYTES("\x90\x05\x02\x03\x01\x80\x80"),         "\x01\x80\x80"},
    {"SUBACK in 5",                                WAX_SUBACK,   V5,   {515, {0}, VIEW("\x01\x87")},                    BYTES("\x90\x05\x02\x03\x00\x01\x87"),         "\x01\x87"},
    {"SUBACK in 5 with a property",                WAX_SUBACK,   V5,   {515, VIEW("\x1f\x00\x01x"), VIEW("\x02")},      BYTES("\x90\x08\x02\x03\x04\x1f\x00\x01x\x02"), "\x02"},
    {"SUBACK in 3.1.1 leaves properties out",      WAX_SUBACK,   V311, {515, VIEW("\x1f\x00\x01x"), VIEW("\x02")},      BYTES("\x90\x03\x02\x03\x02"),                 "\x02"},
    {"UNSUBACK in 3.1",                            WAX_UNSUBACK, V31,  {515, {0}, VIEW("\x11")},                        BYTES("\xb0\x02\x02\x03"),                     ""},
    {"UNSUBACK in 3.1.1",                          WAX_UNSUBACK, V311, {515, {0}, VIEW("\x11")},                        BYTES("\xb0\x02\x02\x03"),                     ""},
    {"UNSUBACK in 5",                              WAX_UNSUBACK, V5,   {515, {0}, VIEW("\x11\x87")},                    BYTES("\xb0\x05\x02\x03\x00\x11\x87"),         "\x11\x87"},
};
/* clang-format on */

static void a_suback_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        const wax_packet packet = {
            .type = row->type, .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_suback suback;

        check_row(row->name,
                  wax_suback_write(&out, &row->suback, row->type, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        check_row(row->name, wax_suback_read(&suback, &packet) == WAX_OK);
        check_row(row->name, suback.packet_id == 515 && is_text(suback.reasons, row->reasons));
        check_row(row->name,
                  row->version != V5 || wax_bytes_equal(suback.properties, row->suback.properties));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suback_is_judged),
        cmocka_unit_test(a_suback_is_written_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
