/* The log at a broker: the newest entries each under its number, and the newest of all. */
#include "../authority_check.h"

enum { SLOTS = 4000 };

/* What a broker retains of the log: digests by number; 0 is the newest. */
static struct slot {
    bool is_there;
    uint8_t digest[WAX_SHA256_SIZE];
} slots[SLOTS];
static struct farm farm;
static uint64_t drops;

static void retain(const wax_authority_message *message)
{
    char topic[64] = "";
    struct slot *slot;
    unsigned long number = 0;

    assert_true(message->topic.size < sizeof topic);
    memcpy(topic, message->topic.data, message->topic.size);
    assert_memory_equal(topic, "wax/l", 5);
    if (topic[5] == '/') {
        number = strtoul(topic + 6, NULL, 10);
        assert_true(number > 0 && number < SLOTS);
    } else {
        assert_int_equal(topic[5], '\0');
    }
    slot = &slots[number];
    slot->is_there = message->content.size > 0;
    drops += slot->is_there ? 0 : 1;
    assert_int_equal(wax_crypto_sha256(&message->content, 1, slot->digest), WAX_OK);
}

/* Takes as many messages as there are, at most `most`; acknowledges them if `acknowledges`. */
static size_t pump(size_t most, bool acknowledges)
{
    size_t count = 0;
    wax_authority_message message;

    while (count < most && wax_authority_next(farm.authority, &message) == WAX_OK) {
        if (message.kind != WAX_AUTHORITY_LOG) {
            break; /* entries come first */
        }
        retain(&message);
        count++;
        if (acknowledges) {
            assert_int_equal(wax_authority_sent(farm.authority, &message), WAX_OK);
        }
    }
    return count;
}

static uint64_t newest(void)
{
    return wax_authority_identify(farm.authority).log_number;
}

/* The broker has the entries from one number on, and no others. */
static void check_retained(uint64_t first)
{
    const uint64_t last = newest();

    for (uint64_t i = 1; i < SLOTS; i++) {
        wax_bytes entry;
        uint8_t digest[WAX_SHA256_SIZE];

        assert_int_equal(slots[i].is_there, i >= first && i <= last);
        if (slots[i].is_there) {
            assert_int_equal(wax_authority_entry(farm.authority, i, &entry), WAX_OK);
            assert_int_equal(wax_crypto_sha256(&entry, 1, digest), WAX_OK);
            assert_memory_equal(digest, slots[i].digest, sizeof digest);
        }
    }
    assert_true(slots[0].is_there);
    assert_memory_equal(slots[0].digest, slots[last].digest, sizeof slots[0].digest);
}

static void rotate(uint64_t until)
{
    while (newest() < until) {
        check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")),
                   WAX_OK);
    }
}

static void begin(uint64_t seed)
{
    memset(slots, 0, sizeof slots);
    drops = 0;
    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 1, 1), WAX_OK);
}

static void entries_stand_under_their_numbers(void **state)
{
    (void)state;
    begin(1);
    rotate(40);
    (void)pump(SIZE_MAX, true);
    check_retained(1);
    assert_int_equal(drops, 0);
    rotate(60);
    (void)pump(SIZE_MAX, true);
    check_retained(1);
    assert_int_equal(pump(SIZE_MAX, true), 0);
    farm_end(&farm);
}

static void what_is_too_old_goes(void **state)
{
    (void)state;
    begin(2);
    rotate(WAX_AUTHORITY_LOG_KEPT + 50);
    (void)pump(SIZE_MAX, true);
    check_retained(newest() - WAX_AUTHORITY_LOG_KEPT + 1);
    assert_int_equal(drops, newest() - WAX_AUTHORITY_LOG_KEPT);
    farm_end(&farm);
}

/* Wherever a process ends, the next one goes on so that the broker has all. */
static void a_process_that_ends_leaves_no_hole(void **state)
{
    (void)state;
    for (size_t taken = 0; taken < 12; taken++) {
        begin(3 + taken);
        rotate(10);
        (void)pump(taken, true);
        (void)pump(taken % 5, false);
        farm_reopen(&farm);
        rotate(14);
        (void)pump(SIZE_MAX, true);
        check_retained(1);
        farm_end(&farm);
    }
}

/* Entries that are made while one is half given out are not passed over. */
static void entries_come_between(void **state)
{
    (void)state;
    begin(20);
    for (uint64_t i = newest(); i < 60; i = newest()) {
        (void)pump(i % 4, i % 3 != 0);
        rotate(i + 1);
    }
    (void)pump(SIZE_MAX, true);
    check_retained(1);
    farm_end(&farm);
}

static void a_broker_that_lost_all_gets_those_that_are_kept(void **state)
{
    const uint64_t most = WAX_AUTHORITY_LOG_KEPT + 20;

    (void)state;
    begin(30);
    rotate(most);
    (void)pump(SIZE_MAX, true);
    memset(slots, 0, sizeof slots);
    check_deed(&farm, wax_authority_resend(farm.authority), WAX_OK);
    (void)pump(SIZE_MAX, true);
    check_retained(newest() - WAX_AUTHORITY_LOG_KEPT + 1);
    farm_end(&farm);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(entries_stand_under_their_numbers),
    cmocka_unit_test(what_is_too_old_goes),
    cmocka_unit_test(a_process_that_ends_leaves_no_hole),
    cmocka_unit_test(entries_come_between),
    cmocka_unit_test(a_broker_that_lost_all_gets_those_that_are_kept),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
