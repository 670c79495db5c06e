/* A sender's windows: none is used twice, none is used before it is written down, and where a
 * position comes twice all the same, no nonce does. */
#include "../seal_check.h"

static uint8_t copy[SEAL_ROOM];

static void each_start_takes_a_window_that_is_written_down_first(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t secret[WAX_SECRET_SIZE];

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    assert_int_equal(world.store.saves, 1);
    assert_int_equal(world.store.window.window, 0);
    memcpy(secret, world.sealer.secret, sizeof secret);
    assert_int_equal(seal_start(&world, 1), WAX_OK);
    assert_int_equal(world.store.saves, 2);
    assert_int_equal(world.store.window.window, 1);
    assert_int_equal(world.sealer.window, 1);
    /* Of the window before nothing is left, neither here nor there. */
    assert_memory_not_equal(world.sealer.secret, secret, sizeof secret);
    assert_memory_not_equal(world.store.window.secret, secret, sizeof secret);
}

static void in_class_state_no_secret_steps(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t key[WAX_DERIVED_MAX];

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    memcpy(key, world.sealer.key, sizeof key);
    assert_int_equal(seal_start(&world, 1), WAX_OK);
    assert_int_equal(world.sealer.window, 1);
    assert_memory_equal(world.sealer.key, key, sizeof key);
}

static void without_a_window_written_down_nothing_is_sealed(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    world.store.save_fails = WAX_IO;
    assert_int_equal(seal_start(&world, 1), WAX_IO);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_INVALID);
    assert_int_equal(envelope.size, 0);
    world.store.save_fails = WAX_OK;
    world.store.load_fails = WAX_IO;
    assert_int_equal(seal_start(&world, 1), WAX_IO);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_INVALID);
    world.store.load_fails = WAX_OK;
    assert_int_equal(seal_start(&world, 1), WAX_OK);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
}

static void a_window_that_is_used_up_waits_for_the_store(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};
    const unsigned class_of[] = {WAX_CLASS_STREAM, WAX_CLASS_STATE};

    for (size_t i = 0; i < WAX_COUNT(class_of); i++) {
        const uint32_t places =
            class_of[i] == WAX_CLASS_STREAM ? WAX_WINDOW_SIZE : WAX_WINDOW_SIZE - 1;

        seal_world_make(&world, &seal_suites[1], (wax_seal_class)class_of[i], 1);
        world.store.save_fails = WAX_FULL;
        for (uint32_t place = 0; place < places; place++) {
            assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        }
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_FULL);
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_FULL);
        world.store.save_fails = WAX_OK;
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
        assert_int_equal(world.opened.position, WAX_WINDOW_SIZE);
    }
}

static void an_epoch_has_65536_windows(void **state)
{
    (void)state;
    struct seal_world world;
    wax_seal_grant grant = {.epoch = 1, .first_window = 65535};
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[1], WAX_CLASS_STATE, 1);
    grant.secret = world.start_secret;
    assert_int_equal(wax_sealer_start(&world.sealer, &grant), WAX_OK);
    assert_int_equal(world.sealer.window, 65535);
    world.sealer.place = WAX_WINDOW_SIZE - 2;
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
    assert_int_equal(world.opened.position, WAX_POSITION_MAX - 1);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_FULL);
    assert_int_equal(wax_sealer_start(&world.sealer, &grant), WAX_FULL);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_INVALID);
}

static void an_epoch_does_not_come_back(void **state)
{
    (void)state;
    struct seal_world world;

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 2);
    assert_int_equal(seal_start(&world, 1), WAX_INVALID);
    world.sealer.sender = 0;
    assert_int_equal(seal_start(&world, 2), WAX_INVALID);
    world.sealer.sender = WAX_SENDER_MAX + 1;
    assert_int_equal(seal_start(&world, 2), WAX_INVALID);
    world.sealer.sender = WAX_SENDER_MAX;
    assert_int_equal(seal_start(&world, 2), WAX_OK);
    world.group.tag_size = 8;
    assert_int_equal(seal_start(&world, 2), WAX_INVALID); /* ChaCha20-Poly1305 has none */
}

static void another_number_begins_at_its_own_first_window(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    assert_int_equal(seal_start(&world, 1), WAX_OK);
    world.sealer.sender = 259;
    assert_int_equal(seal_start(&world, 1), WAX_OK);
    assert_int_equal(world.sealer.window, 0);
    assert_int_equal(world.store.window.sender, 259);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
}

static void the_authority_may_name_the_first_window(void **state)
{
    (void)state;
    struct seal_world world;
    wax_seal_grant grant = {.epoch = 1, .first_window = 9};
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    grant.secret = world.start_secret;
    assert_int_equal(wax_sealer_start(&world.sealer, &grant), WAX_OK);
    assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
    assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
    assert_int_equal(world.opened.position, 9 * WAX_WINDOW_SIZE);
    assert_int_equal(wax_sealer_start(&world.sealer, &grant), WAX_OK);
    assert_int_equal(world.sealer.window, 10);
}

