/* Roles at a running authority: every verb, every line of the file. */
#include "../check.h"

#include "tools/keys_order.h"
#include "tools/keys_roles.h"

#include <string.h>

/* What each role may, verb by verb: the least role, and whether it is done over the network. */
static const struct {
    const char *verb;
    bool may[4]; /* nobody, viewer, operator, admin */
    bool is_far;
} rows[] = {
    {"group list",   {false, true, true, true},   true },
    {"group show",   {false, true, true, true},   true },
    {"rule list",    {false, true, true, true},   true },
    {"rule show",    {false, true, true, true},   true },
    {"rule try",     {false, true, true, true},   true },
    {"suspend",      {false, false, true, true},  true },
    {"resume",       {false, false, true, true},  true },
    {"rule add",     {false, false, false, true}, true },
    {"rule enable",  {false, false, false, true}, true },
    {"rule disable", {false, false, false, true}, true },
    {"rule remove",  {false, false, false, true}, true },
    {"status",       {false, true, true, true},   true },
    {"audit",        {false, true, true, true},   true },
    {"public",       {false, true, true, true},   true },
    {"enrol",        {false, false, true, true},  true },
    {"admit",        {false, false, true, true},  true },
    {"confirm",      {false, false, true, true},  true },
    {"grant",        {false, false, true, true},  true },
    {"revoke",       {false, false, true, true},  true },
    {"evict",        {false, false, true, true},  true },
    {"rotate",       {false, false, true, true},  true },
    {"resend",       {false, false, true, true},  true },
    {"acl",          {false, false, true, true},  true },
    {"unblind",      {false, false, true, true},  true },
    {"group add",    {false, false, false, true}, true },
    {"recover",      {false, false, false, true}, true },
    {"export",       {false, false, false, true}, false},
};

static void each_verb_has_its_role(void **state)
{
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const struct keys_right *right = keys_right_of(rows[i].verb);

        assert_non_null(right->verb);
        for (size_t role = 0; role < 4; role++) {
            assert_int_equal(role >= (size_t)right->least, rows[i].may[role]);
        }
        assert_int_equal(right->is_owners, !rows[i].is_far);
    }
    for (const struct keys_right *right = keys_rights; right->verb != NULL; right++) {
        count++;
    }
    assert_int_equal(count, WAX_COUNT(rows));
}

/* Nothing that an authority carries out is without a row, and no row is without a verb. */
static void no_verb_is_forgotten(void **state)
{
    (void)state;
    for (const struct keys_verb *verb = keys_verbs; verb->name != NULL; verb++) {
        const bool has_row = keys_right_of(verb->name)->verb != NULL;

        if (has_row != (verb->run != NULL)) {
            fail_msg("%s", verb->name);
        }
    }
    for (const struct keys_right *right = keys_rights; right->verb != NULL; right++) {
        const struct keys_verb *verb = keys_verbs;

        while (verb->name != NULL && strcmp(verb->name, right->verb) != 0) {
            verb++;
        }
        assert_non_null(verb->name);
    }
}

static void a_verb_without_a_row_takes_all(void **state)
{
    (void)state;
    assert_int_equal(keys_right_of("no such verb")->least, KEYS_ADMIN);
    assert_true(keys_right_of("no such verb")->is_owners);
}

static struct keys_standing standing;
static char fault[200];

static bool find(const char *text, const struct keys_caller *caller)
{
    return keys_roles_find(wax_bytes_of(text, strlen(text)), caller, &standing, fault,
                           sizeof fault);
}

#define DIGITS "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fAB"

static const struct keys_caller anna = {.uid = 1001, .account = "anna"};

static struct keys_caller holder(void)
{
    struct keys_caller caller = {
        .has_certificate = true,
        .common_name = "night shift",
        .names = {"ops.example.org", "ops@example.org"},
        .name_count = 2,
    };

    for (uint8_t i = 0; i < WAX_SHA256_SIZE; i++) {
        caller.key_digest[i] = (uint8_t)(i + 1);
    }
    caller.key_digest[31] = 0xab;
    return caller;
}

