/* The power goes off at each call of the store, before what was to be saved is there and behind it:
 * whatever the next start finds, nothing is shown twice, no position is used twice, and no mailbox
 * comes back. */
#include "../member_attack.h"

enum { MESSAGES = 6, SAID_MAX = 16, CALLS_MAX = 200, STREAM = MESSAGES - 1 };

static const char *const topics[MESSAGES] = {"home/a", "home/b", "home/a",
                                             "home/a", "home/b", "home/stream"};

/* One device with all that happened to it. */
struct life {
    struct device *device;
    unsigned shown[MESSAGES];
    struct observed said[SAID_MAX];
    size_t said_count;
    uint64_t taken; /* the newest version whose taking was told */
};

/* What a sensor sent: three of the first epoch, two and a stream of the second. */
static struct sent sent[MESSAGES];

static const wax_suite *no_suite(uint32_t number)
{
    (void)number;
    return NULL;
}

static void seal_stream(struct device *sensor, struct sent *into)
{
    const wax_member_stream wanted = {.topic = wax_bytes_of_text(topics[STREAM]), .chunk_size = 64};
    uint8_t names[128];
    wax_writer room = wax_writer_over(names, sizeof(names));
    wax_writer out = wax_writer_over(into->room, sizeof(into->room));
    wax_writer text;
    wax_stream_sealer stream;
    wax_bytes fields;

    assert_int_equal(wax_member_start_stream(sensor->member, &wanted, &room, &fields, &stream),
                     WAX_OK);
    wax_stream_write_head(&stream, &out, true);
    text = wax_writer_over(into->room + out.used + WAX_HEDGE_SIZE, 64);
    wax_stream_write_front(&text, fields, false);
    wax_write_bytes(&text, WAX_TEXT("all of it"));
    assert_int_equal(wax_stream_sealer_seal(&stream, into->room + out.used, text.used, true),
                     WAX_OK);
    into->publish = (wax_publish){
        .topic = wanted.topic,
        .payload = wax_bytes_of(into->room, out.used + WAX_HEDGE_SIZE + text.used + 16)};
    wax_stream_sealer_end(&stream);
}

static void seal_all(void)
{
    struct house house = house_of(2, 1);
    struct device *sensor = device_new("sensor");

    for (size_t i = 0; i < STREAM; i++) {
        if (i == 0 || i == 3) {
            house.epoch = i == 0 ? 1 : 2;
            give(sensor, house.epoch, &house, WAX_KEYS_WRITES, 1);
        }
        assert_int_equal(send_text(sensor, topics[i], "text", &sent[i]), WAX_OK);
    }
    seal_stream(sensor, &sent[STREAM]);
    device_free(sensor);
}

static void start(struct life *life)
{
    struct device *device = life->device;
    const uint8_t nonce[WAX_KEYS_ID_SIZE] = {1};
    const size_t size = wax_member_memory_size(&device->config);

    if (device->member != NULL) {
        wax_member_close(device->member);
        device->member = NULL;
    }
    if (wax_member_open(&device->member, &device->config, nonce, device->memory, size) != WAX_OK) {
        device->member = NULL;
    }
}

static wax_status take(struct life *life, uint64_t version)
{
    struct house house = house_of(2, 1);
    static struct letter letter;
    const struct right both = {
        .house = &house, .role = WAX_KEYS_READS | WAX_KEYS_WRITES, .sender = 2};
    wax_status status;

    house.epoch = (uint32_t)version;
    if (life->device->member == NULL) {
        return WAX_IO;
    }
    write_mailbox(&letter, life->device, version, &both, 1, NULL);
    status = wax_member_take_mailbox(life->device->member, letter.bytes);
    if (status == WAX_OK && version > life->taken) {
        life->taken = version;
    }
    return status;
}

static bool opens_stream(struct life *life)
{
    static uint8_t room[WAX_CHUNK_ROOM(64)];
    static uint8_t copy[SEALED_ROOM];
    wax_stream_opener stream = {.room = room, .room_size = sizeof(room)};
    wax_bytes bytes = sent[STREAM].publish.payload;
    wax_chunk chunk;
    bool is_whole = false;

    stream.opener = wax_member_opener(life->device->member, sent[STREAM].publish.topic);
    if (stream.opener == NULL) {
        return false;
    }
    memcpy(copy, bytes.data, bytes.size);
    bytes.data = copy;
    wax_stream_opener_begin(&stream, sent[STREAM].publish.topic, bytes.size, 0);
    while (bytes.size != 0) {
        if (wax_stream_opener_push(&stream, &bytes, &chunk) == WAX_OK) {
            is_whole = chunk.is_last;
        }
    }
    wax_stream_opener_end(&stream);
    return is_whole;
}

static bool opens(struct life *life, size_t i)
{
    wax_member_arrival arrival;

    return wax_member_unseal(life->device->member, &sent[i].publish, 0, &arrival) == WAX_OK &&
           arrival.outcome == WAX_MEMBER_OPENED;
}

static void hear(struct life *life, size_t i)
{
    if (life->device->member != NULL && (i == STREAM ? opens_stream(life) : opens(life, i))) {
        life->shown[i]++;
    }
}

static void say(struct life *life)
{
    static struct sent said;

    if (life->device->member != NULL &&
        send_text(life->device, "home/a", "said", &said) == WAX_OK) {
        assert_true(life->said_count < SAID_MAX);
        observe(&life->said[life->said_count++], &said, "said");
    }
}

static void tell(struct life *life)
{
    uint8_t room[1024];
    wax_writer out = wax_writer_over(room, sizeof(room));

    if (life->device->member != NULL) {
        (void)!wax_member_write_status(life->device->member, &out);
    }
}

