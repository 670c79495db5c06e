/* ACL files: what they mean, and what is wrong with them. */
#include "../access_memory.h"
#include "../check.h"

#include "access/access.h"

/* One question to one file. `user` NULL is anonymous. */
struct judge_row {
    const char *name;
    const char *file; /* NULL: no ACL file */
    const char *user;
    const char *client_id;
    wax_action action;
    const char *topic;
    bool is_allowed;
    size_t line;
};

#define READ  WAX_ACTION_READ
#define WRITE WAX_ACTION_WRITE

/* clang-format off */
static const struct judge_row judge_rows[] = {
    {"no file allows all",                    NULL,                                     "u",  "c", WRITE, "t",       true,  0},
    {"an empty file denies all",              "",                                       "u",  "c", READ,  "t",       false, 0},
    {"comments alone deny all",               "# a\n\n#b\r\n",                          "u",  "c", READ,  "t",       false, 0},
    {"first lines are the anonymous'",        "topic t\n",                              NULL, "c", READ,  "t",       true,  1},
    {"first lines are not a named user's",    "topic t\n",                              "u",  "c", READ,  "t",       false, 0},
    {"nor of one whose name is empty",        "topic t\n",                              "",   "c", READ,  "t",       false, 0},
    {"a user's lines are not the anonymous'", "user u\ntopic t\n",                      NULL, "c", READ,  "t",       false, 0},
    {"no access word is readwrite",           "user u\ntopic t\n",                      "u",  "c", WRITE, "t",       true,  2},
    {"readwrite",                             "user u\ntopic readwrite t\n",            "u",  "c", WRITE, "t",       true,  2},
    {"read is not write",                     "user u\ntopic read t\n",                 "u",  "c", WRITE, "t",       false, 0},
    {"read",                                  "user u\ntopic read t\n",                 "u",  "c", READ,  "t",       true,  2},
    {"write is not read",                     "user u\ntopic write t\n",                "u",  "c", READ,  "t",       false, 0},
    {"write",                                 "user u\ntopic write t\n",                "u",  "c", WRITE, "t",       true,  2},
    {"deny comes first wherever it stands",   "user u\ntopic #\ntopic deny t\n",        "u",  "c", READ,  "t",       false, 3},
    {"deny denies no more than it says",      "user u\ntopic #\ntopic deny t\n",        "u",  "c", READ,  "s",       true,  2},
    {"another user",                          "user u\ntopic t\nuser v\ntopic s\n",     "v",  "c", READ,  "t",       false, 0},
    {"a user in two places",                  "user u\ntopic t\nuser v\nuser u\ntopic s\n", "u", "c", READ, "t",    true,  2},
    {"a user in two places, the second",      "user u\ntopic t\nuser v\nuser u\ntopic s\n", "u", "c", READ, "s",    true,  5},
    {"a name with a blank",                   "user a b\ntopic t\n",                    "a b","c", READ,  "t",       true,  2},
    {"a filter with a blank",                 "user u\ntopic read a b\n",               "u",  "c", READ,  "a b",     true,  2},
    {"a filter called read",                  "user u\ntopic read read\n",              "u",  "c", READ,  "read",    true,  2},
    {"blanks and CRLF around",                "  user  u \r\n\ttopic   read\tt \r\n",   "u",  "c", READ,  "t",       true,  2},
    {"no newline at the end",                 "user u\ntopic t",                        "u",  "c", READ,  "t",       true,  2},
    {"a byte order mark",                     "\xef\xbb\xbftopic t\n",                  NULL, "c", READ,  "t",       true,  1},
    {"%c is the client id",                   "pattern s/%c/#\n",                       NULL, "c", READ,  "s/c/x",   true,  1},
    {"%c is no other client id",              "pattern s/%c/#\n",                       NULL, "c", READ,  "s/d/x",   false, 0},
    {"%c is not the start of a client id",    "pattern s/%c/#\n",                       NULL, "c", READ,  "s/cd/x",  false, 0},
    {"%u is the user",                        "pattern s/%u/#\n",                       "u",  "c", READ,  "s/u",     true,  1},
    {"%u says nothing about the anonymous",   "pattern deny s/%u\npattern s/#\n",       NULL, "c", READ,  "s/%u",    true,  2},
    {"names within a level",                  "pattern s/a%c-%ub\n",                    "u",  "c", READ,  "s/ac-ub", true,  1},
    {"patterns hold after a user line",       "user u\npattern s/%c\n",                 "v",  "c", READ,  "s/c",     true,  2},
    {"a pattern without a placeholder",       "pattern s\n",                            "v",  "c", READ,  "s",       true,  1},
    {"%c in a topic line is text",            "user u\ntopic s/%c\n",                   "u",  "c", READ,  "s/c",     false, 0},
    {"a pattern's deny comes first",          "pattern #\npattern deny s/%c\n",         "u",  "c", READ,  "s/c",     false, 2},
    {"a user's grant beats a pattern's deny", "pattern deny #\nuser u\ntopic t\n",      "u",  "c", READ,  "t",       true,  3},
    {"a user's deny beats a pattern's grant", "pattern #\nuser u\ntopic deny t\n",      "u",  "c", READ,  "t",       false, 3},
    {"an empty client id",                    "pattern s/%c/x\n",                       "u",  "",  READ,  "s//x",    true,  1},
    {"# in a client id does not widen",       "pattern s/%c\n",                         "u",  "#", READ,  "s/x",     false, 0},
    {"+ in a client id does not widen",       "pattern s/%c\n",                         "u",  "+", READ,  "s/x",     false, 0},
    {"+ in a user name does not widen",       "pattern s/%u\n",                         "+",  "c", READ,  "s/x",     false, 0},
    {"nor reaches its own wildcard",          "pattern s/%c\n",                         "u",  "#", READ,  "s/#",     false, 0},
    {"/ in a client id does not reach over",  "pattern s/%c/#\n",                       "u",  "a/b", READ,"s/a/b",   false, 0},
    {"own lines still hold for an odd name",  "user #\ntopic t\n",                      "#",  "c", READ,  "t",       true,  2},
    {"# does not reach $SYS",                 "user u\ntopic #\n",                      "u",  "c", READ,  "$SYS/a",  false, 0},
    {"a line for $SYS does",                  "user u\ntopic $SYS/#\n",                 "u",  "c", READ,  "$SYS/a",  true,  2},
    {"a client id of $SYS does not",          "pattern %c/#\n",                         "u",  "$SYS", READ, "$SYS/a", false, 0},
    {"nobody writes to $SYS",                 "user u\ntopic $SYS/#\n",                 "u",  "c", WRITE, "$SYS/a",  false, 0},
    {"nobody writes to $SYS without a file",  NULL,                                     "u",  "c", WRITE, "$SYS/a",  false, 0},
    {"nor to $SYS itself",                    NULL,                                     "u",  "c", WRITE, "$SYS",    false, 0},
    {"$SYSTEM is not $SYS",                   NULL,                                     "u",  "c", WRITE, "$SYSTEM", true,  0},
    {"a bridge tells its state",              "pattern write $SYS/broker/connection/%c/state\n", "u", "c", WRITE, "$SYS/broker/connection/c/state", true, 1},
    {"but not another's",                     "pattern write $SYS/broker/connection/%c/state\n", "u", "c", WRITE, "$SYS/broker/connection/d/state", false, 0},
    {"all read $SYS without a file",          NULL,                                     "u",  "c", READ,  "$SYS/a",  true,  0},
    {"$CONTROL wants a file",                 NULL,                                     "u",  "c", WRITE, "$CONTROL/x", false, 0},
    {"$CONTROL wants a file to read, too",    NULL,                                     "u",  "c", READ,  "$CONTROL/x", false, 0},
    {"$CONTROL wants its own line",           "user u\ntopic #\n",                      "u",  "c", WRITE, "$CONTROL/x", false, 0},
    {"$CONTROL with its own line",            "user u\ntopic $CONTROL/#\n",             "u",  "c", WRITE, "$CONTROL/x", true, 2},
    {"$share is no topic",                    NULL,                                     "u",  "c", WRITE, "$share/g/t", false, 0},
    {"an empty topic is nobody's",            NULL,                                     "u",  "c", WRITE, "",        false, 0},
};
/* clang-format on */

