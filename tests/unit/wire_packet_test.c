/* The fixed header: what is a packet, how long it is, and which flags it may bear. */
#include "wire_check.h"

struct row {
    const char *name;
    const char *bytes;
    size_t size;
    wax_status status;
    uint32_t body_size;
    uint8_t head_size;
};

/* clang-format off */
static const struct row lengths[] = {
    {"no body",                                           BYTES("\xc0\x00"),                     WAX_OK,        0,         2},
    {"the largest length of one byte",                    BYTES("\x30\x7f"),                     WAX_MORE,      127,       2},
    {"the smallest length of two bytes",                  BYTES("\x30\x80\x01"),                 WAX_MORE,      128,       3},
    {"the largest length of two bytes",                   BYTES("\x30\xff\x7f"),                 WAX_MORE,      16383,     3},
    {"the smallest length of three bytes",                BYTES("\x30\x80\x80\x01"),             WAX_MORE,      16384,     4},
    {"the largest length of three bytes",                 BYTES("\x30\xff\xff\x7f"),             WAX_MORE,      2097151,   4},
    {"the smallest length of four bytes",                 BYTES("\x30\x80\x80\x80\x01"),         WAX_MORE,      2097152,   5},
    {"the largest length of four bytes",                  BYTES("\x30\xff\xff\xff\x7f"),         WAX_MORE,      268435455, 5},
    {"a fourth byte that announces a fifth",              BYTES("\x30\xff\xff\xff\xff"),         WAX_MALFORMED, 0,         0},
    {"a length of five bytes",                            BYTES("\x30\x80\x80\x80\x80\x01"),     WAX_MALFORMED, 0,         0},
    {"a length of all ones",                              BYTES("\x30\xff\xff\xff\xff\xff\xff"), WAX_MALFORMED, 0,         0},
    {"zero in two bytes [MQTT-1.5.5-1]",                  BYTES("\x30\x80\x00"),                 WAX_MALFORMED, 0,         0},
    {"one in four bytes [MQTT-1.5.5-1]",                  BYTES("\x30\x81\x80\x80\x00"),         WAX_MALFORMED, 0,         0},
    {"nothing at all",                                    BYTES(""),                             WAX_MORE,      0,         0},
    {"the first byte alone",                              BYTES("\x30"),                         WAX_MORE,      0,         0},
    {"a length cut after its second byte",                BYTES("\x30\xff\xff"),                 WAX_MORE,      0,         0},
    {"a type that there is not",                          BYTES("\x00\x00"),                     WAX_MALFORMED, 0,         0},
    {"PINGREQ has no body",                               BYTES("\xc0\x01\x00"),                 WAX_MALFORMED, 0,         0},
    {"PINGRESP has no body, even one that is not there",  BYTES("\xd0\x7f"),                     WAX_MALFORMED, 0,         0},
};
/* clang-format on */

static void lengths_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(lengths); i++) {
        const struct row *row = &lengths[i];
        wax_reader in = wax_reader_over(wax_bytes_of(row->bytes, row->size));
        wax_packet packet;

        check_status(row->name, wax_packet_read(&packet, &in, V5, WAX_PACKET_SIZE_MAX),
                     row->status);
        check_row(row->name, wax_reader_left(&in) == (row->status == WAX_OK ? 0 : row->size));
        if (row->status < WAX_UNSPECIFIED_ERROR) {
            check_row(row->name, packet.body_size == row->body_size);
            check_row(row->name, packet.head_size == row->head_size);
            check_row(row->name, (packet.type == WAX_NO_PACKET) == (row->head_size == 0));
        }
    }
}

struct flags_row {
    const char *name;
    wax_packet_type type;
    uint16_t before, in_3_1, in_3_1_1, in_5; /* a bit per value of the flags */
};

