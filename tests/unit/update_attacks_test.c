/* What somebody may try who can publish whatever he likes: what the broker carries is never
 * believed. Each test is an attack. */
#include "../update_check.h"

static const wax_update_board shape = {
    .sector_size = 512, .slot_size = 8192, .log_size = 1024, .write_size = 8};

enum { CHUNK = 256, SIZE = 3000 };

struct siege {
    struct update_world world;
    struct update_image old;
    struct update_image young;
};

static int lay_siege(void **state)
{
    struct siege *siege = calloc(1, sizeof *siege);
    uint8_t slot;

    assert_non_null(siege);
    update_world_open(&siege->world, &shape);
    update_image_make(&siege->old, 6, SIZE, CHUNK);
    update_image_make(&siege->young, 7, SIZE, CHUNK);
    update_image_sign(&siege->old, &siege->world.vendor);
    update_image_sign(&siege->young, &siege->world.vendor);
    update_world_equip(&siege->world, &siege->old);
    assert_int_equal(update_world_start(&siege->world, &slot), WAX_OK);
    siege->world.flash.operations = 0;
    *state = siege;
    return 0;
}

static int lift_siege(void **state)
{
    struct siege *siege = *state;

    update_image_free(&siege->old);
    update_image_free(&siege->young);
    update_world_close(&siege->world);
    free(siege);
    return 0;
}

/* What is offered is refused for this reason, and no byte of the flash changes. */
static void expect_refusal(struct siege *siege, const struct update_image *image,
                           wax_update_refusal refusal)
{
    const wax_bytes message = wax_bytes_of(image->message, image->message_size);
    uint32_t index;

    siege->world.flash.operations = 0;
    assert_int_equal(wax_update_offer(&siege->world.device, message), WAX_NOT_AUTHORIZED);
    assert_int_equal(siege->world.device.refusal, refusal);
    assert_int_equal(siege->world.flash.operations, 0);
    assert_false(wax_update_wanted(&siege->world.device, &index));
}

static void begin(struct siege *siege)
{
    assert_int_equal(
        wax_update_offer(&siege->world.device,
                         wax_bytes_of(siege->young.message, siege->young.message_size)),
        WAX_OK);
    siege->world.flash.operations = 0;
}

/* A chunk that is refused leaves no trace in flash, and the right one is still wanted. */
static void expect_no_chunk(struct siege *siege, uint32_t at, wax_bytes message, wax_status status)
{
    uint32_t index;

    assert_int_equal(wax_update_take(&siege->world.device, at, message), status);
    assert_int_equal(siege->world.flash.operations, 0);
    assert_true(wax_update_wanted(&siege->world.device, &index));
    assert_int_equal(index, 0);
}

static void an_image_signed_by_a_foreign_key(void **state)
{
    struct siege *siege = *state;
    const struct update_vendor stranger = update_vendor_make(2);

    update_image_sign(&siege->young, &stranger);
    expect_refusal(siege, &siege->young, WAX_UPDATE_FOREIGN);
}

/* The key's name that the manifest carries is the vendor's, the signature is not. */
static void a_foreign_signature_under_the_vendors_name(void **state)
{
    struct siege *siege = *state;
    const struct update_vendor stranger = update_vendor_make(2);
    uint8_t name[8];

    memcpy(name, siege->young.message + 9, sizeof name);
    update_image_sign(&siege->young, &stranger);
    memcpy(siege->young.message + 9, name, sizeof name);
    expect_refusal(siege, &siege->young, WAX_UPDATE_FOREIGN);
}

/* The head of one manifest before the signature of another. */
static void a_header_that_was_swapped(void **state)
{
    struct siege *siege = *state;
    struct update_image next;

    update_image_make(&next, 9, SIZE, CHUNK);
    update_image_sign(&next, &siege->world.vendor);
    assert_int_equal(next.message_size, siege->young.message_size);
    memcpy(siege->young.message, next.message, next.message_size - WAX_P256_SIGNATURE_SIZE);
    expect_refusal(siege, &siege->young, WAX_UPDATE_FOREIGN);
    update_image_free(&next);
}

/* Something else that the same key has signed is no manifest. */
static void a_signature_made_for_something_else(void **state)
{
    struct siege *siege = *state;

    siege->young.message[1] = 0x83;
    expect_refusal(siege, &siege->young, WAX_UPDATE_NO_MANIFEST);
}

/* Two publishers: the chunks of another image, signed too, between those of this one. */
static void chunks_of_two_images_interleaved(void **state)
{
    struct siege *siege = *state;
    uint32_t index;

    begin(siege);
    expect_no_chunk(siege, 0, update_image_message(&siege->old, 0), WAX_UNTRUSTED);
    while (wax_update_wanted(&siege->world.device, &index)) {
        assert_int_equal(
            wax_update_take(&siege->world.device, index, update_image_message(&siege->old, index)),
            WAX_UNTRUSTED);
        assert_int_equal(wax_update_take(&siege->world.device, index,
                                         update_image_message(&siege->young, index)),
                         WAX_OK);
    }
    assert_int_equal(update_world_receive(&siege->world, &siege->young), WAX_OK);
    assert_memory_equal(siege->world.flash.bytes[WAX_UPDATE_SLOT_1], siege->young.bytes, SIZE);
}