/* Reads a good file. */
static wax_rules rules_of(struct test_memory *memory, const char *file)
{
    wax_rules rules;
    wax_access_fault fault;

    assert_int_equal(wax_rules_parse(&rules, &memory->memory, wax_bytes_of_text(file), &fault),
                     WAX_OK);
    return rules;
}

static wax_access_identity identity_of(const char *user, const char *client_id)
{
    return (wax_access_identity){wax_bytes_of_text(user), user != NULL,
                                 wax_bytes_of_text(client_id)};
}

static void rules_are_applied(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(judge_rows); i++) {
        const struct judge_row *row = &judge_rows[i];
        struct test_memory memory = test_memory_open();
        wax_rules rules = rules_of(&memory, row->file);
        wax_access_identity identity = identity_of(row->user, row->client_id);
        wax_access access = wax_rules_for(row->file == NULL ? NULL : &rules, &identity);
        size_t line = 99;

        check_row(row->name, wax_access_judge(&access, row->action, wax_bytes_of_text(row->topic),
                                              &line) == row->is_allowed);
        check_row(row->name, line == row->line);
        wax_rules_close(&rules);
        check_row(row->name, memory.in_use == 0);
    }
}

struct subscribe_row {
    const char *name;
    const char *file;
    const char *filter;
    bool may_subscribe;
};