/* clang-format off */
#define ZERO  0x0001U
#define TWO   0x0004U
#define AGAIN 0x0404U /* two, or two and DUP */
static const struct flags_row flags[] = {
    {"no packet",                       WAX_NO_PACKET,   0,      0,      0,      0     },
    {"CONNECT [MQTT-2.1.3-1]",          WAX_CONNECT,     ZERO,   ZERO,   ZERO,   ZERO  },
    {"CONNACK [MQTT-2.1.3-1]",          WAX_CONNACK,     ZERO,   ZERO,   ZERO,   ZERO  },
    {"PUBLISH has its own",             WAX_PUBLISH,     0xffff, 0xffff, 0xffff, 0xffff},
    {"PUBACK [MQTT-2.1.3-1]",           WAX_PUBACK,      ZERO,   ZERO,   ZERO,   ZERO  },
    {"PUBREC [MQTT-2.1.3-1]",           WAX_PUBREC,      ZERO,   ZERO,   ZERO,   ZERO  },
    {"PUBREL [MQTT-3.6.1-1]",           WAX_PUBREL,      TWO,    AGAIN,  TWO,    TWO   },
    {"PUBCOMP [MQTT-2.1.3-1]",          WAX_PUBCOMP,     ZERO,   ZERO,   ZERO,   ZERO  },
    {"SUBSCRIBE [MQTT-3.8.1-1]",        WAX_SUBSCRIBE,   TWO,    AGAIN,  TWO,    TWO   },
    {"SUBACK [MQTT-2.1.3-1]",           WAX_SUBACK,      ZERO,   ZERO,   ZERO,   ZERO  },
    {"UNSUBSCRIBE [MQTT-3.10.1-1]",     WAX_UNSUBSCRIBE, TWO,    AGAIN,  TWO,    TWO   },
    {"UNSUBACK [MQTT-2.1.3-1]",         WAX_UNSUBACK,    ZERO,   ZERO,   ZERO,   ZERO  },
    {"PINGREQ [MQTT-2.1.3-1]",          WAX_PINGREQ,     ZERO,   ZERO,   ZERO,   ZERO  },
    {"PINGRESP [MQTT-2.1.3-1]",         WAX_PINGRESP,    ZERO,   ZERO,   ZERO,   ZERO  },
    {"DISCONNECT [MQTT-2.1.3-1]",       WAX_DISCONNECT,  ZERO,   ZERO,   ZERO,   ZERO  },
    {"AUTH is new in 5 [MQTT-3.15.1-1]",WAX_AUTH,        0,      0,      0,      ZERO  },
};
/* clang-format on */

static void check_flags(const struct flags_row *row, wax_version version, unsigned allowed)
{
    for (unsigned value = 0; value < 16; value++) {
        const uint8_t bytes[] = {(uint8_t)((unsigned)row->type << 4 | value), 0};
        bool wanted = (allowed >> value & 1U) != 0;
        wax_reader in = wax_reader_over(wax_bytes_of(bytes, sizeof bytes));
        wax_packet packet;

        check_status(row->name, wax_packet_read(&packet, &in, version, WAX_PACKET_SIZE_MAX),
                     wanted ? WAX_OK : WAX_MALFORMED);
        check_row(row->name, !wanted || (packet.type == row->type && packet.flags == value));
    }
}

static void flags_are_judged_by_type_and_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(flags); i++) {
        check_flags(&flags[i], WAX_VERSION_NONE, flags[i].before);
        check_flags(&flags[i], V31, flags[i].in_3_1);
        check_flags(&flags[i], V311, flags[i].in_3_1_1);
        check_flags(&flags[i], V5, flags[i].in_5);
    }
}

static void the_packet_may_be_as_large_as_announced(void **state)
{
    const uint8_t bytes[] = {0x30, 0x03, 0, 1, 't', 0xc0, 0x00};
    wax_reader in = wax_reader_over(wax_bytes_of(bytes, sizeof bytes));
    wax_reader cut = wax_reader_over(wax_bytes_of(bytes, 2));
    wax_packet packet;

    (void)state;
    assert_int_equal(wax_packet_read(&packet, &in, V5, 4), WAX_PACKET_TOO_LARGE);
    assert_int_equal(wax_packet_read(&packet, &cut, V5, 4), WAX_PACKET_TOO_LARGE);
    assert_int_equal(wax_packet_read(&packet, &in, V5, 5), WAX_OK);
    assert_true(wax_bytes_equal(packet.body, wax_bytes_of(bytes + 2, 3)));
    assert_int_equal(wax_reader_left(&in), 2);
    assert_int_equal(wax_packet_read(&packet, &in, V5, 5), WAX_OK);
    assert_int_equal(packet.type, WAX_PINGREQ);
    assert_int_equal(wax_reader_left(&in), 0);
}

