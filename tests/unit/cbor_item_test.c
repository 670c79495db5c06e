/* CBOR: what RFC 8949 shows in its appendix A is read where it is deterministic, and refused where
 * it is not; numbers are written in their shortest form; limits hold. */
#include "../check.h"

#include "cbor/cbor.h"

#include <stdlib.h>

struct row {
    const char *digits;
    bool is_taken;
};

/* Appendix A in its order; then what 4.2.1 forbids. */
/* clang-format off */
static const struct row items[] = {
    {"00", true}, {"01", true}, {"0a", true}, {"17", true}, {"1818", true}, {"1819", true}, {"1864", true}, {"1903e8", true},
    {"1a000f4240", true}, {"1b000000e8d4a51000", true}, {"1bffffffffffffffff", true}, {"c249010000000000000000", false},
    {"3bffffffffffffffff", true}, {"c349010000000000000000", false}, {"20", true}, {"29", true}, {"3863", true}, {"3903e7", true},
    {"f90000", false}, {"f98000", false}, {"f93c00", false}, {"fb3ff199999999999a", false}, {"f93e00", false}, {"f97bff", false},
    {"fa47c35000", false}, {"fa7f7fffff", false}, {"fb7e37e43c8800759c", false}, {"f90001", false}, {"f90400", false},
    {"f9c400", false}, {"fbc010666666666666", false}, {"f97c00", false}, {"f97e00", false}, {"f9fc00", false}, {"fa7f800000", false},
    {"fa7fc00000", false}, {"faff800000", false}, {"fb7ff0000000000000", false}, {"fb7ff8000000000000", false},
    {"fbfff0000000000000", false}, {"f4", true}, {"f5", true}, {"f6", false}, {"f7", false}, {"f0", false}, {"f8ff", false},
    {"c074323031332d30332d32315432303a30343a30305a", false}, {"c11a514b67b0", false}, {"c1fb41d452d9ec200000", false},
    {"d74401020304", false}, {"d818456449455446", false}, {"d82076687474703a2f2f7777772e6578616d706c652e636f6d", false},
    {"40", true}, {"4401020304", true}, {"60", true}, {"6161", true}, {"6449455446", true}, {"62225c", true}, {"62c3bc", true},
    {"63e6b0b4", true}, {"64f0908591", true}, {"80", true}, {"83010203", true}, {"8301820203820405", true},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", true}, {"a0", true}, {"a201020304", true},
    {"a26161016162820203", true}, {"826161a161626163", true}, {"a56161614161626142616361436164614461656145", true},
    {"5f42010243030405ff", false}, {"7f657374726561646d696e67ff", false}, {"9fff", false}, {"9f018202039f0405ffff", false},
    {"9f01820203820405ff", false}, {"83018202039f0405ff", false}, {"83019f0203ff820405", false},
    {"9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", false}, {"bf61610161629f0203ffff", false},
    {"826161bf61626163ff", false}, {"bf6346756ef563416d7421ff", false},
    /* longer than needed */
    {"1800", false}, {"1817", false}, {"190018", false}, {"1900ff", false}, {"1a0000ffff", false}, {"1b00000000ffffffff", false},
    {"5800", false}, {"7800", false}, {"9800", false}, {"b800", false}, {"d80a00", false}, {"f814", false},
    /* keys that do not ascend, twice, or without a value */
    {"a202000100", false}, {"a201000100", false}, {"a10", false}, {"a2616201616102", false}, {"a241ff00616200", true}, {"6100", false},
    {"a21800001700", false},
    /* too short, no UTF-8, reserved */
    {"", false}, {"18", false}, {"19ff", false}, {"4101", true}, {"42ff", false}, {"61ff", false}, {"62c0af", false}, {"1c", false},
    {"1d", false}, {"1e", false}, {"1f", false}, {"ff", false}, {"8201", false}, {"c0", false}, {"5bffffffffffffffff00", false},
    {"9bffffffffffffffff00", false}, {"bbffffffffffffffff0000", false},
    /* six arrays and maps one inside another, and seven; a tag; keys that are no number and no string */
    {"818181818180", true}, {"81818181818180", false}, {"c100", false}, {"a100a100a100a100a100a10000", true},
    {"a100a100a100a100a100a100a0", false}, {"a18000", false}, {"a1f400", false}, {"a12000", true},
};
/* clang-format on */

static wax_bytes bytes_of(const char *digits, uint8_t *room)
{
    size_t size = 0;

    for (; digits[2 * size] != 0 && digits[2 * size + 1] != 0; size++) {
        unsigned byte = 0;

        check_row(digits, sscanf(digits + 2 * size, "%2x", &byte) == 1);
        room[size] = (uint8_t)byte;
    }
    return wax_bytes_of(room, size);
}

static void published_items_are_taken_or_refused(void **state)
{
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(items); i++) {
        const wax_bytes bytes = bytes_of(items[i].digits, room);
        wax_reader in = wax_reader_over(bytes);
        const wax_bytes item = wax_cbor_read_item(&in);

        check_row(items[i].digits, (in.status == WAX_OK) == items[i].is_taken);
        check_row(items[i].digits, item.size == (items[i].is_taken ? bytes.size : 0));
    }
}

static void what_would_be_taken_is_passed_over_whole(void **state)
{
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(items); i++) {
        wax_reader in = wax_reader_over(bytes_of(items[i].digits, room));

        wax_cbor_skip(&in);
        if (items[i].is_taken) {
            check_row(items[i].digits, in.status == WAX_OK && wax_reader_left(&in) == 0);
        }
    }
}