/* The right chunk under the number of another. */
static void chunks_in_another_order(void **state)
{
    struct siege *siege = *state;

    begin(siege);
    expect_no_chunk(siege, 0, update_image_message(&siege->young, 1), WAX_UNTRUSTED);
    expect_no_chunk(siege, 1, update_image_message(&siege->young, 1), WAX_NOT_FOUND);
    expect_no_chunk(siege, UINT32_MAX, update_image_message(&siege->young, 1), WAX_NOT_FOUND);
}

static void an_old_version(void **state)
{
    struct siege *siege = *state;
    struct update_image ancient;

    update_image_make(&ancient, 5, SIZE, CHUNK);
    update_image_sign(&ancient, &siege->world.vendor);
    expect_refusal(siege, &ancient, WAX_UPDATE_OLD);
    update_image_free(&ancient);
}

/* What has once been taken on keeps out what is older, also if it never came to its end. */
static void a_version_that_was_superseded_before_it_ran(void **state)
{
    struct siege *siege = *state;
    struct update_image next;
    uint8_t slot;

    update_image_make(&next, 8, SIZE, CHUNK);
    update_image_sign(&next, &siege->world.vendor);
    assert_int_equal(
        wax_update_offer(&siege->world.device, wax_bytes_of(next.message, next.message_size)),
        WAX_OK);
    assert_int_equal(update_world_start(&siege->world, &slot), WAX_OK);
    assert_int_equal(
        wax_update_offer(&siege->world.device,
                         wax_bytes_of(siege->young.message, siege->young.message_size)),
        WAX_NOT_AUTHORIZED);
    assert_int_equal(siege->world.device.refusal, WAX_UPDATE_OLD);
    update_image_free(&next);
}

/* Another image under the version that runs is no news. */
static void another_image_of_the_version_that_runs(void **state)
{
    struct siege *siege = *state;
    struct update_image twin;
    uint32_t index;

    update_image_make(&twin, 6, SIZE, CHUNK);
    twin.bytes[0] ^= 1U;
    update_image_sign(&twin, &siege->world.vendor);
    assert_int_equal(
        wax_update_offer(&siege->world.device, wax_bytes_of(twin.message, twin.message_size)),
        WAX_OK);
    assert_false(wax_update_wanted(&siege->world.device, &index));
    assert_int_equal(siege->world.flash.operations, 0);
    update_image_free(&twin);
}

static void an_image_for_another_class(void **state)
{
    struct siege *siege = *state;

    siege->young.manifest.class_name = WAX_TEXT("valve");
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_NOT_OURS);
}

static void an_image_of_another_vendor(void **state)
{
    struct siege *siege = *state;

    siege->young.manifest.vendor = WAX_TEXT("acme2");
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_NOT_OURS);
}

static void an_image_that_wants_a_newer_one_first(void **state)
{
    struct siege *siege = *state;

    siege->young.manifest.version = 9;
    siege->young.manifest.minimum = 7;
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_TOO_FAR);
}

/* Even the vendor cannot make a device want more than it has room for. */
static void a_huge_length(void **state)
{
    struct siege *siege = *state;

    siege->young.manifest.size = shape.slot_size + 1;
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_TOO_LARGE);
    siege->young.manifest.size = (1U << 24U) - 1;
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_TOO_LARGE);
    siege->young.manifest.size = SIZE;
    siege->young.manifest.chunk_size = 65536;
    siege->world.config.room_size = 4096;
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_TOO_LARGE);
    siege->young.manifest.chunk_size = 320; /* fits no sector */
    update_image_sign(&siege->young, &siege->world.vendor);
    expect_refusal(siege, &siege->young, WAX_UPDATE_TOO_LARGE);
}

static void a_chunk_of_a_huge_length(void **state)
{
    struct siege *siege = *state;
    uint8_t *message = calloc(1, 1U << 20U);

    assert_non_null(message);
    begin(siege);
    memcpy(message, siege->young.bytes, SIZE);
    expect_no_chunk(siege, 0, wax_bytes_of(message, 1U << 20U), WAX_MALFORMED);
    free(message);
}