/* clang-format off */
static const struct subscribe_row subscribe_rows[] = {
    {"no file",                                  NULL,                                       "#",       true },
    {"an empty file",                            "",                                         "#",       false},
    {"a part of what is granted",                "user u\ntopic a/#\n",                       "a/b",     true },
    {"more than what is granted",                "user u\ntopic a/b\n",                       "#",       true },
    {"beside what is granted",                   "user u\ntopic a/#\n",                       "b/#",     false},
    {"what may be written only",                 "user u\ntopic write a/#\n",                 "a/#",     false},
    {"what is denied as a whole",                "user u\ntopic #\ntopic deny a/#\n",         "a/+",     false},
    {"what is denied in part",                   "user u\ntopic #\ntopic deny a/#\n",         "#",       true },
    {"a user's deny beats a pattern",            "pattern #\nuser u\ntopic deny a\n",         "a",       false},
    {"a user's grant beats a pattern's deny",    "pattern deny #\nuser u\ntopic a\n",         "a",       true },
    {"a pattern's deny",                         "pattern #\npattern deny s/%c/#\n",          "s/c/+",   false},
    {"a pattern",                                "pattern s/%c/+\n",                          "s/+/x",   true },
    {"a pattern for others",                     "pattern s/%c/+\n",                          "s/d/+",   false},
    {"# does not ask for $SYS",                  "user u\ntopic $SYS/#\n",                    "#",       false},
    {"$SYS",                                     "user u\ntopic $SYS/#\n",                    "$SYS/+",  true },
    {"$CONTROL without a file",                  NULL,                                        "$CONTROL/#", false},
    {"$share that nobody stripped",              NULL,                                        "$share/g/#", false},
    {"anonymous lines for a named user",         "topic #\n",                                 "a",       false},
};
/* clang-format on */

static void subscriptions_need_a_rule_that_could_allow(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(subscribe_rows); i++) {
        const struct subscribe_row *row = &subscribe_rows[i];
        struct test_memory memory = test_memory_open();
        wax_rules rules = rules_of(&memory, row->file);
        wax_access_identity identity = identity_of("u", "c");
        wax_access access = wax_rules_for(row->file == NULL ? NULL : &rules, &identity);

        check_row(row->name, wax_access_may_subscribe(&access, wax_bytes_of_text(row->filter)) ==
                                 row->may_subscribe);
        wax_rules_close(&rules);
    }
}

static void a_name_with_a_dollar_opens_nothing(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_rules rules = rules_of(&memory, "pattern %c/#\n");
    wax_access_identity identity = identity_of("u", "$SYS");
    wax_access access = wax_rules_for(&rules, &identity);

    (void)state;
    assert_false(wax_access_may_subscribe(&access, WAX_TEXT("$SYS/#")));
    assert_false(wax_access_judge(&access, READ, WAX_TEXT("$SYS/a"), NULL));
    wax_rules_close(&rules);
}

struct safe_row {
    const char *name;
    const char *file;
    const char *user;
    const char *client_id;
    bool is_safe;
};

/* clang-format off */
static const struct safe_row safe_rows[] = {
    {"plain names",                            "pattern %c/%u", "u",    "c",   true },
    {"+ in the user name, even without rules", NULL,            "a+b",  "c",   false},
    {"# in the client id, even without rules", NULL,            "u",    "#",   false},
    {"/ without rules",                        NULL,            "a/b",  "c/d", true },
    {"/ in a client id that is put in",        "pattern %c",    "u",    "c/d", false},
    {"/ in a user name that is put in",        "pattern %u",    "a/b",  "c",   false},
    {"/ in a client id that is not put in",    "pattern %u",    "u",    "c/d", true },
    {"/ in a user name that is not put in",    "pattern %c",    "a/b",  "c",   true },
    {"/ with topic lines only",                "topic %c",      "a/b",  "c/d", true },
    {"anonymous",                              "pattern %c",    NULL,   "c",   true },
};
/* clang-format on */

static void names_that_could_widen_a_pattern_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(safe_rows); i++) {
        const struct safe_row *row = &safe_rows[i];
        struct test_memory memory = test_memory_open();
        wax_rules rules = rules_of(&memory, row->file);
        wax_access_identity identity = identity_of(row->user, row->client_id);

        check_row(row->name, wax_identity_is_safe(row->file == NULL ? NULL : &rules, &identity) ==
                                 row->is_safe);
        wax_rules_close(&rules);
    }
}

