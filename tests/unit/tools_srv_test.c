/* Which brokers the DNS names, and in which order they are tried. [RFC 2782] */
#include "../check.h"

#include "tools/srv.h"

/* An answer: _mqtt._tcp.x SRV 10 5 1883 a.x, SRV 1 0 1884 b.x, and SRV 0 0 0 "." which is none. */
static const uint8_t answer[] = "\x12\x34\x81\x80\0\1\0\3\0\0\0\0"
                                "\5_mqtt\4_tcp\1x\0\0\x21\0\1"
                                "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0a\0\x0a\0\5\x07\x5b\1a\xc0\x17"
                                "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\x0b\0\1\0\0\x07\x5c\1b\1x\0"
                                "\xc0\x0c\0\x21\0\1\0\0\0\x3c\0\7\0\0\0\0\0\0\0";

static void an_answer_is_read(void **state)
{
    (void)state;
    struct srv records[SRV_MAX];

    assert_int_equal(tools_srv_read(wax_bytes_of(answer, sizeof answer - 1), records), 2);
    assert_string_equal(records[0].host, "a.x");
    assert_int_equal(records[0].priority, 10);
    assert_int_equal(records[0].weight, 5);
    assert_int_equal(records[0].port, 1883);
    assert_string_equal(records[1].host, "b.x");
    assert_int_equal(records[1].port, 1884);
}

static void half_an_answer_is_no_danger(void **state)
{
    (void)state;
    struct srv records[SRV_MAX];

    for (size_t size = 0; size < sizeof answer - 1; size++) {
        assert_true(tools_srv_read(wax_bytes_of(answer, size), records) <= 2);
    }
}

static uint32_t number;

static uint32_t same_number(void)
{
    return number;
}

static void the_lowest_priority_comes_first(void **state)
{
    (void)state;
    struct srv records[] = {
        {.priority = 20, .weight = 1, .port = 3},
        {.priority = 10, .weight = 9, .port = 2},
        {.priority = 5,  .weight = 0, .port = 1},
    };

    tools_srv_order(records, WAX_COUNT(records), same_number);
    for (size_t i = 0; i < WAX_COUNT(records); i++) {
        assert_int_equal(records[i].port, i + 1);
    }
}

static void equals_come_as_often_as_their_weights_say(void **state)
{
    (void)state;
    size_t first = 0;

    for (number = 0; number < 101; number++) {
        struct srv records[] = {
            {.weight = 75, .port = 1},
            {.weight = 25, .port = 2},
        };
        tools_srv_order(records, WAX_COUNT(records), same_number);
        first += records[0].port == 1 ? 1 : 0;
        assert_int_equal(records[0].port + records[1].port, 3);
    }
    assert_int_equal(first, 75);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(half_an_answer_is_no_danger),
        cmocka_unit_test(the_lowest_priority_comes_first),
        cmocka_unit_test(equals_come_as_often_as_their_weights_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