static void what_is_cut_off_is_not_passed_over(void **state)
{
    static const char *const rows[] = {"",     "18",       "4401", "9bffffffffffffffff00",
                                       "8201", "a10102a1", "8280", "bb7fffffffffffffff00",
                                       "a101", "828201",   "c080", "bbffffffffffffffff"};
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_reader in = wax_reader_over(bytes_of(rows[i], room));

        while (in.status == WAX_OK && wax_reader_left(&in) > 0) {
            wax_cbor_skip(&in);
        }
        wax_cbor_skip(&in);
        check_row(rows[i], in.status == WAX_MALFORMED);
    }
}

static void whatever_is_cut_off_is_refused(void **state)
{
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(items); i++) {
        wax_bytes bytes = bytes_of(items[i].digits, room);

        for (; items[i].is_taken && bytes.size > 0;) {
            wax_reader in;

            bytes.size--;
            in = wax_reader_over(bytes);
            (void)wax_cbor_read_item(&in);
            check_row(items[i].digits, in.status == WAX_MALFORMED);
        }
    }
}

static void numbers_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        uint64_t value;
        const char *digits;
    } rows[] = {
        {0,              "00"                },
        {23,             "17"                },
        {24,             "1818"              },
        {255,            "18ff"              },
        {256,            "190100"            },
        {65535,          "19ffff"            },
        {65536,          "1a00010000"        },
        {UINT32_MAX,     "1affffffff"        },
        {1ULL << 32,     "1b0000000100000000"},
        {UINT64_MAX,     "1bffffffffffffffff"},
        {1000000000000U, "1b000000e8d4a51000"},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint8_t room[16];
        uint8_t wanted[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_reader in;

        wax_cbor_write_number(&out, rows[i].value);
        check_row(rows[i].digits,
                  wax_bytes_equal(wax_writer_bytes(&out), bytes_of(rows[i].digits, wanted)));
        in = wax_reader_over(wax_writer_bytes(&out));
        check_row(rows[i].digits, wax_cbor_read_number(&in) == rows[i].value);
        check_row(rows[i].digits, in.status == WAX_OK && wax_reader_left(&in) == 0);
    }
}

static void every_kind_comes_back_as_it_was_written(void **state)
{
    static const char wanted[] = "a20183f5f443010203026361c3bc";
    uint8_t room[64];
    uint8_t expected[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_reader in;

    (void)state;
    wax_cbor_write_map(&out, 2);
    wax_cbor_write_number(&out, 1);
    wax_cbor_write_array(&out, 3);
    wax_cbor_write_bool(&out, true);
    wax_cbor_write_bool(&out, false);
    wax_cbor_write_bytes(&out, wax_bytes_of("\1\2\3", 3));
    wax_cbor_write_number(&out, 2);
    wax_cbor_write_text(&out, WAX_TEXT("aü"));
    assert_true(wax_bytes_equal(wax_writer_bytes(&out), bytes_of(wanted, expected)));
    in = wax_reader_over(wax_writer_bytes(&out));
    assert_int_equal(wax_cbor_peek(&in), WAX_CBOR_MAP);
    assert_int_equal(wax_cbor_read_map(&in), 2);
    assert_int_equal(wax_cbor_read_number(&in), 1);
    assert_int_equal(wax_cbor_read_array(&in), 3);
    assert_true(wax_cbor_read_bool(&in));
    assert_false(wax_cbor_read_bool(&in));
    assert_true(wax_bytes_equal(wax_cbor_read_bytes(&in), wax_bytes_of("\1\2\3", 3)));
    assert_int_equal(wax_cbor_read_number(&in), 2);
    assert_true(wax_bytes_equal(wax_cbor_read_text(&in), WAX_TEXT("aü")));
    assert_int_equal(in.status, WAX_OK);
    assert_int_equal(wax_reader_left(&in), 0);
    assert_int_equal(wax_cbor_peek(&in), WAX_CBOR_SIMPLE);
}

static void another_kind_than_asked_for_is_refused_and_gives_nothing(void **state)
{
    const wax_bytes text = wax_bytes_of("\x63"
                                        "abc",
                                        4);
    const wax_bytes null = wax_bytes_of("\xf6", 1);
    wax_reader in = wax_reader_over(text);

    (void)state;
    assert_int_equal(wax_cbor_read_bytes(&in).size, 0);
    assert_int_equal(in.status, WAX_MALFORMED);
    in = wax_reader_over(text);
    assert_int_equal(wax_cbor_read_number(&in), 0);
    assert_int_equal(in.status, WAX_MALFORMED);
    in = wax_reader_over(text);
    assert_int_equal(wax_cbor_read_array(&in), 0);
    assert_int_equal(in.status, WAX_MALFORMED);
    in = wax_reader_over(null);
    assert_false(wax_cbor_read_bool(&in));
    assert_int_equal(in.status, WAX_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_items_are_taken_or_refused),
        cmocka_unit_test(what_would_be_taken_is_passed_over_whole),
        cmocka_unit_test(what_is_cut_off_is_not_passed_over),
        cmocka_unit_test(whatever_is_cut_off_is_refused),
        cmocka_unit_test(numbers_are_written_in_their_shortest_form),
        cmocka_unit_test(every_kind_comes_back_as_it_was_written),
        cmocka_unit_test(another_kind_than_asked_for_is_refused_and_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
