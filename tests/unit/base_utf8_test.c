/* Well-formed and ill-formed UTF-8. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    const char *bytes;
    size_t size;
    bool valid;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
    {"nothing",                                             BYTES(""),                                     true },
    {"plain ASCII, longer than eight",                      BYTES("the quick brown fox"),                  true },
    {"two, three and four bytes",                           BYTES("\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92"), true },
    {"U+FEFF is a character like any other [MQTT-1.5.4-3]", BYTES("\xef\xbb\xbf"),                         true },
    {"U+0000 [MQTT-1.5.4-2]",                               BYTES("a\0b"),                                 false},
    {"U+0000 among eight [MQTT-1.5.4-2]",                   BYTES("abcdefg\0ijkl"),                        false},
    {"U+0000 behind eight [MQTT-1.5.4-2]",                  BYTES("abcdefgh\0"),                           false},
    {"U+0000 behind eight, not last [MQTT-1.5.4-2]",        BYTES("abcdefghi\0jkl"),                       false},
    {"two bytes behind eight",                              BYTES("abcdefgh\xc3\xa9"),                     true },
    {"a surrogate [MQTT-1.5.4-1]",                          BYTES("\xed\xa0\x80"),                         false},
    {"the last surrogate [MQTT-1.5.4-1]",                   BYTES("\xed\xbf\xbf"),                         false},
    {"just below the surrogates",                           BYTES("\xed\x9f\xbf"),                         true },
    {"overlong in two bytes",                               BYTES("\xc1\xbf"),                             false},
    {"overlong in three bytes",                             BYTES("\xe0\x9f\xbf"),                         false},
    {"overlong in four bytes",                              BYTES("\xf0\x8f\xbf\xbf"),                     false},
    {"above U+10FFFF",                                      BYTES("\xf4\x90\x80\x80"),                     false},
    {"a continuation alone",                                BYTES("\x80"),                                 false},
    {"cut after one of two",                                BYTES("abcdefgh\xc3"),                         false},
    {"cut after three of four",                             BYTES("\xf0\x9f\x94"),                         false},
    {"a fifth byte's mark",                                 BYTES("\xf8\x88\x80\x80\x80"),                 false},
};

static void utf8_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        bool valid = wax_utf8_is_valid(wax_bytes_of(rows[i].bytes, rows[i].size));
        check_row(rows[i].name, valid == rows[i].valid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
