/* Who fails to log in waits, longer each time; and what is remembered of who did not fail. */
#include "../access_memory.h"
#include "../check.h"

#include "access/access.h"

static const uint64_t key[2] = {1, 2};
static const wax_backoff_rules rules = {
    .free_count = 3,
    .first_ms = 1000,
    .most_ms = 8000,
    .line_ms = 4000,
    .forget_ms = 60000,
    .pending_max = 3,
};

static wax_backoff open_backoff(struct test_memory *memory, size_t count)
{
    wax_backoff backoff;

    assert_int_equal(wax_backoff_open(&backoff, &memory->memory, count, key), WAX_OK);
    return backoff;
}

static void fail_often(wax_backoff *backoff, wax_bytes name, int count, uint64_t now_ms)
{
    for (int i = 0; i < count; i++) {
        wax_backoff_fail(backoff, &rules, name, now_ms);
    }
}

/* One attempt; gives its wait, or UINT32_MAX when it is sent away. */
static uint32_t attempt(wax_backoff *backoff, wax_bytes name, uint64_t now_ms)
{
    uint32_t wait_ms = 0;

    if (wax_backoff_enter(backoff, &rules, name, now_ms, &wait_ms) != WAX_OK) {
        return UINT32_MAX;
    }
    wax_backoff_leave(backoff, name);
    return wait_ms;
}

struct pause_row {
    const char *name;
    int failures;
    uint64_t later_ms;
    uint32_t pause_ms;
};

/* clang-format off */
static const struct pause_row pause_rows[] = {
    {"nobody waits without a failure",  0,   0,     0},
    {"some failures are free",          3,   0,     0},
    {"the first pause",                 4,   0,     1000},
    {"it doubles",                      5,   0,     2000},
    {"and doubles",                     6,   0,     4000},
    {"up to the longest",               7,   0,     8000},
    {"and no further",                  100, 0,     8000},
    {"it lasts while it is remembered", 4,   59999, 1000},
    {"and is forgotten",                4,   60000, 0},
};
/* clang-format on */

static void test_pauses(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(pause_rows); i++) {
        const struct pause_row *row = &pause_rows[i];
        struct test_memory memory = test_memory_open();
        wax_backoff backoff = open_backoff(&memory, 16);

        fail_often(&backoff, WAX_TEXT("a"), row->failures, 5);
        check_row(row->name, wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("a"),
                                                  5 + row->later_ms) == row->pause_ms);
        check_row(row->name, wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("b"), 5) == 0);
        wax_backoff_close(&backoff);
        assert_int_equal(memory.in_use, 0);
    }
}

static void test_attempts_stand_in_a_line(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_backoff backoff = open_backoff(&memory, 16);
    wax_bytes name = WAX_TEXT("a");

    (void)state;
    fail_often(&backoff, name, 4, 100);
    assert_int_equal(attempt(&backoff, name, 100), 1000);
    assert_int_equal(attempt(&backoff, name, 100), 2000);
    assert_int_equal(attempt(&backoff, name, 600), 2500);
    assert_int_equal(attempt(&backoff, name, 600), 3500);
    assert_int_equal(attempt(&backoff, name, 600), UINT32_MAX); /* the line is too long */
    assert_int_equal(attempt(&backoff, name, 5200), 0);         /* it has moved on */
    assert_int_equal(attempt(&backoff, WAX_TEXT("b"), 600), 0);
    wax_backoff_close(&backoff);
}

static void test_only_so_many_are_under_way(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_backoff backoff = open_backoff(&memory, 4);
    uint32_t wait_ms;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wax_backoff_enter(&backoff, &rules, WAX_TEXT("a"), 1, &wait_ms), WAX_OK);
        assert_int_equal(wait_ms, 0);
    }
    assert_int_equal(wax_backoff_enter(&backoff, &rules, WAX_TEXT("a"), 1, &wait_ms),
                     WAX_SERVER_BUSY);
    wax_backoff_leave(&backoff, WAX_TEXT("a"));
    assert_int_equal(wax_backoff_enter(&backoff, &rules, WAX_TEXT("a"), 1, &wait_ms), WAX_OK);
    wax_backoff_close(&backoff);
}

