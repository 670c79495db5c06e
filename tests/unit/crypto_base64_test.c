/* Base64 in its one spelling. */
#include "../check.h"

#include "crypto/crypto.h"

struct row {
    const char *name;
    wax_base64 form;
    const char *text;
    const char *bytes; /* NULL: the text is refused */
};

/* clang-format off */
static const struct row rows[] = {
    {"nothing",                        WAX_BASE64_PADDED, "",             ""      },
    {"one byte",                       WAX_BASE64_PADDED, "Zg==",         "f"     },
    {"two bytes",                      WAX_BASE64_PADDED, "Zm8=",         "fo"    },
    {"three bytes",                    WAX_BASE64_PADDED, "Zm9v",         "foo"   },
    {"six bytes",                      WAX_BASE64_PADDED, "Zm9vYmFy",     "foobar"},
    {"the last two letters",           WAX_BASE64_PADDED, "+/+/",         "\xfb\xff\xbf"},
    {"one byte, bare",                 WAX_BASE64_BARE,   "Zg",           "f"     },
    {"two bytes, bare",                WAX_BASE64_BARE,   "Zm8",          "fo"    },
    {"padding where none belongs",     WAX_BASE64_BARE,   "Zg==",         NULL    },
    {"padding missing",                WAX_BASE64_PADDED, "Zg",           NULL    },
    {"one '=' missing",                WAX_BASE64_PADDED, "Zg=",          NULL    },
    {"three '='",                      WAX_BASE64_PADDED, "Z===",         NULL    },
    {"only '='",                       WAX_BASE64_PADDED, "====",         NULL    },
    {"'=' in the middle",              WAX_BASE64_PADDED, "Zg==Zg==",     NULL    },
    {"bits left over after one byte",  WAX_BASE64_PADDED, "Zh==",         NULL    },
    {"bits left over after two bytes", WAX_BASE64_PADDED, "Zm9=",         NULL    },
    {"a blank",                        WAX_BASE64_PADDED, "Zm9v ",        NULL    },
    {"a line break inside",            WAX_BASE64_PADDED, "Zm9v\nYmFy",   NULL    },
    {"the alphabet of URLs",           WAX_BASE64_PADDED, "-_-_",         NULL    },
    {"that alphabet, where it belongs", WAX_BASE64_URL,   "-_-_",         "\xfb\xff\xbf"},
    {"the usual one there",            WAX_BASE64_URL,    "+/+/",         NULL    },
    {"padding there",                  WAX_BASE64_URL,    "Zg==",         NULL    },
    {"a lone character",               WAX_BASE64_BARE,   "Z",            NULL    },
};
/* clang-format on */

static void text_has_one_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint8_t room[32];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_status status =
            wax_crypto_base64_read(&out, wax_bytes_of_text(rows[i].text), rows[i].form);

        check_row(rows[i].name, status == (rows[i].bytes == NULL ? WAX_MALFORMED : WAX_OK));
        check_row(rows[i].name,
                  wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of_text(rows[i].bytes)));
    }
}

static void bytes_have_one_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint8_t room[32];
        wax_writer out = wax_writer_over(room, sizeof room);

        if (rows[i].bytes != NULL) {
            wax_crypto_base64_write(&out, wax_bytes_of_text(rows[i].bytes), rows[i].form);
            check_row(rows[i].name, out.status == WAX_OK);
            check_row(rows[i].name,
                      wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of_text(rows[i].text)));
        }
    }
}

static void too_little_room_is_said(void **state)
{
    uint8_t room[5];
    wax_writer out = wax_writer_over(room, sizeof room);

    (void)state;
    assert_int_equal(wax_crypto_base64_read(&out, WAX_TEXT("Zm9vYmFy"), WAX_BASE64_PADDED),
                     WAX_FULL);
    out = wax_writer_over(room, sizeof room);
    wax_crypto_base64_write(&out, WAX_TEXT("foobar"), WAX_BASE64_PADDED);
    assert_int_equal(out.status, WAX_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_one_meaning),
        cmocka_unit_test(bytes_have_one_text),
        cmocka_unit_test(too_little_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
