/* Views of bytes, and secrets. */
#include "../check.h"

#include "base/base.h"

struct row {
    const char *name;
    const char *one, *other;
    bool starts; /* whether the first begins with the other */
    int order;
};

/* clang-format off */
static const struct row rows[] = {
    {"nothing and nothing",                 "",     "",     true,  0 },
    {"something begins with nothing",       "x",    "",     true,  1 },
    {"nothing begins with nothing else",    "",     "x",    false, -1},
    {"a view begins with itself",           "wax",  "wax",  true,  0 },
    {"the longer comes after its start",    "waxy", "wax",  true,  1 },
    {"the shorter comes before",            "wax",  "waxy", false, -1},
    {"the first difference decides",        "wbx",  "waxy", false, 1 },
    {"bytes are without a sign",            "\xff", "a",    false, 1 },
};
/* clang-format on */

static void views_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_bytes one = wax_bytes_of_text(rows[i].one);
        wax_bytes other = wax_bytes_of_text(rows[i].other);
        int order = wax_bytes_compare(one, other);

        check_row(rows[i].name, wax_bytes_start_with(one, other) == rows[i].starts);
        check_row(rows[i].name, (order > 0) - (order < 0) == rows[i].order);
        check_row(rows[i].name, wax_bytes_equal(one, other) == (rows[i].order == 0));
    }
}

static void views_are_made(void **state)
{
    const char text[] = "wax";
    wax_bytes literal = WAX_TEXT("a\0b");

    (void)state;
    assert_int_equal(literal.size, 3);
    assert_int_equal(wax_bytes_of_text(NULL).size, 0);
    assert_ptr_equal(wax_bytes_of_text(text).data, text);
    assert_int_equal(wax_bytes_of_text(text).size, 3);
    assert_int_equal(wax_bytes_of(text, 2).size, 2);
    assert_true(wax_bytes_equal((wax_bytes){NULL, 0}, WAX_TEXT("")));
    assert_int_equal(wax_bytes_compare((wax_bytes){NULL, 0}, WAX_TEXT("")), 0);
    assert_true(wax_bytes_start_with((wax_bytes){NULL, 0}, (wax_bytes){NULL, 0}));
}

/* Every single bit of every byte counts. */
static void secrets_differ_in_any_bit(void **state)
{
    uint8_t one[32] = {1, 2, 3}, other[32] = {1, 2, 3};

    (void)state;
    assert_true(wax_secret_equals(one, other, sizeof one));
    for (size_t bit = 0; bit < sizeof one * 8; bit++) {
        other[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(wax_secret_equals(one, other, sizeof one));
        assert_true(wax_secret_equals(one, other, bit / 8));
        other[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(wax_secret_equals(one, other, 0));
}

static void secrets_are_wiped_and_nothing_else(void **state)
{
    uint8_t bytes[] = {1, 2, 3, 4, 5};
    const uint8_t wiped[] = {1, 0, 0, 0, 5};

    (void)state;
    wax_wipe(bytes + 1, 3);
    assert_memory_equal(bytes, wiped, sizeof bytes);
    wax_wipe(bytes, 0);
    assert_memory_equal(bytes, wiped, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_compared),
        cmocka_unit_test(views_are_made),
        cmocka_unit_test(secrets_differ_in_any_bit),
        cmocka_unit_test(secrets_are_wiped_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