static void test_who_failed_longest_ago_gives_way(void **state)
{
    struct test_memory memory = test_memory_open();
    wax_backoff backoff = open_backoff(&memory, 4);
    uint32_t wait_ms;

    (void)state;
    fail_often(&backoff, WAX_TEXT("a"), 4, 1);
    fail_often(&backoff, WAX_TEXT("b"), 4, 2);
    fail_often(&backoff, WAX_TEXT("c"), 4, 3);
    for (uint64_t i = 0; i < 100; i++) { /* who does not fail takes nobody's place */
        uint8_t name = (uint8_t)i;
        (void)attempt(&backoff, wax_bytes_of(&name, 1), 10 + i);
    }
    assert_int_equal(wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("a"), 50), 1000);
    fail_often(&backoff, WAX_TEXT("dd"), 4, 4);
    fail_often(&backoff, WAX_TEXT("ee"), 4, 5);
    assert_int_equal(wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("a"), 50), 0);
    assert_int_equal(wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("b"), 50), 1000);
    assert_int_equal(wax_backoff_enter(&backoff, &rules, WAX_TEXT("b"), 3000, &wait_ms), WAX_OK);
    fail_often(&backoff, WAX_TEXT("ff"), 4, 5000); /* b is under way and stays */
    wax_backoff_leave(&backoff, WAX_TEXT("b"));
    assert_int_equal(wax_backoff_pause_ms(&backoff, &rules, WAX_TEXT("b"), 5000), 1000);
    wax_backoff_close(&backoff);
}

static void tag_of(const wax_verified *verified, const char *user, const char *stored,
                   const char *password, uint8_t tag[static 32])
{
    const wax_bytes parts[3] = {wax_bytes_of_text(user), wax_bytes_of_text(stored),
                                wax_bytes_of_text(password)};

    assert_int_equal(wax_verified_tag(verified, parts, tag), WAX_OK);
}

static void test_a_password_is_remembered_for_a_while(void **state)
{
    struct test_memory memory = test_memory_open();
    const uint8_t secret[32] = {7};
    wax_verified verified;
    uint8_t tag[32];
    uint8_t other[32];

    (void)state;
    assert_int_equal(wax_verified_open(&verified, &memory.memory, 4, secret), WAX_OK);
    tag_of(&verified, "user", "hash", "password", tag);
    assert_false(wax_verified_has(&verified, tag, 10));
    wax_verified_add(&verified, tag, 10, 20);
    assert_true(wax_verified_has(&verified, tag, 19));
    assert_false(wax_verified_has(&verified, tag, 20));
    assert_false(wax_verified_has(&verified, tag, 19)); /* it was wiped */
    wax_verified_add(&verified, tag, 10, 20);
    for (char i = '0'; i < '4'; i++) {
        const char name[] = {i, '\0'};
        tag_of(&verified, name, "hash", "password", other);
        wax_verified_add(&verified, other, 10, 30);
    }
    assert_false(wax_verified_has(&verified, tag, 10)); /* the oldest gave way */
    assert_true(wax_verified_has(&verified, other, 10));
    wax_verified_close(&verified);
    assert_int_equal(memory.in_use, 0);
}

static void test_a_tag_stands_for_all_three(void **state)
{
    static const char *const rows[][3] = {
        {"user",  "hash",     "passwore"},
        {"user",  "hasi",     "password"},
        {"uses",  "hash",     "password"},
        {"userh", "ash",      "password"},
        {"user",  "hashp",    "assword" },
        {"",      "userhash", "password"},
    };
    struct test_memory memory = test_memory_open();
    const uint8_t secret[32] = {7};
    wax_verified verified;
    uint8_t tag[32];
    uint8_t other[32];

    (void)state;
    assert_int_equal(wax_verified_open(&verified, &memory.memory, 4, secret), WAX_OK);
    tag_of(&verified, "user", "hash", "password", tag);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        tag_of(&verified, rows[i][0], rows[i][1], rows[i][2], other);
        check_row(rows[i][2], memcmp(tag, other, sizeof tag) != 0);
    }
    wax_verified_close(&verified);
}

static void test_without_memory(void **state)
{
    struct test_memory memory = test_memory_open();
    const uint8_t secret[32] = {7};
    wax_verified verified;
    wax_backoff backoff;

    (void)state;
    memory.fails_at = 1;
    assert_int_equal(wax_verified_open(&verified, &memory.memory, 4, secret), WAX_FULL);
    wax_verified_close(&verified);
    memory.fails_at = 2;
    assert_int_equal(wax_backoff_open(&backoff, &memory.memory, 4, key), WAX_FULL);
    wax_backoff_close(&backoff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_attempts_stand_in_a_line),
        cmocka_unit_test(test_only_so_many_are_under_way),
        cmocka_unit_test(test_who_failed_longest_ago_gives_way),
        cmocka_unit_test(test_a_password_is_remembered_for_a_while),
        cmocka_unit_test(test_a_tag_stands_for_all_three),
        cmocka_unit_test(test_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