static void a_cut_packet_is_left_where_it_is(void **state)
{
    uint8_t bytes[3 + 200] = {0x32, 0xc8, 0x01, 0, 3, 'o', 'n', 'e', 0, 7};
    wax_packet packet;

    (void)state;
    for (size_t size = 0; size < sizeof bytes; size++) {
        wax_reader in = wax_reader_over(wax_bytes_of(bytes, size));

        assert_int_equal(wax_packet_read(&packet, &in, V311, WAX_PACKET_SIZE_MAX), WAX_MORE);
        assert_int_equal(wax_reader_left(&in), size);
        assert_int_equal(in.status, WAX_OK);
        assert_int_equal(packet.type, size < 3 ? WAX_NO_PACKET : WAX_PUBLISH);
        assert_int_equal(packet.body.size, size < 3 ? 0 : size - 3);
        assert_true(size < 3 || (packet.body_size == 200 && packet.flags == 2));
    }
}

static void an_empty_packet_is_two_bytes(void **state)
{
    uint8_t room[4];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_packet_write_empty(&out, WAX_PINGREQ), WAX_OK);
    assert_int_equal(wax_packet_write_empty(&out, WAX_PINGRESP), WAX_OK);
    check_written("pings", &out, BYTES("\xc0\x00\xd0\x00"));
    assert_int_equal(wax_packet_write_empty(&out, WAX_PINGRESP), WAX_FULL);
    assert_int_equal(out.used, 4);
}

static void a_head_is_written_only_if_its_body_fits(void **state)
{
    uint8_t room[131];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_packet_write_head(&out, WAX_PUBLISH, 0x0b, 128), WAX_OK);
    check_written("head", &out, BYTES("\x3b\x80\x01"));
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_packet_write_head(&out, WAX_PUBLISH, 0, 129), WAX_FULL);
    assert_int_equal(out.used, 0);
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_packet_write_head(&out, WAX_PUBLISH, 0, WAX_VARINT_MAX), WAX_FULL);
    assert_int_equal(out.used, 0);
}

static void what_no_packet_can_hold_writes_nothing(void **state)
{
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    const wax_subscribe subscribe = {
        .packet_id = 1, .filters = {room, (size_t)WAX_VARINT_MAX}
    };

    (void)state;
    assert_int_equal(wax_subscribe_write(&out, &subscribe, WAX_SUBSCRIBE, V311), WAX_FULL);
    assert_int_equal(out.used, 0);
    assert_int_not_equal(out.status, WAX_OK);
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_packet_write_head(&out, WAX_PUBLISH, 0, (size_t)WAX_VARINT_MAX + 1),
                     WAX_TOO_LARGE);
    assert_int_equal(out.used, 0);
}

static void a_body_gets_its_head(void **state)
{
    uint8_t room[200];
    wax_writer out = wax_writer_over(room, 133);

    (void)state;
    wax_write_u8(&out, 7);
    for (size_t i = 0; i < 129; i++) {
        wax_write_u8(&out, (uint8_t)i);
    }
    assert_int_equal(wax_packet_enclose(&out, 1, WAX_SUBSCRIBE, 0x02), WAX_OK);
    assert_int_equal(out.used, 133);
    assert_memory_equal(room, "\x07\x82\x81\x01\x00\x01", 6);
    assert_int_equal(room[132], 128);
    out.used = 131; /* of the next body all is there, but two bytes are too few for its head */
    wax_write_u16(&out, 1);
    assert_int_equal(wax_packet_enclose(&out, 131, WAX_PUBACK, 0), WAX_FULL);
    assert_int_equal(out.used, 131);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_judged),
        cmocka_unit_test(flags_are_judged_by_type_and_version),
        cmocka_unit_test(the_packet_may_be_as_large_as_announced),
        cmocka_unit_test(a_cut_packet_is_left_where_it_is),
        cmocka_unit_test(an_empty_packet_is_two_bytes),
        cmocka_unit_test(a_head_is_written_only_if_its_body_fits),
        cmocka_unit_test(what_no_packet_can_hold_writes_nothing),
        cmocka_unit_test(a_body_gets_its_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
