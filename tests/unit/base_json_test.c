/* The writer of JSON text. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    const char *text;
    size_t size;
    const char *wanted;
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct row texts[] = {
    {"plain text",                             BYTES("abc d"),                "\"abc d\""                    },
    {"nothing",                                BYTES(""),                     "\"\""                         },
    {"quote and backslash",                    BYTES("a\"b\\c"),              "\"a\\\"b\\\\c\""              },
    {"control characters keep their line",     BYTES("a\nb\x01\x7f"),         "\"a\\u000ab\\u0001\\u007f\""  },
    {"a zero",                                 BYTES("a\0b"),                 "\"a\\u0000b\""                },
    {"two, three and four bytes go through",   BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {"what is no UTF-8 is replaced",           BYTES("a\xff" "b"),            "\"a\xef\xbf\xbd" "b\""        },
    {"a character that is cut is replaced",    BYTES("a\xe2\x82"),            "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    {"a surrogate is replaced byte by byte",   BYTES("\xed\xa0\x80"),         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};
/* clang-format on */

static void texts_stay_within_their_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(texts); i++) {
        uint8_t room[64];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_json json = wax_json_over(&out);

        wax_json_text(&json, wax_bytes_of(texts[i].text, texts[i].size));
        check_row(texts[i].name,
                  out.status == WAX_OK &&
                      wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of_text(texts[i].wanted)));
    }
}

static void write_nested(wax_writer *out)
{
    wax_json json = wax_json_over(out);

    wax_json_open(&json, '{');
    wax_json_member_number(&json, "least", 0);
    wax_json_member_number(&json, "most", UINT64_MAX);
    wax_json_name(&json, "list");
    wax_json_open(&json, '[');
    wax_json_bool(&json, true);
    wax_json_open(&json, '{');
    wax_json_close(&json, '}');
    wax_json_close(&json, ']');
    wax_json_member_bool(&json, "no", false);
    wax_json_member_text(&json, "text", WAX_TEXT("x"));
    wax_json_close(&json, '}');
}

static void commas_stand_between_values(void **state)
{
    const char wanted[] = "{\"least\":0,\"most\":18446744073709551615,\"list\":[true,{}],"
                          "\"no\":false,\"text\":\"x\"}";
    uint8_t room[128];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    write_nested(&out);
    check_row("nested", wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of_text(wanted)));
    for (size_t size = 0; size < sizeof wanted - 1; size++) {
        out = wax_writer_over(room, size);
        write_nested(&out);
        check_row("no room", out.status == WAX_FULL && out.used <= size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stay_within_their_quotes),
        cmocka_unit_test(commas_stand_between_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