struct fault_row {
    const char *name;
    const char *file;
    size_t line;
    const char *says; /* part of the text */
};

/* clang-format off */
static const struct fault_row fault_rows[] = {
    {"an unknown word",              "topic a\ntopics b\n",    2, "none of topic"},
    {"a comment behind a rule",      "topic a # b\n",          1, "none of read"},
    {"no filter",                    "topic\n",                1, "missing"},
    {"an access word and no filter", "\n\ntopic deny\n",       3, "missing"},
    {"an unknown access word",       "topic reed a\n",         1, "none of read"},
    {"no user name",                 "user \n",                1, "missing"},
    {"# not at the end",             "topic a/#/b\n",          1, "not valid"},
    {"# not alone [MQTT-4.7.1-1]",   "topic a#\n",             1, "not valid"},
    {"+ not alone [MQTT-4.7.1-2]",   "pattern read a/b+\n",    1, "not valid"},
    {"+ beside a placeholder",       "pattern read a/+%c\n",   1, "not valid"},
    {"not UTF-8",                    "topic \xff\n",           1, "UTF-8"},
};
/* clang-format on */

static void faults_name_the_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(fault_rows); i++) {
        const struct fault_row *row = &fault_rows[i];
        struct test_memory memory = test_memory_open();
        wax_rules rules;
        wax_access_fault fault;

        check_row(row->name, wax_rules_parse(&rules, &memory.memory, wax_bytes_of_text(row->file),
                                             &fault) == WAX_INVALID);
        check_row(row->name, fault.line == row->line);
        check_row(row->name, strstr(fault.text, row->says) != NULL);
        check_row(row->name, memory.in_use == 0);
    }
}

static void a_zero_byte_is_refused(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_rules rules;
    wax_access_fault fault;

    (void)state; /* [MQTT-4.7.3-2] */
    assert_int_equal(wax_rules_parse(&rules, &memory.memory, WAX_TEXT("topic a\0b\n"), &fault),
                     WAX_INVALID);
}

static void a_filter_has_65535_bytes_at_most(void **state)
{
    static char file[6 + 65536 + 1] = "topic ";
    struct test_memory memory = test_memory_open();
    wax_rules rules;
    wax_access_fault fault;

    (void)state; /* [MQTT-4.7.3-1] [MQTT-4.7.3-3] */
    memset(file + 6, 'x', 65536);
    assert_int_equal(wax_rules_parse(&rules, &memory.memory, wax_bytes_of(file, 6 + 65536), &fault),
                     WAX_INVALID);
    assert_int_equal(wax_rules_parse(&rules, &memory.memory, wax_bytes_of(file, 6 + 65535), &fault),
                     WAX_OK);
    wax_rules_close(&rules);
}

static void a_filter_of_32768_levels_costs_no_stack(void **state)
{
    static char topic[65535];
    struct test_memory memory = test_memory_open();
    wax_rules rules = rules_of(&memory, "user u\ntopic +/+/#\n");
    wax_access_identity identity = identity_of("u", "c");
    wax_access access = wax_rules_for(&rules, &identity);

    (void)state;
    memset(topic, '/', sizeof topic);
    assert_true(wax_access_judge(&access, READ, wax_bytes_of(topic, sizeof topic), NULL));
    assert_true(wax_access_may_subscribe(&access, wax_bytes_of(topic, sizeof topic)));
    wax_rules_close(&rules);
}

static void every_failed_allocation_is_survived(void **state)
{
    struct test_memory memory = test_memory_open();
    char file[4096] = "";
    size_t size = 0;
    wax_status status = WAX_FULL;
    wax_access_fault fault;

    (void)state;
    for (int i = 0; i < 40; i++) {
        size += (size_t)snprintf(file + size, sizeof file - size, "user u%d\ntopic t/%d\n", i, i);
    }
    for (memory.fails_at = 1; status == WAX_FULL; memory.fails_at++) {
        wax_rules rules;

        memory.requests = 0;
        status = wax_rules_parse(&rules, &memory.memory, wax_bytes_of(file, size), &fault);
        wax_rules_close(&rules);
        assert_int_equal(memory.in_use, 0);
    }
    assert_int_equal(status, WAX_OK);
    assert_true(memory.fails_at > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_applied),
        cmocka_unit_test(subscriptions_need_a_rule_that_could_allow),
        cmocka_unit_test(a_name_with_a_dollar_opens_nothing),
        cmocka_unit_test(names_that_could_widen_a_pattern_are_told),
        cmocka_unit_test(faults_name_the_line),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(a_filter_has_65535_bytes_at_most),
        cmocka_unit_test(a_filter_of_32768_levels_costs_no_stack),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
