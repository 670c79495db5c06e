/* PUBACK, PUBREC, PUBREL and PUBCOMP, of all three versions. */
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
    {"a packet id alone in 3.1",                         WAX_PUBACK,  V31,  BYTES("\x00\x01"),                         WAX_OK},
    {"a packet id alone in 3.1.1",                       WAX_PUBREC,  V311, BYTES("\xff\xff"),                         WAX_OK},
    {"a packet id alone in 5 is success",                WAX_PUBREL,  V5,   BYTES("\x00\x01"),                         WAX_OK},
    {"a reason without properties",                      WAX_PUBCOMP, V5,   BYTES("\x00\x01\x92"),                     WAX_OK},
    {"a reason and no properties",                       WAX_PUBACK,  V5,   BYTES("\x00\x01\x10\x00"),                 WAX_OK},
    {"a reason and a property",                          WAX_PUBREC,  V5,   BYTES("\x00\x01\x87\x04\x1f\x00\x01x"),    WAX_OK},
    {"PUBACK with a reason of PUBREL [MQTT-3.4.2-1]",    WAX_PUBACK,  V5,   BYTES("\x00\x01\x92"),                     WAX_MALFORMED},
    {"PUBREC with a reason of PUBREL [MQTT-3.5.2-1]",    WAX_PUBREC,  V5,   BYTES("\x00\x01\x92\x00"),                 WAX_MALFORMED},
    {"PUBREL with a reason of PUBREC [MQTT-3.6.2-1]",    WAX_PUBREL,  V5,   BYTES("\x00\x01\x80"),                     WAX_MALFORMED},
    {"PUBCOMP with a reason of PUBREC [MQTT-3.7.2-1]",   WAX_PUBCOMP, V5,   BYTES("\x00\x01\x10"),                     WAX_MALFORMED},
    {"packet id 0 in 3.1",                               WAX_PUBACK,  V31,  BYTES("\x00\x00"),                         WAX_PROTOCOL_ERROR},
    {"packet id 0 in 3.1.1",                             WAX_PUBCOMP, V311, BYTES("\x00\x00"),                         WAX_PROTOCOL_ERROR},
    {"packet id 0 in 5",                                 WAX_PUBREL,  V5,   BYTES("\x00\x00"),                         WAX_PROTOCOL_ERROR},
    {"a reason in 3.1",                                  WAX_PUBACK,  V31,  BYTES("\x00\x01\x00"),                     WAX_MALFORMED},
    {"a reason in 3.1.1",                                WAX_PUBREC,  V311, BYTES("\x00\x01\x00"),                     WAX_MALFORMED},
    {"bytes after the end in 5",                         WAX_PUBREL,  V5,   BYTES("\x00\x01\x00\x00\x00"),             WAX_MALFORMED},
    {"a property of other packets",                      WAX_PUBACK,  V5,   BYTES("\x00\x01\x00\x02\x01\x01"),         WAX_MALFORMED},
    {"properties cut short",                             WAX_PUBACK,  V5,   BYTES("\x00\x01\x00\x04\x1f\x00\x01"),     WAX_MALFORMED},
    {"half a packet id",                                 WAX_PUBACK,  V311, BYTES("\x01"),                             WAX_MALFORMED},
    {"nothing",                                          WAX_PUBCOMP, V5,   BYTES(""),                                 WAX_MALFORMED},
};
/* clang-format on */

static void an_acknowledgement_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_packet packet = {.type = rows[i].type,
                                   .version = rows[i].version,
                                   .body = wax_bytes_of(rows[i].bytes, rows[i].size)};
        wax_notice read;

        check_status(rows[i].name, wax_notice_read(&read, &packet), rows[i].status);
    }
}

struct written_row {
    const char *name;
    wax_version version;
    wax_notice acknowledgement;
    const char *bytes;
    size_t size;
};

/* clang-format off */
static const struct written_row written[] = {
    {"PUBACK in 3.1",                          V31,  {WAX_PUBACK, 515, 0, {0}},                            BYTES("\x40\x02\x02\x03")},
    {"PUBREC in 3.1.1",                        V311, {WAX_PUBREC, 7, 0, {0}},                              BYTES("\x50\x02\x00\x07")},
    {"PUBREL in 3.1.1 [MQTT-3.6.1-1]",         V311, {WAX_PUBREL, 7, 0, {0}},                              BYTES("\x62\x02\x00\x07")},
    {"PUBREL in 5 [MQTT-3.6.1-1]",             V5,   {WAX_PUBREL, 7, 0, {0}},                              BYTES("\x62\x02\x00\x07")},
    {"PUBCOMP in 5, a failure",                V5,   {WAX_PUBCOMP, 7, WAX_PACKET_ID_NOT_FOUND, {0}},       BYTES("\x70\x03\x00\x07\x92")},
    {"PUBACK in 5, success with a property",   V5,   {WAX_PUBACK, 7, 0, VIEW("\x1f\x00\x01x")},            BYTES("\x40\x08\x00\x07\x00\x04\x1f\x00\x01x")},
    {"PUBREC in 5, failure with a property",   V5,   {WAX_PUBREC, 7, WAX_QUOTA_EXCEEDED, VIEW("\x1f\x00\x01x")}, BYTES("\x50\x08\x00\x07\x97\x04\x1f\x00\x01x")},
    {"3.1.1 leaves reason and properties out", V311, {WAX_PUBACK, 7, WAX_NOT_AUTHORIZED, VIEW("\x1f\x00\x01x")}, BYTES("\x40\x02\x00\x07")},
};
/* clang-format on */

static void an_acknowledgement_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        const wax_notice *wanted = &row->acknowledgement;
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        const wax_packet packet = {
            .type = wanted->type, .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_notice read;

        check_row(row->name, wax_notice_write(&out, wanted, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        check_row(row->name, wax_notice_read(&read, &packet) == WAX_OK);
        check_row(row->name, read.type == wanted->type && read.packet_id == wanted->packet_id);
        check_row(row->name, read.reason == (row->version == V5 ? wanted->reason : 0));
        check_row(row->name,
                  wax_bytes_equal(read.properties,
                                  row->version == V5 ? wanted->properties : (wax_bytes){NULL, 0}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_acknowledgement_is_judged),
        cmocka_unit_test(an_acknowledgement_is_written_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