/* The image ends before its size: nothing is ready, whatever boots in between. */
static void a_truncated_image(void **state)
{
    struct siege *siege = *state;
    const uint32_t count = wax_update_chunk_count(&siege->young.manifest);
    const wax_bytes last = update_image_message(&siege->young, count - 1);
    uint8_t slot;

    begin(siege);
    expect_no_chunk(siege, 0, wax_bytes_of(siege->young.bytes, 0), WAX_MALFORMED);
    for (uint32_t i = 0; i < count - 1; i++) {
        assert_int_equal(
            wax_update_take(&siege->world.device, i, update_image_message(&siege->young, i)),
            WAX_OK);
    }
    assert_int_equal(
        wax_update_take(&siege->world.device, count - 1, wax_bytes_of(last.data, last.size - 1)),
        WAX_MALFORMED);
    assert_int_equal(wax_update_check(&siege->world.device), WAX_UNTRUSTED);
    assert_int_equal(update_world_start(&siege->world, &slot), WAX_OK);
    assert_int_equal(wax_update_running_version(&siege->world.device), 6);
}

/* Topics are of this class and version, and of nothing else. */
static void messages_on_other_topics(void **state)
{
    static const char *const topics[] = {
        "plant/u/pump/6/0", "plant/u/pump/7/1",  "plant/u/pump/7/00",    "plant/u/valve/7/0",
        "plant/u/pump/7",   "plant/u/pump/7/0/", "other/u/pump/7/0",     "plant/u/pump/status",
        "plant/u/manifest", "plant/u//manifest", "plant/u/pumpmanifest", "",
    };
    struct siege *siege = *state;

    begin(siege);
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        const wax_bytes message = update_image_message(&siege->young, 0);

        check_row(topics[i], wax_update_hear(&siege->world.device, wax_bytes_of_text(topics[i]),
                                             message) == WAX_NOT_FOUND);
    }
    assert_int_equal(siege->world.flash.operations, 0);
    assert_int_equal(wax_update_hear(&siege->world.device, WAX_TEXT("plant/u/pump/7/0"),
                                     update_image_message(&siege->young, 0)),
                     WAX_OK);
}

static void a_manifest_comes_by_class_by_group_and_by_name(void **state)
{
    static const char *const topics[] = {"plant/u/pump/manifest", "plant/u/hall-2/manifest",
                                         "plant/u/pump-7/manifest"};
    struct siege *siege = *state;

    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        check_row(topics[i], wax_update_hear(&siege->world.device, wax_bytes_of_text(topics[i]),
                                             wax_bytes_of("junk", 4)) == WAX_NOT_AUTHORIZED);
        check_row(topics[i], wax_update_hear(&siege->world.device, wax_bytes_of_text(topics[i]),
                                             wax_bytes_of("", 0)) == WAX_OK);
    }
}

static void what_goes_on_is_told(void **state)
{
    struct siege *siege = *state;
    uint8_t room[WAX_UPDATE_STATUS_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    static const char receiving[] =
        "{\"vendor\":\"acme\",\"class\":\"pump\",\"group\":\"hall-2\",\"version\":6,"
        "\"state\":\"receiving\",\"to\":7,\"done\":1,\"of\":12}";
    static const char refused[] =
        "{\"vendor\":\"acme\",\"class\":\"pump\",\"group\":\"hall-2\",\"version\":6,"
        "\"state\":\"idle\",\"refused\":\"malformed\"}";

    assert_int_equal(wax_update_hear(&siege->world.device, WAX_TEXT("plant/u/pump/manifest"),
                                     wax_bytes_of("junk", 4)),
                     WAX_NOT_AUTHORIZED);
    wax_update_show(&siege->world.device, &out);
    assert_true(wax_bytes_equal(wax_writer_bytes(&out), WAX_TEXT(refused)));
    begin(siege);
    assert_int_equal(
        wax_update_take(&siege->world.device, 0, update_image_message(&siege->young, 0)), WAX_OK);
    out = wax_writer_over(room, sizeof room);
    wax_update_show(&siege->world.device, &out);
    assert_true(wax_bytes_equal(wax_writer_bytes(&out), WAX_TEXT(receiving)));
}

#define ATTACK(name) cmocka_unit_test_setup_teardown(name, lay_siege, lift_siege)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACK(an_image_signed_by_a_foreign_key),
        ATTACK(a_foreign_signature_under_the_vendors_name),
        ATTACK(a_header_that_was_swapped),
        ATTACK(a_signature_made_for_something_else),
        ATTACK(chunks_of_two_images_interleaved),
        ATTACK(chunks_in_another_order),
        ATTACK(an_old_version),
        ATTACK(a_version_that_was_superseded_before_it_ran),
        ATTACK(another_image_of_the_version_that_runs),
        ATTACK(an_image_for_another_class),
        ATTACK(an_image_of_another_vendor),
        ATTACK(an_image_that_wants_a_newer_one_first),
        ATTACK(a_huge_length),
        ATTACK(a_chunk_of_a_huge_length),
        ATTACK(a_truncated_image),
        ATTACK(messages_on_other_topics),
        ATTACK(a_manifest_comes_by_class_by_group_and_by_name),
        ATTACK(what_goes_on_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
