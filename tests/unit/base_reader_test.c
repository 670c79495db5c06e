/* The cursor over bytes that came in. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    const char *bytes;
    size_t size;
    bool valid;
    uint32_t value;
    size_t left;
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct row varints[] = {
    {"zero",                                      BYTES("\x00"),                 true,  0,              0},
    {"the largest of one byte",                   BYTES("\x7f\x01"),             true,  127,            1},
    {"the smallest of two bytes",                 BYTES("\x80\x01"),             true,  128,            0},
    {"the largest of two bytes",                  BYTES("\xff\x7f"),             true,  16383,          0},
    {"the smallest of three bytes",               BYTES("\x80\x80\x01"),         true,  16384,          0},
    {"the largest of three bytes",                BYTES("\xff\xff\x7f"),         true,  2097151,        0},
    {"the smallest of four bytes",                BYTES("\x80\x80\x80\x01"),     true,  2097152,        0},
    {"the largest of four bytes",                 BYTES("\xff\xff\xff\x7f\x00"), true,  WAX_VARINT_MAX, 1},
    {"five bytes",                                BYTES("\x80\x80\x80\x80\x01"), false, 0,              0},
    {"zero in two bytes [MQTT-1.5.5-1]",          BYTES("\x80\x00"),             false, 0,              0},
    {"one in three bytes [MQTT-1.5.5-1]",         BYTES("\x81\x80\x00"),         false, 0,              0},
    {"127 in four bytes [MQTT-1.5.5-1]",          BYTES("\xff\x80\x80\x00"),     false, 0,              0},
    {"nothing",                                   BYTES(""),                     false, 0,              0},
    {"cut after three of four",                   BYTES("\xff\xff\xff"),         false, 0,              0},
};

static const struct row texts[] = {
    {"empty",                                     BYTES("\x00\x00"),             true,  0,              0},
    {"two characters",                            BYTES("\x00\x02txx"),          true,  2,              1},
    {"no size",                                   BYTES("\x00"),                 false, 0,              0},
    {"shorter than its size",                     BYTES("\x00\x02t"),            false, 0,              0},
    {"ill-formed [MQTT-1.5.4-1]",                 BYTES("\x00\x02t\xff"),        false, 0,              0},
    {"a surrogate [MQTT-1.5.4-1]",                BYTES("\x00\x03\xed\xa0\x80"), false, 0,              0},
    {"U+0000 [MQTT-1.5.4-2]",                     BYTES("\x00\x02t\x00"),        false, 0,              0},
};
/* clang-format on */

static void varints_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(varints); i++) {
        wax_reader in = wax_reader_over(wax_bytes_of(varints[i].bytes, varints[i].size));

        check_row(varints[i].name, wax_read_varint(&in) == varints[i].value);
        check_row(varints[i].name, (in.status == WAX_OK) == varints[i].valid);
        check_row(varints[i].name, in.status == WAX_OK || in.status == WAX_MALFORMED);
        check_row(varints[i].name, wax_reader_left(&in) == varints[i].left);
    }
}

static void texts_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(texts); i++) {
        wax_reader in = wax_reader_over(wax_bytes_of(texts[i].bytes, texts[i].size));

        check_row(texts[i].name, wax_read_text(&in).size == texts[i].value);
        check_row(texts[i].name, (in.status == WAX_OK) == texts[i].valid);
        check_row(texts[i].name, wax_reader_left(&in) == texts[i].left);
    }
}

static void numbers_are_big_endian(void **state)
{
    wax_reader in = wax_reader_over(WAX_TEXT("\x01\x02\x03\xf4\xf5\xf6\xf7\x00\x01\xff"));

    (void)state;
    assert_int_equal(wax_read_u8(&in), 0x01);
    assert_int_equal(wax_read_u16(&in), 0x0203);
    assert_int_equal(wax_read_u32(&in), 0xf4f5f6f7);
    assert_int_equal(wax_reader_rest(&in).size, 3);
    assert_int_equal(wax_read_blob(&in).data[0], 0xff);
    assert_int_equal(wax_reader_left(&in), 0);
    assert_int_equal(in.status, WAX_OK);
    assert_int_equal(wax_read_u8(&in), 0);
    assert_int_equal(in.status, WAX_MALFORMED);
}

static void a_number_cut_short_is_zero(void **state)
{
    wax_reader in;

    (void)state;
    in = wax_reader_over(WAX_TEXT("\x01"));
    assert_int_equal(wax_read_u16(&in), 0);
    assert_int_equal(in.status, WAX_MALFORMED);
    in = wax_reader_over(WAX_TEXT("\x01\x02\x03"));
    (void)wax_read_u32(&in);
    assert_int_equal(in.status, WAX_MALFORMED);
    in = wax_reader_over((wax_bytes){NULL, 0});
    assert_int_equal(wax_read_u8(&in), 0);
    assert_int_equal(in.status, WAX_MALFORMED);
}

static void the_first_failure_sticks(void **state)
{
    wax_reader in = wax_reader_over(WAX_TEXT("\x00\x01txyz"));

    (void)state;
    wax_require(&in, true, WAX_BAD_TOPIC);
    assert_int_equal(in.status, WAX_OK);
    wax_require(&in, false, WAX_BAD_TOPIC);
    wax_require(&in, false, WAX_PROTOCOL_ERROR);
    assert_int_equal(in.status, WAX_BAD_TOPIC);
    assert_int_equal(wax_reader_left(&in), 0);
    assert_int_equal(wax_read_text(&in).size, 0);
    assert_int_equal(wax_read_u32(&in), 0);
    assert_int_equal(wax_read_varint(&in), 0);
    assert_null(wax_read_bytes(&in, 0).data);
    assert_int_equal(in.status, WAX_BAD_TOPIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_are_judged),       cmocka_unit_test(texts_are_judged),
        cmocka_unit_test(numbers_are_big_endian),   cmocka_unit_test(a_number_cut_short_is_zero),
        cmocka_unit_test(the_first_failure_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
