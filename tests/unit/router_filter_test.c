/* Which topics, filters and shared filters are well formed. */
#include "router_check.h"

struct row {
    const char *name;
    const char *bytes;
    size_t size;
    bool valid;
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct row topics[] = {
    {"one character",                                  BYTES("a"),       true },
    {"a slash alone: two empty levels",                BYTES("/"),       true },
    {"empty levels and spaces",                        BYTES("a// b/"),  true },
    {"a first dollar",                                 BYTES("$SYS/x"),  true },
    {"nothing [MQTT-4.7.3-1]",                         BYTES(""),        false},
    {"a plus level [MQTT-4.7.0-1] [MQTT-3.3.2-2]",     BYTES("a/+"),     false},
    {"a plus in a level [MQTT-4.7.0-1]",               BYTES("a+"),      false},
    {"a number sign [MQTT-4.7.0-1]",                   BYTES("#"),       false},
    {"U+0000 [MQTT-4.7.3-2]",                          BYTES("a\0b"),    false},
};

static const struct row filters[] = {
    {"no wildcard",                                    BYTES("a/b"),     true },
    {"# on its own",                                   BYTES("#"),       true },
    {"# after a slash",                                BYTES("a/b/#"),   true },
    {"# after a first slash",                          BYTES("/#"),      true },
    {"+ on its own",                                   BYTES("+"),       true },
    {"+ first, between and last",                      BYTES("+/a/+/+"), true },
    {"+ and #",                                        BYTES("+/#"),     true },
    {"+ beside empty levels",                          BYTES("/+/"),     true },
    {"nothing [MQTT-4.7.3-1]",                         BYTES(""),        false},
    {"# not last [MQTT-4.7.1-1]",                      BYTES("a/#/b"),   false},
    {"# before a last slash [MQTT-4.7.1-1]",           BYTES("#/"),      false},
    {"# behind a character [MQTT-4.7.1-1]",            BYTES("a/b#"),    false},
    {"two # [MQTT-4.7.1-1]",                           BYTES("##"),      false},
    {"+ behind a character [MQTT-4.7.1-2]",            BYTES("a+"),      false},
    {"+ before a character [MQTT-4.7.1-2]",            BYTES("+a/b"),    false},
    {"two + [MQTT-4.7.1-2]",                           BYTES("a/++"),    false},
    {"+ before # in one level [MQTT-4.7.1-2]",         BYTES("+#"),      false},
    {"U+0000 [MQTT-4.7.3-2]",                          BYTES("a/\0"),    false},
};

static const struct {
    const char *name;
    const char *filter;
    const char *share_name; /* NULL: WAX_BAD_FILTER */
    const char *rest;
} shared[] = {
    {"not shared",                                     "a/b",            "",     "a/b" },
    {"another dollar",                                 "$SYS/a/b",       "",     "$SYS/a/b" },
    {"$share without a slash is a filter",             "$share",         "",     "$share" },
    {"$shared is another word",                        "$shared/g/a",    "",     "$shared/g/a" },
    {"shared",                                         "$share/g/a/b",   "g",    "a/b" },
    {"shared, everything",                             "$share/g/#",     "g",    "#" },
    {"shared, an empty first level",                   "$share/g//a",    "g",    "/a" },
    {"shared, a dollar",                               "$share/g/$SYS",  "g",    "$SYS" },
    {"no name [MQTT-4.8.2-1]",                         "$share/",        NULL,   NULL },
    {"an empty name [MQTT-4.8.2-1]",                   "$share//a",      NULL,   NULL },
    {"no filter [MQTT-4.8.2-1]",                       "$share/g",       NULL,   NULL },
    {"an empty filter [MQTT-4.8.2-1]",                 "$share/g/",      NULL,   NULL },
    {"+ in the name [MQTT-4.8.2-2]",                   "$share/+/a",     NULL,   NULL },
    {"# in the name [MQTT-4.8.2-2]",                   "$share/g#/a",    NULL,   NULL },
    {"a bad filter behind [MQTT-4.7.1-1]",             "$share/g/a#",    NULL,   NULL },
};
/* clang-format on */

static void topics_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        wax_bytes topic = wax_bytes_of(topics[i].bytes, topics[i].size);
        check_row(topics[i].name, wax_topic_is_valid(topic) == topics[i].valid);
    }
}

static void filters_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(filters); i++) {
        wax_bytes filter = wax_bytes_of(filters[i].bytes, filters[i].size);
        check_row(filters[i].name, wax_filter_is_valid(filter) == filters[i].valid);
    }
}

/* [MQTT-4.7.3-3] */
static void size_is_limited(void **state)
{
    static char longest[65536];

    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_true(wax_topic_is_valid(wax_bytes_of(longest, 65535)));
    assert_true(wax_filter_is_valid(wax_bytes_of(longest, 65535)));
    assert_false(wax_topic_is_valid(wax_bytes_of(longest, 65536)));
    assert_false(wax_filter_is_valid(wax_bytes_of(longest, 65536)));
}

static void levels_are_counted(void **state)
{
    (void)state;
    assert_int_equal(wax_filter_level_count(WAX_TEXT("a")), 1);
    assert_int_equal(wax_filter_level_count(WAX_TEXT("/")), 2);
    assert_int_equal(wax_filter_level_count(WAX_TEXT("a/+/#")), 3);
}

static void shared_filters_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(shared); i++) {
        wax_bytes name;
        wax_bytes rest;
        wax_status status =
            wax_filter_split_shared(wax_bytes_of_text(shared[i].filter), &name, &rest);

        check_row(shared[i].name, status == (shared[i].rest != NULL ? WAX_OK : WAX_BAD_FILTER));
        check_row(shared[i].name, wax_bytes_equal(name, wax_bytes_of_text(shared[i].share_name)));
        check_row(shared[i].name, wax_bytes_equal(rest, wax_bytes_of_text(shared[i].rest)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_judged),        cmocka_unit_test(filters_are_judged),
        cmocka_unit_test(size_is_limited),          cmocka_unit_test(levels_are_counted),
        cmocka_unit_test(shared_filters_are_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
