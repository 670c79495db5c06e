/* Messages under seal: what is sealed opens, once, and whatever else comes is refused. */
#include "../seal_check.h"

static uint8_t copy[SEAL_ROOM];

static bool opens_as(struct seal_world *world, wax_bytes envelope, const char *text)
{
    return seal_open_at(world, seal_plain.topic, envelope, copy) == WAX_OK &&
           wax_bytes_equal(world->opened.payload, wax_bytes_of_text(text));
}

static bool is_refused(struct seal_world *world, wax_bytes envelope, wax_seal_event event)
{
    return seal_open_at(world, seal_plain.topic, envelope, copy) == WAX_UNTRUSTED &&
           world->opened.event == event && world->opened.payload.size == 0;
}

static void what_is_sealed_opens_in_every_suite_and_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        for (unsigned class = WAX_CLASS_STATE; class <= WAX_CLASS_STREAM; class ++) {
            struct seal_world world;
            wax_bytes envelope;
            size_t size;

            seal_world_make(&world, &seal_suites[i], (wax_seal_class) class, 3);
            size = wax_sealer_envelope_size(&world.sealer, &seal_plain, 2);
            check_row(seal_suites[i].name,
                      seal_text(&world, &seal_plain, "21", &envelope) == WAX_OK);
            check_row(seal_suites[i].name, envelope.size == size);
            check_row(seal_suites[i].name, opens_as(&world, envelope, "21"));
            check_row(seal_suites[i].name, world.opened.is_first && world.opened.sender == 258 &&
                                               world.opened.epoch == 3 && !world.opened.is_signed);
        }
    }
}

static void an_envelope_costs_what_the_format_says(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};
    uint8_t secret[WAX_P256_SECRET_SIZE] = {[31] = 1};
    const wax_signer signer = {wax_signer_p256_sign, secret};
    wax_seal_message signed_message = seal_plain;

    signed_message.signer = &signer;
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    world.sealer.window = 16; /* positions of 2^16 and more */
    assert_int_equal(seal_text(&world, &seal_plain, "0123456789", &envelope), WAX_OK);
    assert_int_equal(envelope.size, 10 + 33);
    assert_int_equal(seal_text(&world, &signed_message, "0123456789", &envelope), WAX_OK);
    assert_int_equal(envelope.size, 10 + 97);
    seal_world_make(&world, &seal_suites[2], WAX_CLASS_STREAM, 1);
    world.sealer.window = 16;
    assert_int_equal(seal_text(&world, &seal_plain, "0123456789", &envelope), WAX_OK);
    assert_int_equal(envelope.size, 10 + 25);
}

static void each_message_of_a_stream_counts_once(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t kept[70][128];
    wax_bytes envelopes[70];

    seal_world_make(&world, &seal_suites[1], WAX_CLASS_STREAM, 1);
    for (size_t i = 0; i < 70; i++) {
        wax_bytes envelope;

        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        memcpy(kept[i], envelope.data, envelope.size);
        envelopes[i] = wax_bytes_of(kept[i], envelope.size);
    }
    assert_true(opens_as(&world, envelopes[1], "text"));
    assert_int_equal(world.opened.gap, 0); /* of what came before nobody knew */
    assert_true(is_refused(&world, envelopes[1], WAX_SEAL_REPLAY));
    assert_true(opens_as(&world, envelopes[5], "text"));
    assert_int_equal(world.opened.event, WAX_SEAL_GAP);
    assert_int_equal(world.opened.gap, 3);
    assert_true(opens_as(&world, envelopes[3], "text"));
    assert_int_equal(world.opened.event, WAX_SEAL_FINE);
    assert_true(is_refused(&world, envelopes[3], WAX_SEAL_REPLAY));
    assert_true(opens_as(&world, envelopes[69], "text"));
    assert_true(is_refused(&world, envelopes[4], WAX_SEAL_REPLAY)); /* 65 below */
    assert_true(is_refused(&world, envelopes[5], WAX_SEAL_REPLAY)); /* 64 below, and came */
    assert_true(opens_as(&world, envelopes[6], "text"));            /* 63 below */
    assert_true(is_refused(&world, envelopes[6], WAX_SEAL_REPLAY));
    assert_true(is_refused(&world, envelopes[69], WAX_SEAL_REPLAY));
}

static void what_is_64_below_opens_and_nothing_below_that(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t kept[2][128];
    wax_bytes envelopes[2];
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    for (size_t i = 0; i < 66; i++) {
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        if (i < 2) {
            memcpy(kept[i], envelope.data, envelope.size);
            envelopes[i] = wax_bytes_of(kept[i], envelope.size);
        }
    }
    assert_true(opens_as(&world, envelope, "text"));
    assert_true(is_refused(&world, envelopes[0], WAX_SEAL_REPLAY));
    assert_true(opens_as(&world, envelopes[1], "text"));
    assert_true(is_refused(&world, envelopes[1], WAX_SEAL_REPLAY));
}

