/* Hexadecimal. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    const char *text;
    const char *again; /* what is written of the bytes; NULL for what is no hexadecimal */
};

/* clang-format off */
static const struct row rows[] = {
    {"nothing",                        "",           ""          },
    {"every digit",                    "0123456789abcdef", "0123456789abcdef"},
    {"large digits are as good",       "ABCDEFabcdef", "abcdefabcdef"},
    {"an odd number",                  "123",        NULL        },
    {"below the digits",               "1/",         NULL        },
    {"above the digits",               "1:",         NULL        },
    {"below the letters",              "`1",         NULL        },
    {"below the large letters",        "@1",         NULL        },
    {"above the letters",              "g1",         NULL        },
    {"above the large letters",        "G1",         NULL        },
    {"a digit without its fifth bit",  "\x10\x11", NULL        },
    {"a space before",                 " 1",         NULL        },
};
/* clang-format on */

static void text_is_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_bytes text = wax_bytes_of_text(rows[i].text);
        uint8_t bytes[16];
        char again[33];

        check_row(rows[i].name, wax_hex_decode(text, bytes) == (rows[i].again != NULL));
        if (rows[i].again != NULL) {
            wax_hex_encode(wax_bytes_of(bytes, text.size / 2), again);
            check_row(rows[i].name, strcmp(again, rows[i].again) == 0);
        }
    }
}

static void what_is_no_text_changes_nothing(void **state)
{
    uint8_t bytes[2] = {7, 7};

    (void)state;
    assert_false(wax_hex_decode(wax_bytes_of_text("12x4"), bytes));
    assert_int_equal(bytes[0], 7);
    assert_int_equal(bytes[1], 7);
}

static void every_byte_is_itself(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        const uint8_t byte = (uint8_t)value;
        uint8_t text[3];

        wax_hex_encode(wax_bytes_of(&byte, 1), (char *)text);
        assert_true(wax_hex_decode(wax_bytes_of(text, 2), text)); /* where the digits stand */
        assert_int_equal(text[0], value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_and_written),
        cmocka_unit_test(what_is_no_text_changes_nothing),
        cmocka_unit_test(every_byte_is_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
