/* The cursor over room to be filled. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    uint32_t value;
    const char *bytes;
    size_t size;
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct row varints[] = {
    {"zero [MQTT-1.5.5-1]",                      0,              BYTES("\x00")},
    {"the largest of one byte [MQTT-1.5.5-1]",   127,            BYTES("\x7f")},
    {"the smallest of two bytes [MQTT-1.5.5-1]", 128,            BYTES("\x80\x01")},
    {"the largest of two bytes",                 16383,          BYTES("\xff\x7f")},
    {"the smallest of three bytes",              16384,          BYTES("\x80\x80\x01")},
    {"the largest of three bytes",               2097151,        BYTES("\xff\xff\x7f")},
    {"the smallest of four bytes",               2097152,        BYTES("\x80\x80\x80\x01")},
    {"the largest of four bytes",                WAX_VARINT_MAX, BYTES("\xff\xff\xff\x7f")},
};
/* clang-format on */

static void varints_take_their_shortest_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(varints); i++) {
        wax_bytes wanted = wax_bytes_of(varints[i].bytes, varints[i].size);
        uint8_t room[4];
        wax_writer out = wax_writer_over(room, wanted.size - 1);

        wax_write_varint(&out, varints[i].value);
        check_row(varints[i].name, out.status == WAX_FULL && out.used == 0);
        out = wax_writer_over(room, wanted.size);
        wax_write_varint(&out, varints[i].value);
        check_row(varints[i].name, wax_bytes_equal(wax_writer_bytes(&out), wanted));
        check_row(varints[i].name, wax_varint_size(varints[i].value) == wanted.size);
        check_row(varints[i].name, wax_writer_left(&out) == 0 && out.status == WAX_OK);
    }
}

static void fields_follow_one_another(void **state)
{
    uint8_t room[16];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    wax_write_u8(&out, 0x01);
    wax_write_u16(&out, 0x0203);
    wax_write_u32(&out, 0xf4f5f6f7);
    wax_write_blob(&out, WAX_TEXT("xy"));
    wax_write_bytes(&out, WAX_TEXT("z"));
    wax_write_bytes(&out, (wax_bytes){NULL, 0});
    wax_write_blob(&out, (wax_bytes){NULL, 0});
    assert_true(wax_bytes_equal(wax_writer_bytes(&out),
                                WAX_TEXT("\x01\x02\x03\xf4\xf5\xf6\xf7\x00\x02xyz\x00\x00")));
    assert_int_equal(wax_writer_left(&out), 2);
}

static void what_does_not_fit_sticks(void **state)
{
    uint8_t room[4] = {0, 0, 0, 9};
    wax_writer out = wax_writer_over(room, 3);

    (void)state;
    wax_write_u16(&out, 0x0102);
    wax_write_blob(&out, (wax_bytes){NULL, 0});
    assert_int_equal(out.status, WAX_FULL);
    assert_int_equal(out.used, 2);
    wax_write_u8(&out, 3); /* it would fit, but stands after what did not */
    assert_int_equal(out.used, 2);
    assert_int_equal(room[2], 0);
    assert_int_equal(room[3], 9);
}

static void a_blob_is_at_most_65535_bytes(void **state)
{
    static uint8_t room[65538], bytes[65536];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    wax_write_blob(&out, wax_bytes_of(bytes, 65536));
    assert_int_equal(out.status, WAX_FULL);
    assert_int_equal(out.used, 0);
    out = wax_writer_over(room, sizeof room);
    wax_write_blob(&out, wax_bytes_of(bytes, 65535));
    assert_int_equal(out.status, WAX_OK);
    assert_int_equal(out.used, 65537);
}

static void numbers_in_decimal_digits(void **state)
{
    uint8_t room[32];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_writer small = wax_writer_over(room, 19);

    (void)state;
    wax_write_decimal(&out, 0);
    wax_write_decimal(&out, 907);
    wax_write_decimal(&out, UINT64_MAX);
    assert_true(wax_bytes_equal(wax_writer_bytes(&out), WAX_TEXT("090718446744073709551615")));
    wax_write_decimal(&small, UINT64_MAX);
    assert_int_equal(small.status, WAX_FULL);
}

static void what_failed_is_taken_back(void **state)
{
    uint8_t room[4];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    wax_write_u8(&out, 1);
    assert_int_equal(wax_writer_end(&out, 0), WAX_OK);
    assert_int_equal(out.used, 1);
    wax_write_u16(&out, 2);
    wax_write_u16(&out, 3);
    assert_int_equal(wax_writer_end(&out, 1), WAX_FULL);
    assert_int_equal(out.used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(varints_take_their_shortest_form),
        cmocka_unit_test(fields_follow_one_another),
        cmocka_unit_test(what_does_not_fit_sticks),
        cmocka_unit_test(a_blob_is_at_most_65535_bytes),
        cmocka_unit_test(numbers_in_decimal_digits),
        cmocka_unit_test(what_failed_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