static void the_window_before_opens_what_comes_late(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t kept[128];
    wax_bytes late;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    world.sealer.place = WAX_WINDOW_SIZE - 2;
    assert_int_equal(seal_text(&world, &seal_plain, "one", &envelope), WAX_OK);
    assert_true(opens_as(&world, envelope, "one"));
    assert_int_equal(seal_text(&world, &seal_plain, "two", &late), WAX_OK);
    memcpy(kept, late.data, late.size);
    late.data = kept;
    assert_int_equal(seal_text(&world, &seal_plain, "three", &envelope), WAX_OK);
    assert_int_equal(world.sealer.window, 1);
    assert_int_equal(world.store.window.window, 1);
    assert_true(opens_as(&world, envelope, "three"));
    assert_int_equal(world.opened.gap, 0); /* how much of a window is used, the sender knows */
    assert_true(opens_as(&world, late, "two"));
    assert_true(is_refused(&world, late, WAX_SEAL_REPLAY));
}

static void a_reader_steps_forward_over_restarts(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i += 2) {
        struct seal_world world;
        wax_bytes envelope;

        seal_world_make(&world, &seal_suites[i], WAX_CLASS_STREAM, 1);
        for (unsigned start = 0; start < 300; start++) {
            assert_int_equal(seal_start(&world, 1), WAX_OK);
        }
        assert_int_equal(world.sealer.window, 300);
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        world.opener.step_max = 299;
        assert_true(is_refused(&world, envelope, WAX_SEAL_TOO_FAR));
        world.opener.step_max = 300;
        assert_true(opens_as(&world, envelope, "text"));
        assert_int_equal(seal_start(&world, 1), WAX_OK);
        world.opener.step_max = 1;
        assert_int_equal(seal_text(&world, &seal_plain, "next", &envelope), WAX_OK);
        assert_true(opens_as(&world, envelope, "next"));
    }
}

static void of_a_state_only_the_latest_counts(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t kept[3][128];
    wax_bytes envelopes[3];

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    for (size_t i = 0; i < 3; i++) {
        wax_bytes envelope;

        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        memcpy(kept[i], envelope.data, envelope.size);
        envelopes[i] = wax_bytes_of(kept[i], envelope.size);
    }
    assert_true(opens_as(&world, envelopes[1], "text"));
    assert_true(opens_as(&world, envelopes[1], "text"));
    assert_true(world.opened.is_again);
    assert_int_equal(world.opened.event, WAX_SEAL_AGAIN);
    assert_true(is_refused(&world, envelopes[0], WAX_SEAL_ROLLBACK));
    assert_true(opens_as(&world, envelopes[2], "text"));
    assert_false(world.opened.is_again);
    assert_true(is_refused(&world, envelopes[1], WAX_SEAL_ROLLBACK));
}

static void another_topic_has_a_latest_of_its_own(void **state)
{
    (void)state;
    struct seal_world world;
    wax_seal_message other = seal_plain;
    uint8_t kept[128];
    wax_bytes first;
    wax_bytes second;

    other.topic = WAX_TEXT("home/hall/temp");
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    assert_int_equal(seal_text(&world, &other, "hall", &first), WAX_OK);
    memcpy(kept, first.data, first.size);
    first.data = kept;
    assert_int_equal(seal_text(&world, &seal_plain, "kitchen", &second), WAX_OK);
    assert_true(opens_as(&world, second, "kitchen"));
    assert_int_equal(seal_open_at(&world, other.topic, first, copy), WAX_OK);
    assert_true(is_refused(&world, first, WAX_SEAL_ROLLBACK));
    assert_int_equal(seal_open_at(&world, WAX_TEXT("home"), second, copy), WAX_UNTRUSTED);
    assert_int_equal(world.opened.event, WAX_SEAL_NOT_OPENED);
}

static void a_newcomer_believes_nothing_below_the_floor(void **state)
{
    (void)state;
    struct seal_world world;
    const wax_sender_floor floor = {.sender = 258, .epoch = 1, .position = 1};
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    world.opener.floors = &floor;
    world.opener.floor_count = 1;
    assert_int_equal(seal_text(&world, &seal_plain, "old", &envelope), WAX_OK);
    assert_true(is_refused(&world, envelope, WAX_SEAL_ROLLBACK));
    assert_int_equal(seal_text(&world, &seal_plain, "new", &envelope), WAX_OK);
    assert_true(opens_as(&world, envelope, "new"));
}

static void epochs_end(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t kept[128];
    wax_bytes old;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 4);
    world.store.has_window = false;
    assert_int_equal(seal_start(&world, 2), WAX_OK);
    assert_int_equal(seal_text(&world, &seal_plain, "old", &old), WAX_OK);
    memcpy(kept, old.data, old.size);
    old.data = kept;
    world.opener.epochs_kept = 2;
    assert_true(is_refused(&world, old, WAX_SEAL_OLD_EPOCH));
    world.opener.epochs_kept = 3;
    assert_true(opens_as(&world, old, "old"));
    assert_int_equal(seal_start(&world, 4), WAX_OK);
    assert_int_equal(world.sealer.window, 0);
    assert_int_equal(seal_text(&world, &seal_plain, "new", &envelope), WAX_OK);
    assert_true(opens_as(&world, envelope, "new"));
    assert_true(is_refused(&world, old, WAX_SEAL_REPLAY));
    world.opener.epoch_count = 3;
    assert_true(is_refused(&world, envelope, WAX_SEAL_OLD_EPOCH)); /* not known yet */
}