/* A device and its clone, or one whose store was rolled back, seal under one position. */
static void under_one_position_equal_texts_are_equal_and_others_share_no_nonce(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(seal_suites); i++) {
        const size_t head = 2 + 3; /* of the header: position 0 takes no byte */
        struct seal_world device;
        struct seal_world clone;
        wax_seal_message noisy = seal_plain;
        wax_bytes one;
        wax_bytes other;

        noisy.extra = WAX_TEXT("boot 7");
        seal_world_make(&device, &seal_suites[i], WAX_CLASS_STREAM, 1);
        seal_world_make(&clone, &seal_suites[i], WAX_CLASS_STREAM, 1);
        assert_int_equal(seal_text(&device, &seal_plain, "21.5", &one), WAX_OK);
        assert_int_equal(seal_text(&clone, &seal_plain, "21.5", &other), WAX_OK);
        check_row(seal_suites[i].name, wax_bytes_equal(one, other));
        seal_world_make(&clone, &seal_suites[i], WAX_CLASS_STREAM, 1);
        assert_int_equal(seal_text(&clone, &seal_plain, "21.6", &other), WAX_OK);
        check_row(seal_suites[i].name, memcmp(one.data, other.data, head) == 0);
        check_row(seal_suites[i].name, memcmp(one.data + head, other.data + head, 8) != 0);
        seal_world_make(&clone, &seal_suites[i], WAX_CLASS_STREAM, 1);
        assert_int_equal(seal_text(&clone, &noisy, "21.5", &other), WAX_OK);
        check_row(seal_suites[i].name, memcmp(one.data + head, other.data + head, 8) != 0);
        check_row(seal_suites[i].name,
                  seal_open_at(&clone, seal_plain.topic, other, copy) == WAX_OK);
    }
}

static void a_will_is_above_what_was_sealed_before_and_below_the_next_connection(void **state)
{
    (void)state;
    struct seal_world world;
    wax_seal_buffer buffer = {.data = world.buffer, .size = SEAL_ROOM};
    uint8_t kept[2][128];
    wax_bytes wills[2];
    wax_bytes online;

    buffer.payload_at = wax_seal_head_size(&seal_plain);
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    for (size_t i = 0; i < 2; i++) {
        wax_bytes will;

        assert_int_equal(wax_sealer_seal_will(&world.sealer, &seal_plain, &buffer, &will), WAX_OK);
        memcpy(kept[i], will.data, will.size);
        wills[i] = wax_bytes_of(kept[i], will.size);
        assert_int_equal(seal_text(&world, &seal_plain, "online", &online), WAX_OK);
        assert_int_equal(seal_open_at(&world, seal_plain.topic, online, copy), WAX_OK);
        assert_int_equal(seal_open_at(&world, seal_plain.topic, wills[i], copy), WAX_OK);
        assert_int_equal(world.opened.event, WAX_SEAL_FINE);
    }
    assert_int_equal(world.sealer.window, 1);
    assert_int_equal(seal_open_at(&world, seal_plain.topic, wills[0], copy), WAX_UNTRUSTED);
    assert_int_equal(world.opened.event, WAX_SEAL_ROLLBACK);
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    assert_int_equal(wax_sealer_seal_will(&world.sealer, &seal_plain, &buffer, &online),
                     WAX_INVALID);
}

static void a_year_of_epochs_passes(void **state)
{
    (void)state;
    struct seal_world world;
    wax_bytes envelope = {0};

    seal_world_make(&world, &seal_suites[1], WAX_CLASS_STREAM, SEAL_EPOCHS);
    for (uint32_t epoch = SEAL_EPOCHS + 1; epoch <= 365; epoch++) {
        memmove(world.epochs, world.epochs + 1, (SEAL_EPOCHS - 1) * sizeof world.epochs[0]);
        world.epochs[SEAL_EPOCHS - 1].epoch = epoch;
        world.epochs[SEAL_EPOCHS - 1].secret = world.secrets[epoch % SEAL_EPOCHS];
        world.secrets[epoch % SEAL_EPOCHS][0]++;
        assert_int_equal(seal_start(&world, epoch), WAX_OK);
        assert_int_equal(world.sealer.window, 0);
        assert_int_equal(seal_text(&world, &seal_plain, "text", &envelope), WAX_OK);
        assert_int_equal(seal_open_at(&world, seal_plain.topic, envelope, copy), WAX_OK);
        assert_int_equal(world.opened.epoch, epoch);
    }
}

