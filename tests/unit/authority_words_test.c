/* The words of rules, and versions. */
#include "../authority_check.h"

#include "authority/versions.h"

static struct farm farm;

static wax_status add(const char *name, const char *when, const char *deed)
{
    const wax_authority_rule rule = {.name = wax_bytes_of_text(name),
                                     .when = wax_bytes_of_text(when),
                                     .act = wax_bytes_of_text(deed)};

    return wax_authority_add_rule(farm.authority, &farm.deed, &rule);
}

static void words_that_make_no_rule_are_refused_with_reasons(void **state)
{
    static const struct {
        const char *when;
        const char *act;
        const char *fault;
    } rows[] = {
        {"",                           "notify",  "1 to 64 bytes"    },
        {"sometimes",                  "notify",  "no such condition"},
        {"every",                      "rotate",  "comes a time"     },
        {"every 0",                    "rotate",  "comes a time"     },
        {"every 7w",                   "rotate",  "comes a time"     },
        {"every 99999d",               "rotate",  "comes a time"     },
        {"every 99999999999999999999", "rotate",  "comes a time"     },
        {"messages -1",                "rotate",  "comes a number"   },
        {"messages 0",                 "rotate",  "comes a number"   },
        {"bytes 10x",                  "rotate",  "comes a number"   },
        {"join lamp",                  "rotate",  "stand alone"      },
        {"firmware newest",            "notify",  "comes the lowest" },
        {"silent 1h",                  "shout",   "no such action"   },
        {"alarm 3",                    "evict",   "attacker"         },
        {"alarm 3",                    "suspend", "attacker"         },
        {"leave",                      "evict",   "no device here"   },
        {"every 1h",                   "suspend", "no device here"   },
    };
    static const char *const limits[] = {"0/day", "3", "3/", "/day", "3/0", "3/week", "-1/day"};
    wax_authority_rule rule = {
        .name = WAX_TEXT("x"), .when = WAX_TEXT("join"), .act = WAX_TEXT("notify")};

    (void)state;
    farm_begin(&farm, 17);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        check_row(rows[i].when, add("x", rows[i].when, rows[i].act) == WAX_INVALID);
        check_row(wax_authority_fault(farm.authority),
                  strstr(wax_authority_fault(farm.authority), rows[i].fault) != NULL);
    }
    for (size_t i = 0; i < WAX_COUNT(limits); i++) {
        rule.at_most = wax_bytes_of_text(limits[i]);
        check_row(limits[i],
                  wax_authority_add_rule(farm.authority, &farm.deed, &rule) == WAX_INVALID);
    }
    rule.at_most = WAX_TEXT("20/15m");
    rule.devices = WAX_TEXT("*a*b*c*d*e*f*g*h*");
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_INVALID);
    rule.when = WAX_TEXT("every 1h");
    rule.devices = WAX_TEXT("lamp");
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_INVALID);
    rule.devices = WAX_TEXT("");
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_OK);
    farm_end(&farm);
}

/* What is shown to people later, line by line. */
static void names_have_no_control_characters(void **state)
{
    static const char *const rows[] = {"a\nb",      "\t",        "\x1b[2J", "a\x7f",
                                       "a\xc2\x80", "a\xc2\x9f", "\xff"};
    const wax_bytes good = WAX_TEXT("all/\xc2\xa0\xc3\xa9");
    uint8_t id[WAX_KEYS_ID_SIZE];
    wax_authority_group group = {
        .suite = 1, .group_class = 1, .tag_size = 16, .kept = 2, .filter_count = 1};
    wax_authority_rule rule = {.when = WAX_TEXT("join"), .act = WAX_TEXT("notify")};

    (void)state;
    farm_begin(&farm, 19);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_bytes bad = wax_bytes_of_text(rows[i]);

        group.name = bad;
        group.filters = &good;
        check_deed(&farm, wax_authority_add_group(farm.authority, &farm.deed, &group, id),
                   WAX_INVALID);
        group.name = good;
        group.filters = &bad;
        check_deed(&farm, wax_authority_add_group(farm.authority, &farm.deed, &group, id),
                   WAX_INVALID);
        rule.name = bad;
        rule.groups = good;
        rule.devices = good;
        check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_INVALID);
        rule.name = good;
        rule.groups = bad;
        check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_INVALID);
        rule.groups = good;
        rule.devices = bad;
        check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_INVALID);
    }
    group.filters = &good;
    rule.devices = good;
    check_deed(&farm, wax_authority_add_group(farm.authority, &farm.deed, &group, id), WAX_OK);
    check_deed(&farm, wax_authority_add_rule(farm.authority, &farm.deed, &rule), WAX_OK);
    farm_end(&farm);
}

static void versions_are_compared_number_by_number(void **state)
{
    /* The first is older than the second. */
    static const char *const older[][2] = {
        {"1.2.3",    "1.2.4"                    },
        {"1.9",      "1.10"                     },
        {"1.2",      "1.2.1"                    },
        {"wax 0.9",  "1"                        },
        {"v2.0-rc1", "2.0"                      },
        {"",         "0.1"                      },
        {"none",     "0"                        },
        {"1.2",      "99999999999999999999999.1"},
    };
    static const char *const not_older[][2] = {
        {"1.2.3",   "1.2.3"  },
        {"1.2.0",   "1.2"    },
        {"1.2",     "1.2.0"  },
        {"2",       "1.99.99"},
        {"2.0",     "2.0-rc1"},
        {"v1.2.3",  "1.2.3"  },
        {"2.0-rc1", "2.0-rc2"},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(older); i++) {
        check_row(older[i][0],
                  version_is_older(wax_bytes_of_text(older[i][0]), wax_bytes_of_text(older[i][1])));
    }
    for (size_t i = 0; i < WAX_COUNT(not_older); i++) {
        check_row(not_older[i][0], !version_is_older(wax_bytes_of_text(not_older[i][0]),
                                                     wax_bytes_of_text(not_older[i][1])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_make_no_rule_are_refused_with_reasons),
        cmocka_unit_test(names_have_no_control_characters),
        cmocka_unit_test(versions_are_compared_number_by_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
