/* Messages of the authority, many in one transaction. */
#include "../authority_check.h"

static struct farm farm;

/* A lamp that reads, a sensor that writes, a panel that does both. */
static void begin_home(uint64_t seed)
{
    static const struct {
        const char *name;
        uint32_t role;
    } rows[] = {
        {"lamp",   WAX_KEYS_READS                  },
        {"sensor", WAX_KEYS_WRITES                 },
        {"panel",  WAX_KEYS_READS | WAX_KEYS_WRITES},
    };

    farm_begin(&farm, seed);
    check_deed(&farm, farm_group(&farm, "home", 1, 0), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        farm_add(&farm, rows[i].name, i == 2 ? &wax_keys_hpke : &wax_keys_chacha20);
        check_deed(&farm, farm_allow(&farm, rows[i].name, "home", rows[i].role, false), WAX_OK);
    }
    farm_pump(&farm, true);
}

enum { PUMPED_MAX = 64 };

/* What was published, one behind another. */
struct pumped {
    size_t count;
    size_t plain; /* of which the content was noted, too */
    size_t used;
    uint8_t bytes[PUMPED_MAX * 1024];
};

static void note(struct pumped *pumped, wax_bytes bytes)
{
    assert_true(bytes.size <= sizeof pumped->bytes - pumped->used);
    memcpy(pumped->bytes + pumped->used, bytes.data, bytes.size);
    pumped->used += bytes.size;
}

/* Signatures differ each time; what is for the sensor has none. */
static void pump_into(struct pumped *pumped, const wax_authority_message *message)
{
    const uint64_t numbers[] = {message->kind, message->row, message->mark, message->content.size};

    note(pumped, message->topic);
    note(pumped, wax_bytes_of(numbers, sizeof numbers));
    if (wax_bytes_equal(message->topic, WAX_TEXT("wax/k/sensor"))) {
        note(pumped, message->content);
        pumped->plain++;
    }
    pumped->count++;
}

static uint8_t batch_room[WAX_AUTHORITY_BATCH_ROOM];

/* `size` at a time; 0: by the call for one. */
static void pump(struct pumped *pumped, size_t size)
{
    wax_authority_message messages[PUMPED_MAX];
    wax_authority_batch batch = {messages, size, batch_room, sizeof batch_room, 0};
    wax_status status = WAX_OK;

    *pumped = (struct pumped){.count = 0};
    while (status == WAX_OK) {
        batch.count = 1;
        status = size == 0 ? wax_authority_next(farm.authority, messages)
                           : wax_authority_next_batch(farm.authority, &batch);
        for (size_t i = 0; status == WAX_OK && i < batch.count; i++) {
            pump_into(pumped, &messages[i]);
        }
        if (status == WAX_OK) {
            check_deed(&farm, wax_authority_sent_batch(farm.authority, messages, batch.count),
                       WAX_OK);
        }
    }
    assert_int_equal(status, WAX_NOT_FOUND);
}

static void a_batch_is_what_would_come_one_by_one(void **state)
{
    static const size_t sizes[] = {1, 3, PUMPED_MAX};
    static struct pumped one_by_one;
    static struct pumped at_once;

    (void)state;
    begin_home(40);
    check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("lamp")), WAX_OK);
    pump(&one_by_one, 0);
    assert_true(one_by_one.count >= 5 && one_by_one.plain == 1);
    farm_end(&farm);
    for (size_t i = 0; i < WAX_COUNT(sizes); i++) {
        begin_home(40);
        check_deed(&farm, wax_authority_evict(farm.authority, &farm.deed, WAX_TEXT("lamp")),
                   WAX_OK);
        pump(&at_once, sizes[i]);
        assert_int_equal(at_once.count, one_by_one.count);
        assert_int_equal(at_once.used, one_by_one.used);
        assert_memory_equal(at_once.bytes, one_by_one.bytes, one_by_one.used);
        farm_reopen(&farm);
        pump(&at_once, sizes[i]);
        assert_int_equal(at_once.count, 0); /* all was sent */
        farm_end(&farm);
    }
}

static void a_batch_that_was_not_sent_comes_again(void **state)
{
    wax_authority_message messages[2];
    wax_authority_batch batch = {messages, 2, batch_room, sizeof batch_room, 0};
    static struct pumped before;
    static struct pumped after;

    (void)state;
    begin_home(41);
    check_deed(&farm, wax_authority_rotate(farm.authority, &farm.deed, WAX_TEXT("home")), WAX_OK);
    before = (struct pumped){.count = 0};
    while (wax_authority_next_batch(farm.authority, &batch) == WAX_OK) {
        before.count += batch.count;
    }
    farm_reopen(&farm);
    pump(&after, 2);
    assert_int_equal(after.count, before.count);
    batch.room_size = 1000;
    assert_int_equal(wax_authority_next_batch(farm.authority, &batch), WAX_INVALID);
    assert_int_equal(batch.count, 0);
    farm_end(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_what_would_come_one_by_one),
        cmocka_unit_test(a_batch_that_was_not_sent_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
