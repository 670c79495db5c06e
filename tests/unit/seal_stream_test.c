/* Streams under seal: chunk by chunk, in pieces of any size, and only whole when the last came. */
#include "../seal_check.h"

enum { CHUNK = 64, TEXT = 1000, COUNT = 16, ROOM = WAX_CHUNK_ROOM(CHUNK) };

static uint8_t text[TEXT];
static uint8_t sealed[COUNT][ROOM + WAX_STREAM_HEAD_MAX];
static wax_bytes messages[COUNT];

/* A message for each chunk, of which there are COUNT: flags and TEXT bytes. */
static void make(struct seal_world *world, const struct seal_suite *suite, wax_seal_class class)
{
    wax_stream_sealer stream;
    uint8_t whole[1 + TEXT];
    wax_writer out = wax_writer_over(whole, sizeof whole);

    seal_world_make(world, suite, class, 1);
    for (size_t i = 0; i < TEXT; i++) {
        text[i] = (uint8_t)(i * 7);
    }
    wax_stream_write_front(&out, wax_bytes_of(NULL, 0), true);
    wax_write_bytes(&out, wax_bytes_of(text, TEXT));
    assert_int_equal(wax_stream_sealer_start(&stream, &world->sealer, seal_plain.topic, CHUNK),
                     WAX_OK);
    for (size_t i = 0; i < COUNT; i++) {
        const size_t left = sizeof whole - i * CHUNK;
        const size_t size = left < CHUNK ? left : CHUNK;
        wax_writer message = wax_writer_over(sealed[i], sizeof sealed[i]);

        wax_stream_write_head(&stream, &message, i + 1 == COUNT);
        memcpy(sealed[i] + message.used + WAX_HEDGE_SIZE, whole + i * CHUNK, size);
        assert_int_equal(
            wax_stream_sealer_seal(&stream, sealed[i] + message.used, size, i + 1 == COUNT),
            WAX_OK);
        messages[i] =
            wax_bytes_of(sealed[i], message.used + WAX_HEDGE_SIZE + size + suite->tag_size);
    }
    wax_stream_sealer_end(&stream);
}

/* What came of a stream. */
struct taken {
    uint8_t text[TEXT];
    size_t size;
    wax_status refused;
    wax_seal_event event;
    bool is_whole;
};

static void take(wax_stream_opener *opener, wax_bytes message, size_t piece, struct taken *taken)
{
    wax_stream_opener_begin(opener, seal_plain.topic, message.size, 0);
    for (size_t at = 0; at < message.size; at += piece) {
        wax_bytes bytes =
            wax_bytes_of(message.data + at, message.size - at < piece ? message.size - at : piece);

        while (bytes.size > 0) {
            wax_chunk chunk;
            const wax_status status = wax_stream_opener_push(opener, &bytes, &chunk);

            if (status == WAX_OK) {
                assert_true(taken->size + chunk.data.size <= TEXT);
                memcpy(taken->text + taken->size, chunk.data.data, chunk.data.size);
                taken->size += chunk.data.size;
                taken->is_whole |= chunk.is_last;
            } else if (status != WAX_MORE) {
                taken->refused = status;
                taken->event = chunk.event;
            }
        }
    }
}

static wax_stream_opener opener_of(struct seal_world *world, uint8_t *room)
{
    return (wax_stream_opener){.opener = &world->opener, .room = room, .room_size = ROOM};
}

static void a_stream_comes_whole_in_pieces_of_any_size(void **state)
{
    static struct seal_world world;
    const size_t pieces[] = {1, 2, 7, 64, 1000};
    uint8_t room[ROOM];

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        for (size_t piece = 0; piece < WAX_COUNT(pieces); piece++) {
            wax_stream_opener opener = opener_of(&world, room);
            struct taken taken = {.size = 0};

            make(&world, &seal_suites[i], piece % 2 == 0 ? WAX_CLASS_STATE : WAX_CLASS_STREAM);
            for (size_t at = 0; at < COUNT; at++) {
                assert_int_equal(taken.is_whole, 0);
                take(&opener, messages[at], pieces[piece], &taken);
            }
            check_row(seal_suites[i].name, taken.is_whole && taken.size == TEXT);
            check_row(seal_suites[i].name, memcmp(taken.text, text, TEXT) == 0);
        }
    }
}

static void a_missing_chunk_is_told_and_waited_for(void **state)
{
    static struct seal_world world;
    uint8_t room[ROOM];
    struct taken taken = {.size = 0};
    wax_stream_opener opener = opener_of(&world, room);

    (void)state;
    make(&world, &seal_suites[0], WAX_CLASS_STREAM);
    take(&opener, messages[0], 100, &taken);
    take(&opener, messages[3], 100, &taken);
    assert_int_equal(taken.refused, WAX_UNTRUSTED);
    assert_int_equal(taken.event, WAX_SEAL_GAP);
    assert_int_equal(opener.next, 1);
    assert_int_equal(taken.size, CHUNK - 1);
    for (size_t i = 0; i < COUNT; i++) {
        take(&opener, messages[i], 100, &taken);
    }
    assert_true(taken.is_whole);
    assert_memory_equal(taken.text, text, TEXT);
}