static void accounts_are_told_by_name_or_number(void **state)
{
    (void)state;
    assert_true(find("# who\n\noperator user anna\n", &anna));
    assert_int_equal(standing.role, KEYS_OPERATOR);
    assert_string_equal(standing.who, "anna");
    assert_true(find("viewer user 1001", &anna));
    assert_int_equal(standing.role, KEYS_VIEWER);
    assert_string_equal(standing.who, "anna");
    assert_true(find("viewer user ann\nviewer user 100\nviewer user annam\n", &anna));
    assert_int_equal(standing.role, KEYS_NOBODY);
}

static void certificates_are_told_by_what_is_in_them(void **state)
{
    static const struct {
        const char *text;
        enum keys_role role;
        const char *who;
    } cases[] = {
        {"operator cn night shift  \r\n", KEYS_OPERATOR, "cn:night shift"     },
        {"\toperator\tcn\tnight shift",   KEYS_OPERATOR, "cn:night shift"     },
        {"viewer san ops@example.org\n",  KEYS_VIEWER,   "san:ops@example.org"},
        {"admin spki " DIGITS "\n",       KEYS_ADMIN,    "spki:" DIGITS       },
        {"admin cn night\n",              KEYS_NOBODY,   ""                   },
        {"admin cn Night shift\n",        KEYS_NOBODY,   ""                   },
        {"admin san example.org\n",       KEYS_NOBODY,   ""                   },
        {"admin cn ops.example.org\n",    KEYS_NOBODY,   ""                   },
    };
    const struct keys_caller caller = holder();

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(cases); i++) {
        assert_true(find(cases[i].text, &caller));
        assert_int_equal(standing.role, cases[i].role);
        assert_string_equal(standing.who, cases[i].who);
    }
}

static void the_first_line_counts(void **state)
{
    const struct keys_caller caller = holder();

    (void)state;
    assert_true(find("viewer cn night shift\nadmin san ops.example.org\n", &caller));
    assert_int_equal(standing.role, KEYS_VIEWER);
}

/* A certificate may say what it likes: it is no account, and an account is no certificate. */
static void accounts_and_certificates_are_two_things(void **state)
{
    struct keys_caller caller = holder();

    (void)state;
    (void)snprintf(caller.common_name, sizeof caller.common_name, "anna");
    assert_true(find("admin user anna\nadmin user 0\n", &caller));
    assert_int_equal(standing.role, KEYS_NOBODY);
    assert_true(find("admin cn anna\nadmin cn \t\xc3\xa4\n", &anna));
    assert_int_equal(standing.role, KEYS_NOBODY);
}

/* One with no common name has not the empty one. */
static void wrong_lines_are_told_and_nobody_is_let_in(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"owner user anna\n",                                              "line 1: it begins with viewer"},
        {"viewer user anna\nnobody user anna\n",                           "line 2: it begins with viewer"},
        {"viewer account anna\n",                                          "user, cn, san or spki"        },
        {"viewer\n",                                                       "user, cn, san or spki"        },
        {"viewer cn\n",                                                    "a name of 1 to 100 bytes"     },
        {"viewer cn  \n",                                                  "a name of 1 to 100 bytes"     },
        {"viewer cn \xff\n",                                               "a name of 1 to 100 bytes"     },
        {"viewer spki 0102\n",                                             "64 hexadecimal digits"        },
        {"viewer spki " DIGITS "0\n",                                      "64 hexadecimal digits"        },
        {"viewer user anna\nviewer cn 01234567890123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678901234567890\n", "line 2: it ends with"         },
    };
    char line[400];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(cases); i++) {
        assert_false(find(cases[i].text, &anna));
        assert_non_null(strstr(fault, cases[i].words));
        assert_int_equal(standing.role, KEYS_NOBODY);
    }
    memset(line, ' ', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_false(find(line, &anna));
    assert_false(keys_roles_find(wax_bytes_of("viewer user anna\0\n", 18), &anna, &standing, fault,
                                 sizeof fault));
    assert_int_equal(standing.role, KEYS_NOBODY);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_verb_has_its_role),
    cmocka_unit_test(no_verb_is_forgotten),
    cmocka_unit_test(a_verb_without_a_row_takes_all),
    cmocka_unit_test(accounts_are_told_by_name_or_number),
    cmocka_unit_test(certificates_are_told_by_what_is_in_them),
    cmocka_unit_test(the_first_line_counts),
    cmocka_unit_test(accounts_and_certificates_are_two_things),
    cmocka_unit_test(wrong_lines_are_told_and_nobody_is_let_in),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
