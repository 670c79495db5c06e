/* Whatever is done to an envelope - a bit, a byte less, a byte more - it is refused, nothing of its
 * text is left in the open, and who refused it remembers nothing. */
#include "../seal_check.h"

#include <stdlib.h>

static const char text[] = "the text that nobody may read before its tag is good";

/* Of a group, with fields and padding so that every part of an envelope is there. */
static wax_bytes make(struct seal_world *world, const struct seal_suite *suite,
                      wax_seal_class class, uint8_t *kept)
{
    static const uint32_t multiple[] = {32};
    const wax_padding padding = {.kind = WAX_PAD_MULTIPLE, .sizes = multiple, .count = 1};
    uint8_t room[64];
    wax_writer fields = wax_writer_over(room, sizeof room);
    wax_seal_message message = seal_plain;
    wax_bytes envelope;

    wax_field_write(&fields, WAX_FIELD_CORRELATION, WAX_TEXT("id"));
    message.fields = wax_writer_bytes(&fields);
    message.padding = &padding;
    seal_world_make(world, suite, class, 2);
    world->sealer.place = 300;
    assert_int_equal(seal_text(world, &message, text, &envelope), WAX_OK);
    memcpy(kept, envelope.data, envelope.size);
    return wax_bytes_of(kept, envelope.size);
}

/* Opens a copy in memory of exactly its size; everything but `opened` must stay as it was. */
static void refuse(struct seal_world *world, wax_bytes envelope)
{
    static struct seal_world before;
    uint8_t *copy = malloc(envelope.size + (envelope.size == 0));

    before = *world;
    assert_non_null(copy);
    if (seal_open_at(world, seal_plain.topic, envelope, copy) != WAX_UNTRUSTED) {
        fail_msg("%zu bytes that were touched opened", envelope.size);
    }
    assert_int_not_equal(world->opened.event, WAX_SEAL_FINE);
    assert_int_equal(world->opened.payload.size, 0);
    for (size_t i = 0; i + 8 <= envelope.size; i++) {
        assert_memory_not_equal(copy + i, text, 8);
    }
    assert_memory_equal(world->senders, before.senders, sizeof before.senders);
    assert_memory_equal(world->topics, before.topics, sizeof before.topics);
    assert_memory_equal(&world->opener, &before.opener, sizeof before.opener);
    free(copy);
}

static void touch_all(const struct seal_suite *suite, wax_seal_class class)
{
    static struct seal_world world;
    uint8_t kept[SEAL_ROOM];
    uint8_t copy[SEAL_ROOM];
    const wax_bytes envelope = make(&world, suite, class, kept);

    for (size_t bit = 0; bit < 8 * envelope.size; bit++) {
        kept[bit / 8] ^= (uint8_t)(1U << bit % 8);
        refuse(&world, envelope);
        kept[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t size = 0; size < envelope.size; size++) {
        refuse(&world, wax_bytes_of(kept, size));
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        kept[envelope.size] = (uint8_t)byte;
        refuse(&world, wax_bytes_of(kept, envelope.size + 1));
    }
    assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
    assert_true(wax_bytes_equal(world.opened.payload, wax_bytes_of_text(text)));
}

static void what_was_touched_is_refused_and_leaves_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        touch_all(&seal_suites[i], WAX_CLASS_STREAM);
        touch_all(&seal_suites[i], WAX_CLASS_STATE);
    }
}

static void other_groups_epochs_and_classes_do_not_open_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        static struct seal_world world;
        uint8_t kept[SEAL_ROOM];
        uint8_t copy[SEAL_ROOM];
        const wax_bytes envelope = make(&world, &seal_suites[i], WAX_CLASS_STREAM, kept);

        for (size_t at = 0; at < WAX_SEAL_GROUP_ID; at++) {
            world.group.id[at] ^= 1;
            refuse(&world, envelope);
            world.group.id[at] ^= 1;
        }
        world.epochs[1].epoch += 256;
        refuse(&world, envelope);
        world.epochs[1].epoch -= 256;
        world.secrets[1][31] ^= 1;
        refuse(&world, envelope);
        world.secrets[1][31] ^= 1;
        world.group.group_class = WAX_CLASS_STATE;
        refuse(&world, envelope);
        world.group.group_class = WAX_CLASS_STREAM;
        assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
    }
}

/* The model of what a reader remembers: a list of all that came. */
static bool model_takes(const bool *came, uint32_t highest, bool is_empty, uint32_t position)
{
    return is_empty || position > highest || (highest - position <= 64 && !came[position]);
}

static void any_order_is_judged_as_by_a_list_of_all_that_came(void **state)
{
    enum { COUNT = 400, ROUNDS = 4000 };
    static struct seal_world world;
    static uint8_t kept[COUNT][96];
    static wax_bytes envelopes[COUNT];
    static bool came[COUNT];
    uint8_t copy[SEAL_ROOM];
    uint32_t highest = 0;
    uint32_t seed = 1;
    bool is_empty = true;

    (void)state;
    seal_world_make(&world, &seal_suites[1], WAX_CLASS_STREAM, 1);
    for (size_t i = 0; i < COUNT; i++) {
        wax_bytes envelope;

        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        memcpy(kept[i], envelope.data, envelope.size);
        envelopes[i] = wax_bytes_of(kept[i], envelope.size);
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        uint32_t position;
        bool takes;

        seed = seed * 1103515245U + 12345U;
        position = (uint32_t)(round / 12 + (seed >> 16) % 100) % COUNT;
        takes = model_takes(came, highest, is_empty, position);
        assert_int_equal(
            seal_open_at(&world, seal_plain.topic, envelopes[position], copy) == WAX_OK, takes);
        if (takes) {
            came[position] = true;
            highest = is_empty || position > highest ? position : highest;
            is_empty = false;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_touched_is_refused_and_leaves_no_trace),
        cmocka_unit_test(other_groups_epochs_and_classes_do_not_open_it),
        cmocka_unit_test(any_order_is_judged_as_by_a_list_of_all_that_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