static void a_stream_goes_on_after_a_restart(void **state)
{
    static struct seal_world world;
    uint8_t room[ROOM];
    struct taken taken = {.size = 0};
    wax_stream_opener opener = opener_of(&world, room);
    wax_stream_place place;

    (void)state;
    make(&world, &seal_suites[1], WAX_CLASS_STREAM);
    for (size_t i = 0; i < 5; i++) {
        take(&opener, messages[i], 100, &taken);
    }
    place = (wax_stream_place){opener.sender, opener.epoch, opener.position, opener.chunk_size,
                               opener.next};
    opener = opener_of(&world, room);
    take(&opener, messages[5], 100, &taken);
    assert_int_equal(taken.event, WAX_SEAL_REPLAY); /* its position came */
    assert_int_equal(wax_stream_opener_resume(&opener, &place), WAX_OK);
    for (size_t i = 3; i < COUNT; i++) {
        take(&opener, messages[i], 100, &taken);
    }
    assert_true(taken.is_whole);
    assert_memory_equal(taken.text, text, TEXT);
    place.epoch = 9;
    assert_int_equal(wax_stream_opener_resume(&opener, &place), WAX_NOT_FOUND);
    place.sender = 0;
    assert_int_equal(wax_stream_opener_resume(&opener, &place), WAX_INVALID);
}

static void one_opener_has_one_stream(void **state)
{
    static struct seal_world world;
    static uint8_t kept[ROOM + WAX_STREAM_HEAD_MAX];
    uint8_t room[ROOM];
    struct taken taken = {.size = 0};
    wax_stream_opener opener = opener_of(&world, room);
    wax_stream_sealer stream;
    wax_writer out = wax_writer_over(kept, sizeof kept);

    (void)state;
    make(&world, &seal_suites[0], WAX_CLASS_STREAM);
    assert_int_equal(wax_stream_sealer_start(&stream, &world.sealer, seal_plain.topic, CHUNK),
                     WAX_OK);
    wax_stream_write_head(&stream, &out, true);
    kept[out.used + WAX_HEDGE_SIZE] = 0;
    assert_int_equal(wax_stream_sealer_seal(&stream, kept + out.used, 1, true), WAX_OK);
    take(&opener, messages[0], 100, &taken);
    take(&opener, wax_bytes_of(kept, out.used + 8 + 1 + 16), 100, &taken);
    assert_int_equal(taken.refused, WAX_CROWDED);
    wax_stream_opener_end(&opener);
    take(&opener, wax_bytes_of(kept, out.used + 8 + 1 + 16), 100, &taken);
    assert_true(taken.is_whole);
    opener.room_size = ROOM - 9;
    wax_stream_opener_end(&opener);
    take(&opener, messages[0], 100, &taken);
    assert_int_equal(taken.event, WAX_SEAL_REPLAY);
}

static void what_was_touched_is_not_opened(void **state)
{
    static struct seal_world world;
    uint8_t room[ROOM];

    (void)state;
    make(&world, &seal_suites[2], WAX_CLASS_STREAM);
    for (size_t bit = 0; bit < 8 * messages[0].size; bit++) {
        struct taken taken = {.size = 0};
        wax_stream_opener opener = opener_of(&world, room);

        sealed[0][bit / 8] ^= (uint8_t)(1U << bit % 8);
        take(&opener, messages[0], 100, &taken);
        sealed[0][bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(taken.size, 0);
        assert_int_not_equal(taken.refused, WAX_OK);
        assert_int_equal(opener.sender, 0);
        assert_int_equal(world.senders[0].record.sender | world.senders[1].record.sender |
                             world.senders[2].record.sender | world.senders[3].record.sender,
                         0);
    }
    for (size_t size = 1; size < messages[0].size; size++) {
        struct taken taken = {.size = 0};
        wax_stream_opener opener = opener_of(&world, room);

        take(&opener, wax_bytes_of(sealed[0], size), 100, &taken);
        assert_int_equal(taken.size, 0);
    }
}

static void a_sealer_takes_only_chunks_of_its_size(void **state)
{
    static struct seal_world world;
    wax_stream_sealer stream;
    uint8_t room[ROOM + 1] = {0};

    (void)state;
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    assert_int_equal(wax_stream_sealer_start(&stream, &world.sealer, seal_plain.topic, 63),
                     WAX_INVALID);
    assert_int_equal(
        wax_stream_sealer_start(&stream, &world.sealer, seal_plain.topic, WAX_CHUNK_SIZE_MAX + 1),
        WAX_INVALID);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 64, false), WAX_INVALID);
    assert_int_equal(world.sealer.place, 0);
    assert_int_equal(wax_stream_sealer_start(&stream, &world.sealer, seal_plain.topic, CHUNK),
                     WAX_OK);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 63, false), WAX_INVALID);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 65, true), WAX_INVALID);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 0, true), WAX_INVALID);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 64, false), WAX_OK);
    wax_stream_sealer_seek(&stream, WAX_CHUNK_INDEX_MAX);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 64, false), WAX_OK);
    assert_int_equal(wax_stream_sealer_seal(&stream, room, 64, false), WAX_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_comes_whole_in_pieces_of_any_size),
        cmocka_unit_test(a_missing_chunk_is_told_and_waited_for),
        cmocka_unit_test(a_stream_goes_on_after_a_restart),
        cmocka_unit_test(one_opener_has_one_stream),
        cmocka_unit_test(what_was_touched_is_not_opened),
        cmocka_unit_test(a_sealer_takes_only_chunks_of_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
