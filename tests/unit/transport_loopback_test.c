/* Two ends in memory: what is sent at one is received at the other. */
#include "../check.h"

#include "transport/transport.h"

enum { INBOX = 4 };

/* Two ends and all that a test does with them. */
struct pair {
    wax_loopback one, other;
    uint8_t inbox_of_one[INBOX], inbox_of_other[INBOX];
};

static void open_pair(struct pair *pair)
{
    wax_loopback_open(&pair->one, &pair->other, pair->inbox_of_one, pair->inbox_of_other, INBOX);
}

static void check_send(wax_loopback *end, const char *text, wax_status status, size_t wanted)
{
    size_t sent = 99;

    assert_int_equal(wax_transport_send(&end->transport, wax_bytes_of_text(text), &sent), status);
    assert_int_equal(sent, wanted);
}

static void check_receive(wax_loopback *end, size_t size, wax_status status, const char *wanted)
{
    uint8_t room[16];
    size_t received = 99;

    assert_int_equal(wax_transport_receive(&end->transport, room, size, &received), status);
    assert_int_equal(received, strlen(wanted));
    assert_memory_equal(room, wanted, received);
}

static void bytes_go_both_ways_in_order(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    check_send(&pair.one, "ab", WAX_OK, 2);
    check_send(&pair.other, "xyz", WAX_OK, 3);
    check_send(&pair.one, "c", WAX_OK, 1);
    check_receive(&pair.other, 16, WAX_OK, "abc");
    check_receive(&pair.one, 16, WAX_OK, "xyz");
}

static void a_small_room_takes_what_it_can(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    check_send(&pair.one, "abcd", WAX_OK, 4);
    check_receive(&pair.other, 1, WAX_OK, "a");
    check_receive(&pair.other, 2, WAX_OK, "bc");
    check_receive(&pair.other, 16, WAX_OK, "d");
}

static void nothing_there_waits_to_read(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    pair.one.transport.waits = 0;
    check_receive(&pair.one, 16, WAX_MORE, "");
    assert_int_equal(pair.one.transport.waits, WAX_WAITS_TO_READ);
}

static void a_full_inbox_waits_to_write(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    check_send(&pair.one, "abcdef", WAX_OK, INBOX);
    check_send(&pair.one, "ef", WAX_MORE, 0);
    assert_int_equal(pair.one.transport.waits, WAX_WAITS_TO_WRITE);
    check_receive(&pair.other, 3, WAX_OK, "abc");
    check_send(&pair.one, "ef", WAX_OK, 2);
    check_receive(&pair.other, 16, WAX_OK, "def");
}

static void a_stream_passes_through_small_inboxes(void **state)
{
    struct pair pair;
    uint8_t sent_bytes[1000], received_bytes[1000];
    size_t sent = 0, received = 0;

    (void)state;
    open_pair(&pair);
    for (size_t i = 0; i < sizeof sent_bytes; i++) {
        sent_bytes[i] = (uint8_t)(i * 7);
    }
    while (received < sizeof received_bytes) {
        wax_bytes rest = wax_bytes_of(sent_bytes + sent, sizeof sent_bytes - sent);
        size_t step = 0;

        if (rest.size > 0 && wax_transport_send(&pair.one.transport, rest, &step) == WAX_OK) {
            sent += step;
        }
        assert_int_equal(wax_transport_receive(&pair.other.transport, received_bytes + received,
                                               1 + received % 3, &step),
                         WAX_OK);
        received += step;
        assert_true(received <= sent);
    }
    assert_memory_equal(sent_bytes, received_bytes, sizeof sent_bytes);
}

static void what_was_sent_before_good_bye_arrives(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    check_send(&pair.one, "end", WAX_OK, 3);
    assert_int_equal(wax_transport_close(&pair.one.transport), WAX_OK);
    check_receive(&pair.other, 2, WAX_OK, "en");
    check_receive(&pair.other, 2, WAX_OK, "d");
    check_receive(&pair.other, 2, WAX_CLOSED, "");
    check_send(&pair.other, "too", WAX_OK, 3); /* good-bye closes one direction */
    check_receive(&pair.one, 16, WAX_OK, "too");
    assert_int_equal(wax_transport_close(&pair.other.transport), WAX_OK);
    check_receive(&pair.one, 16, WAX_CLOSED, "");
}

static void a_cut_ends_both_ways(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    check_send(&pair.one, "last", WAX_OK, 4);
    wax_transport_release(&pair.one.transport);
    check_receive(&pair.other, 16, WAX_OK, "last");
    check_receive(&pair.other, 16, WAX_CLOSED, "");
    check_send(&pair.other, "x", WAX_CLOSED, 0);
    assert_int_equal(wax_transport_close(&pair.other.transport), WAX_OK);
    wax_transport_release(&pair.other.transport);
}

static void there_is_nothing_to_explain(void **state)
{
    struct pair pair;

    (void)state;
    open_pair(&pair);
    assert_string_equal(wax_transport_explain(&pair.one.transport), "");
    assert_string_equal(pair.one.transport.kind->name, "loopback");
    assert_null(pair.one.transport.below);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways_in_order),
        cmocka_unit_test(a_small_room_takes_what_it_can),
        cmocka_unit_test(nothing_there_waits_to_read),
        cmocka_unit_test(a_full_inbox_waits_to_write),
        cmocka_unit_test(a_stream_passes_through_small_inboxes),
        cmocka_unit_test(what_was_sent_before_good_bye_arrives),
        cmocka_unit_test(a_cut_ends_both_ways),
        cmocka_unit_test(there_is_nothing_to_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
