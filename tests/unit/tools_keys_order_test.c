/* The words behind `wax keys`. */
#include "../check.h"

#include "tools/keys_order.h"

#include <string.h>

static struct keys_order order;
static char fault[ANSWER_FAULT_SIZE];

/* Reads words up to a NULL. */
static bool read_words(const char *const *given)
{
    static char room[16][64];
    char *words[17] = {(char[]){"keys"}};
    int count = 1;

    for (; given[count - 1] != NULL; count++) {
        (void)snprintf(room[count], sizeof room[count], "%s", given[count - 1]);
        words[count] = room[count];
    }
    fault[0] = '\0';
    return keys_order_read(&order, count, words, fault);
}

#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

static void verbs_have_one_word_or_two(void **state)
{
    (void)state;
    assert_true(READ("group", "add", "home", "-f", "a/#", "--filter", "b"));
    assert_string_equal(order.verb->name, "group add");
    assert_int_equal(order.argument_count, 1);
    assert_string_equal(order.arguments[0], "home");
    assert_int_equal(order.filter_count, 2);
    assert_true(wax_bytes_equal(order.filters[1], WAX_TEXT("b")));
    assert_true(READ("--dir", "x", "grant", "lamp", "home", "read", "--history"));
    assert_string_equal(order.verb->name, "grant");
    assert_string_equal(order.folder, "x");
    assert_int_equal(order.argument_count, 3);
    assert_true(order.has_history);
}

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    assert_true(READ("status"));
    assert_int_equal(order.suite, 1);
    assert_int_equal(order.group_class, 1);
    assert_int_equal(order.tag_size, 16);
    assert_int_equal(order.epoch_s, WAX_AUTHORITY_EPOCH_DEFAULT);
    assert_int_equal(order.kept, WAX_AUTHORITY_KEPT_DEFAULT);
    assert_int_equal(order.ack_s, WAX_AUTHORITY_ACK_DEFAULT);
    assert_int_equal(order.blinding_hash, 0);
    assert_true(READ("group", "add", "x", "--suite", "ascon", "--class", "state", "--tag", "8",
                     "--epoch", "0", "--keep", "255", "--sign"));
    assert_int_equal(order.suite, 2);
    assert_int_equal(order.group_class, 0);
    assert_int_equal(order.tag_size, 8);
    assert_int_equal(order.epoch_s, 0);
    assert_int_equal(order.kept, 255);
    assert_true(order.signs);
}

static void what_is_wrong_is_told_with_what_is_right(void **state)
{
    (void)state;
    assert_false(READ("evcit", "lamp"));
    assert_non_null(strstr(fault, "did you mean `wax keys evict DEVICE`?"));
    assert_false(READ("group", "ad", "lamp"));
    assert_non_null(strstr(fault, "`wax keys group add"));
    assert_false(READ("grant", "lamp"));
    assert_non_null(strstr(fault, "too few words"));
    assert_false(READ("status", "lamp"));
    assert_non_null(strstr(fault, "too many words"));
    assert_false(READ("status", "--tag", "12"));
    assert_string_equal(fault, "--tag 12: write 16 8");
    assert_false(READ("status", "--epoch", "1w"));
    assert_non_null(strstr(fault, "--epoch 1w"));
    assert_false(READ("status", "--keep", "0"));
    assert_false(READ("status", "--unknown"));
    assert_false(READ("status", "--kek"));
    assert_non_null(strstr(fault, "needs a value"));
}

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        uint32_t seconds;
        bool is_time;
    } rows[] = {
        {"0",           0,     true },
        {"90",          90,    true },
        {"90s",         90,    true },
        {"15m",         900,   true },
        {"12h",         43200, true },
        {"1d",          86400, true },
        {"2d",          0,     false},
        {"",            0,     false},
        {"s",           0,     false},
        {"-1",          0,     false},
        {"1.5h",        0,     false},
        {"1hh",         0,     false},
        {"99999999999", 0,     false},
        {"4294967297s", 0,     false},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint32_t seconds = 0;

        assert_int_equal(keys_answer_time(rows[i].text, 86400, &seconds), rows[i].is_time);
        assert_int_equal(seconds, rows[i].seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_have_one_word_or_two),
        cmocka_unit_test(what_is_not_said_has_a_default),
        cmocka_unit_test(what_is_wrong_is_told_with_what_is_right),
        cmocka_unit_test(times_have_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
