/* Topic filters: what they match, where they meet, what they contain. */
#include "../check.h"

#include "access/access.h"

struct match_row {
    const char *name;
    const char *filter;
    const char *topic;
    bool matches;
};

/* clang-format off */
static const struct match_row match_rows[] = {
    {"the same",                                        "a/b",       "a/b",     true },
    {"letters are compared as they are [MQTT-4.7.3-4]", "a/B",       "a/b",     false},
    {"a slash in front makes a level",                  "/a",        "a",       false},
    {"a slash at the end makes a level",                "a/",        "a",       false},
    {"a longer topic",                                  "a",         "a/b",     false},
    {"a longer filter",                                 "a/b",       "a",       false},
    {"a start is not a level",                          "a/bc",      "a/b",     false},
    {"# all alone",                                     "#",         "a/b/c",   true },
    {"# below",                                         "a/#",       "a/b/c",   true },
    {"# and its parent",                                "a/#",       "a",       true },
    {"# and an empty level",                            "a/#",       "a/",      true },
    {"# not beside",                                    "a/#",       "ab",      false},
    {"# not above",                                     "a/b/#",     "a",       false},
    {"+ one level",                                     "a/+/c",     "a/b/c",   true },
    {"+ an empty level",                                "a/+/c",     "a//c",    true },
    {"+ an empty last level",                           "a/+",       "a/",      true },
    {"+ no missing level",                              "a/+",       "a",       false},
    {"+ not two levels",                                "a/+",       "a/b/c",   false},
    {"+ all alone",                                     "+",         "a",       true },
    {"+ first",                                         "+/b",       "a/b",     true },
    {"+/+ and a slash",                                 "+/+",       "/a",      true },
    {"+ and #",                                         "+/#",       "a",       true },
    {"+ before a parent",                               "a/+/#",     "a/b",     true },
    {"+ before a parent that is missing",               "a/+/#",     "a",       false},
    {"# and a $ topic [MQTT-4.7.2-1]",                  "#",         "$SYS/a",  false},
    {"+ and a $ topic [MQTT-4.7.2-1]",                  "+/a",       "$SYS/a",  false},
    {"a $ filter and a $ topic",                        "$SYS/#",    "$SYS/a",  true },
    {"a $ further down is a letter",                    "a/+",       "a/$b",    true },
    {"%c is text in a plain filter",                    "a/%c",      "a/%c",    true },
};
/* clang-format on */

static void filters_match(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(match_rows); i++) {
        const struct match_row *row = &match_rows[i];

        check_row(row->name, wax_filter_matches(wax_bytes_of_text(row->filter),
                                                wax_bytes_of_text(row->topic)) == row->matches);
    }
}

struct pair_row {
    const char *name;
    const char *one;
    const char *other;
    bool overlaps;
    bool covers;  /* one covers the other */
    bool covered; /* the other covers one */
};

/* clang-format off */
static const struct pair_row pair_rows[] = {
    {"the same",                         "a/b",     "a/b",     true,  true,  true },
    {"different",                        "a/b",     "a/c",     false, false, false},
    {"# and a topic",                    "#",       "a/b",     true,  true,  false},
    {"# and +",                          "#",       "+",       true,  true,  false},
    {"# and a parent",                   "a/#",     "a",       true,  true,  false},
    {"# and an uncle",                   "a/#",     "b",       false, false, false},
    {"# below #",                        "a/#",     "a/b/#",   true,  true,  false},
    {"# beside #",                       "a/#",     "b/#",     false, false, false},
    {"+ and a level",                    "a/+",     "a/b",     true,  true,  false},
    {"+ and two levels",                 "a/+",     "a/b/c",   false, false, false},
    {"+ and #",                          "a/+",     "a/#",     true,  false, true },
    {"crosswise",                        "+/b",     "a/+",     true,  false, false},
    {"crosswise, unlike",                "+/b/c",   "a/+/d",   false, false, false},
    {"+ and an empty level",             "a/+",     "a/",      true,  true,  false},
    {"$ and #",                          "$SYS/#",  "#",       false, false, false},
    {"$ and +",                          "$SYS/a",  "+/a",     false, false, false},
    {"$ and $",                          "$SYS/#",  "$SYS/+",  true,  true,  false},
    {"the parent of /# would be empty",  "/#",      "+",       false, false, false},
    {"+/# is # spelled out",             "+/#",     "#",       true,  true,  true },
    {"a/+/# has no parent a",            "a/+/#",   "a/#",     true,  false, true },
    {"below /#",                         "/#",      "+/+",     true,  false, false},
};
/* clang-format on */

static void filters_meet_and_contain(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(pair_rows); i++) {
        const struct pair_row *row = &pair_rows[i];
        wax_bytes one = wax_bytes_of_text(row->one);
        wax_bytes other = wax_bytes_of_text(row->other);

        check_row(row->name, wax_filter_overlaps(one, other) == row->overlaps);
        check_row(row->name, wax_filter_overlaps(other, one) == row->overlaps);
        check_row(row->name, wax_filter_covers(one, other) == row->covers);
        check_row(row->name, wax_filter_covers(other, one) == row->covered);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_match),
        cmocka_unit_test(filters_meet_and_contain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