static void hear_all(struct life *life)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        hear(life, i);
    }
}

static void live(struct life *life)
{
    start(life);
    (void)!take(life, 1);
    hear(life, 0);
    hear(life, 2);
    say(life);
    tell(life);
    (void)!take(life, 2);
    hear(life, 1);
    hear(life, 3);
    say(life);
    hear(life, STREAM);
    start(life); /* a restart without a cut */
    hear_all(life);
    say(life);
}

static void check_positions(const struct life *life)
{
    for (size_t i = 0; i < life->said_count; i++) {
        for (size_t j = i + 1; j < life->said_count; j++) {
            /* Kind and header: all that the place in the key schedule is made of. */
            assert_memory_not_equal(life->said[i].front, life->said[j].front, 6);
        }
    }
}

/* The power is back; the broker offers all that it has, also what is old. */
static void live_on(struct life *life)
{
    const uint64_t before = life->taken;

    life->device->records.cut_at = 0;
    start(life);
    assert_non_null(life->device->member);
    /* What was in use before is there again, whatever the broker withholds. */
    assert_true(before == 0 || wax_member_has_keys(life->device->member));
    hear_all(life);
    say(life);
    if (before == 2) {
        assert_int_equal(take(life, 1), WAX_PROTOCOL_ERROR);
    }
    assert_int_equal(take(life, 2), WAX_OK);
    hear_all(life);
    say(life);
    start(life);
    hear_all(life);
    say(life);
    assert_true(life->said_count >= 2);
}

/* Returns how often the store was called; without a cut for 0. */
static unsigned cut(unsigned at, bool is_written)
{
    static struct life life;
    unsigned calls;
    unsigned missed = 0;

    life = (struct life){.device = device_new("reader")};
    life.device->records.calls = 0;
    life.device->records.cut_at = at;
    life.device->records.is_written = is_written;
    live(&life);
    calls = life.device->records.calls;
    live_on(&life);
    for (size_t i = 0; i < MESSAGES; i++) {
        assert_true(life.shown[i] <= 1);
        missed += life.shown[i] == 0;
    }
    assert_true(missed <= 1); /* the one that was being shown when the power went */
    check_positions(&life);
    device_free(life.device);
    return calls;
}

static void no_cut_shows_a_message_twice_or_repeats_a_position(void **state)
{
    const unsigned calls = cut(0, false);

    (void)state;
    assert_true(calls > 20 && calls < CALLS_MAX);
    for (unsigned at = 1; at <= calls; at++) {
        (void)cut(at, false);
        (void)cut(at, true);
    }
}

/* A mailbox that this program cannot use is not written down as the last: the one before stays. */
static void a_mailbox_that_cannot_be_used_takes_nothing_away(void **state)
{
    struct house house = house_of(2, 1);
    struct device *reader = device_new("reader");
    static struct letter letter;
    const struct right reads = {.house = &house, .role = WAX_KEYS_READS};

    (void)state;
    give(reader, 1, &house, WAX_KEYS_READS, 0);
    reader->config.suite = no_suite;
    write_mailbox(&letter, reader, 2, &reads, 1, NULL);
    assert_int_equal(wax_member_take_mailbox(reader->member, letter.bytes), WAX_INVALID);
    reader->config.suite = any_suite;
    device_stop(reader);
    device_start(reader);
    assert_true(wax_member_has_keys(reader->member));
    assert_int_equal(wax_member_take_mailbox(reader->member, letter.bytes), WAX_OK);
    device_free(reader);
}

/* Who cannot read what came before believes nothing, and asks again. */
static void a_store_that_does_not_tell_what_came_shows_nothing(void **state)
{
    wax_member_arrival arrival;
    struct life life = {.device = device_new("reader")};

    (void)state;
    (void)!take(&life, 1);
    hear(&life, 0);
    assert_int_equal(life.shown[0], 1);
    start(&life);
    life.device->records.fails_at = life.device->records.calls + 1;
    assert_int_equal(wax_member_unseal(life.device->member, &sent[2].publish, 0, &arrival), WAX_IO);
    hear_all(&life);
    assert_int_equal(life.shown[0], 1);
    assert_int_equal(life.shown[1], 1);
    assert_int_equal(life.shown[2], 1);
    device_free(life.device);
}

/* What stands there and was never written is not believed either. */
static void records_that_are_damaged_show_nothing(void **state)
{
    static const struct {
        const char *name;
        size_t size;
        uint8_t bytes[20];
    } rows[] = {
        {"cut",                     19, {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}            },
        {"no sender",               20, {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}            },
        {"a sender that is none",   20, {1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1}            },
        {"a position that is none", 20, {0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff}},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const uint8_t id[WAX_KEYS_ID_SIZE] = {'h', 2};
        struct life life = {.device = device_new("reader")};
        wax_member_arrival arrival;

        assert_int_equal(life.device->records.base.save(&life.device->records.base, WAX_MEMBER_CAME,
                                                        id,
                                                        wax_bytes_of(rows[i].bytes, rows[i].size)),
                         WAX_OK);
        (void)!take(&life, 1);
        check_row(rows[i].name,
                  wax_member_unseal(life.device->member, &sent[0].publish, 0, &arrival) == WAX_IO);
        device_free(life.device);
    }
}

static int prepare(void **state)
{
    (void)state;
    seal_all();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_cut_shows_a_message_twice_or_repeats_a_position),
        cmocka_unit_test(a_mailbox_that_cannot_be_used_takes_nothing_away),
        cmocka_unit_test(records_that_are_damaged_show_nothing),
        cmocka_unit_test(a_store_that_does_not_tell_what_came_shows_nothing),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