static void the_buffer_must_have_room(void **state)
{
    (void)state;
    struct seal_world world;
    wax_seal_buffer buffer = {.data = world.buffer, .payload_size = 4};
    wax_bytes envelope = {0};
    size_t exact;

    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    buffer.payload_at = wax_seal_head_size(&seal_plain);
    exact = buffer.payload_at + 4 + wax_seal_tail_size(&world.group, &seal_plain, 4);
    assert_int_equal(buffer.payload_at, WAX_SEAL_HEAD_MAX);
    buffer.size = exact - 1;
    assert_int_equal(wax_sealer_seal(&world.sealer, &seal_plain, &buffer, &envelope), WAX_FULL);
    buffer.size = exact;
    buffer.payload_at--;
    assert_int_equal(wax_sealer_seal(&world.sealer, &seal_plain, &buffer, &envelope), WAX_FULL);
    buffer.payload_at = exact + 1;
    assert_int_equal(wax_sealer_seal(&world.sealer, &seal_plain, &buffer, &envelope), WAX_FULL);
    buffer.payload_at = WAX_SEAL_HEAD_MAX;
    world.sealer.room.size = WAX_SEAL_ROOM_SIZE(seal_plain.topic.size) - 1;
    assert_int_equal(wax_sealer_seal(&world.sealer, &seal_plain, &buffer, &envelope), WAX_FULL);
    assert_int_equal(world.sealer.place, 0);
    world.sealer.room.size = WAX_SEAL_ROOM_SIZE(seal_plain.topic.size);
    assert_int_equal(wax_sealer_seal(&world.sealer, &seal_plain, &buffer, &envelope), WAX_OK);
}

static void signatures_are_made_and_judged_inside(void **state)
{
    (void)state;
    struct seal_world world;
    const uint8_t secret[WAX_P256_SECRET_SIZE] = {1, 2, 3};
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
    const wax_signer signer = {.sign = wax_signer_p256_sign, .secret = secret};
    const wax_sender_key key = {.sender = 258, .public_key = public_key};
    wax_seal_message message = seal_plain;
    wax_bytes envelope = {0};

    assert_int_equal(wax_crypto_p256_public(secret, public_key), WAX_OK);
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STREAM, 1);
    message.signer = &signer;
    assert_int_equal(seal_text(&world, &message, "open", &envelope), WAX_OK);
    assert_int_equal(envelope.size, 4 + 31 + 64 - 1); /* positions below 8 take no byte */
    assert_int_equal(seal_open_at(&world, message.topic, envelope, copy), WAX_UNTRUSTED);
    assert_int_equal(world.opened.event, WAX_SEAL_BAD_SIGNATURE);
    world.opener.keys = &key;
    world.opener.key_count = 1;
    assert_int_equal(seal_open_at(&world, message.topic, envelope, copy), WAX_UNTRUSTED);
    world.opener.verify = wax_verify_p256;
    assert_int_equal(seal_open_at(&world, message.topic, envelope, copy), WAX_OK);
    assert_true(world.opened.is_signed);
    assert_int_equal(seal_text(&world, &seal_plain, "open", &envelope), WAX_OK);
    assert_int_equal(seal_open_at(&world, message.topic, envelope, copy), WAX_UNTRUSTED);
    assert_int_equal(world.opened.event, WAX_SEAL_BAD_SIGNATURE);
}

static void fields_travel_inside(void **state)
{
    (void)state;
    struct seal_world world;
    uint8_t room[256];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_seal_message message = seal_plain;
    wax_bytes envelope = {0};
    wax_reader fields;
    wax_field field;
    uint8_t last = 0;

    wax_field_write(&out, WAX_FIELD_CONTENT_TYPE, WAX_TEXT("text/plain"));
    wax_field_write_number(&out, WAX_FIELD_SEALED_AT, UINT64_C(1700000000123));
    wax_field_write_user(&out, WAX_TEXT("name"), WAX_TEXT("value"));
    assert_int_equal(out.status, WAX_OK);
    message.fields = wax_writer_bytes(&out);
    message.retain = true;
    seal_world_make(&world, &seal_suites[0], WAX_CLASS_STATE, 1);
    assert_int_equal(seal_text(&world, &message, "text", &envelope), WAX_OK);
    assert_int_equal(seal_open_at(&world, message.topic, envelope, copy), WAX_OK);
    assert_true(world.opened.retain);
    fields = wax_reader_over(world.opened.fields);
    assert_true(wax_field_next(&fields, &last, &field));
    assert_true(wax_bytes_equal(field.value, WAX_TEXT("text/plain")));
    assert_true(wax_field_next(&fields, &last, &field));
    assert_true(field.number == UINT64_C(1700000000123));
    assert_true(wax_field_next(&fields, &last, &field));
    assert_int_equal(field.type, WAX_FIELD_USER_PROPERTY);
    assert_false(wax_field_next(&fields, &last, &field));
    assert_int_equal(fields.status, WAX_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_start_takes_a_window_that_is_written_down_first),
        cmocka_unit_test(in_class_state_no_secret_steps),
        cmocka_unit_test(without_a_window_written_down_nothing_is_sealed),
        cmocka_unit_test(a_window_that_is_used_up_waits_for_the_store),
        cmocka_unit_test(an_epoch_has_65536_windows),
        cmocka_unit_test(an_epoch_does_not_come_back),
        cmocka_unit_test(another_number_begins_at_its_own_first_window),
        cmocka_unit_test(the_authority_may_name_the_first_window),
        cmocka_unit_test(under_one_position_equal_texts_are_equal_and_others_share_no_nonce),
        cmocka_unit_test(a_will_is_above_what_was_sealed_before_and_below_the_next_connection),
        cmocka_unit_test(a_year_of_epochs_passes),
        cmocka_unit_test(the_buffer_must_have_room),
        cmocka_unit_test(signatures_are_made_and_judged_inside),
        cmocka_unit_test(fields_travel_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