static void an_epoch_is_told_by_its_lowest_bits_among_those_held(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[1], WAX_CLASS_STATE, 2);
    world.epochs[0].epoch = 300;
    world.epochs[1].epoch = 365;
    assert_int_equal(seal_start(&world, 300), WAX_OK);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    world.opener.epochs_kept = 2;
    assert_true(opens_as(&world, envelope, "text"));
    assert_int_equal(world.opened.epoch, 300);
    world.opener.epochs_kept = 1;
    assert_true(is_refused(&world, envelope, WAX_SEAL_OLD_EPOCH));
}

static void a_class_secret_opens_what_is_retained(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t secret[WAX_SECRET_SIZE];
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    assert_int_equal(wax_seal_class_secret(&world.group, 1, world.secrets[0], secret), WAX_OK);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    world.epochs[0] = (wax_epoch_key){.epoch = 1, .what = WAX_EPOCH_CLASS, .secret = secret};
    assert_true(opens_as(&world, envelope, "text"));
    world.epochs[0].what = WAX_EPOCH_SENDER;
    assert_true(is_refused(&world, envelope, WAX_SEAL_OLD_EPOCH));
}

static void strangers_and_clear_text_are_refused(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    assert_true(is_refused(&world, WAX_TEXT("21.5"), WAX_SEAL_UNSEALED));
    assert_true(is_refused(&world, WAX_TEXT(""), WAX_SEAL_UNSEALED));
    assert_true(is_refused(&world, WAX_TEXT("\xfb\x01"), WAX_SEAL_BAD_FORM));
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    world.range.last = 257;
    assert_true(is_refused(&world, envelope, WAX_SEAL_UNKNOWN_SENDER));
    world.opener.range_count = 0;
    assert_true(is_refused(&world, envelope, WAX_SEAL_UNKNOWN_SENDER));
}

/* What is refused once it is open is not left where it was opened. */
static void nothing_is_left_of_a_text_that_is_refused(void **state)
{
    (void)state;
    static const uint8_t nonce[WAX_BOOT_NONCE_SIZE] = {1};
    struct seal_world world;
    wax_bytes envelope = {0};
    uint8_t room[32];
    wax_writer fields = wax_writer_over(room, sizeof room);
    wax_seal_message message = seal_plain;

    wax_field_write(&fields, WAX_FIELD_BOOT_NONCE, wax_bytes_of(nonce, sizeof nonce));
    message.fields = wax_writer_bytes(&fields);
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        size_t at = 0;

        seal_world_make(&world, &seal_suites[i], WAX_CLASS_STREAM, 1);
        assert_int_equal(seal_text(&world, &message, "secret", &envelope), WAX_OK);
        assert_true(is_refused(&world, envelope, WAX_SEAL_WRONG_BOOT));
        while (at < envelope.size && copy[at] == 0) {
            at++;
        }
        assert_int_equal(at, envelope.size);
    }
}

static void records_are_finite(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    for (uint32_t sender = 256; sender < 266; sender++) {
        world.store.has_window = false;
        world.sealer.sender = sender;
        assert_int_equal(seal_start(&world, 1), WAX_OK);
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        assert_true(opens_as(&world, envelope, "text"));
        assert_true(is_refused(&world, envelope, WAX_SEAL_REPLAY));
    }
    /* The four that came last are remembered. */
    for (size_t i = 0; i < SEAL_SENDERS; i++) {
        assert_true(world.senders[i].record.sender >= 262);
    }
    world.opener.sender_count = 0;
    assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_in_every_suite_and_class),
        cmocka_unit_test(an_envelope_costs_what_the_format_says),
        cmocka_unit_test(each_message_of_a_stream_counts_once),
        cmocka_unit_test(what_is_64_below_opens_and_nothing_below_that),
        cmocka_unit_test(the_window_before_opens_what_comes_late),
        cmocka_unit_test(a_reader_steps_forward_over_restarts),
        cmocka_unit_test(of_a_state_only_the_latest_counts),
        cmocka_unit_test(another_topic_has_a_latest_of_its_own),
        cmocka_unit_test(a_newcomer_believes_nothing_below_the_floor),
        cmocka_unit_test(epochs_end),
        cmocka_unit_test(an_epoch_is_told_by_its_lowest_bits_among_those_held),
        cmocka_unit_test(a_class_secret_opens_what_is_retained),
        cmocka_unit_test(strangers_and_clear_text_are_refused),
        cmocka_unit_test(nothing_is_left_of_a_text_that_is_refused),
        cmocka_unit_test(records_are_finite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
