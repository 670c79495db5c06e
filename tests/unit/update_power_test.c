/* Power goes at every operation of the flash, before it, within it and after it: the device always
 * boots a whole image that was signed, goes on where it was, and comes to the end. */
#include "../update_check.h"

static const wax_update_board small = {
    .sector_size = 512, .slot_size = 8192, .log_size = 1024, .write_size = 8};
static const wax_update_board usual = {
    .sector_size = 4096, .slot_size = 512 * 1024, .log_size = 4096, .write_size = 8};

struct story {
    struct update_world world;
    struct update_image old;
    struct update_image young;
};

static void open_story(struct story *story, const wax_update_board *shape, uint32_t size,
                       uint32_t chunk_size)
{
    update_world_open(&story->world, shape);
    update_image_make(&story->old, 6, size - 100, chunk_size);
    update_image_make(&story->young, 7, size, chunk_size);
    update_image_sign(&story->old, &story->world.vendor);
    update_image_sign(&story->young, &story->world.vendor);
    update_world_equip(&story->world, &story->old);
}

static void close_story(struct story *story)
{
    update_image_free(&story->old);
    update_image_free(&story->young);
    update_world_close(&story->world);
}

/* Whether a slot holds, byte by byte, the image of the version that the device says it runs. */
static bool holds_an_image(const struct story *story, uint8_t slot)
{
    const uint32_t version = story->world.device.state.versions[slot];
    const struct update_image *image = version == 6 ? &story->old : &story->young;

    return (version == 6 || version == 7) &&
           memcmp(story->world.flash.bytes[slot], image->bytes, image->manifest.size) == 0;
}

/* Boots and does what there is to do, as long as there is power. Returns whether the new image runs
 * and is confirmed. */
static bool live(struct story *story)
{
    struct update_world *world = &story->world;

    for (unsigned boots = 0; boots < 4; boots++) {
        uint8_t slot;
        const wax_status status = update_world_start(world, &slot);

        if (world->flash.is_dead) {
            return false;
        }
        assert_int_equal(status, WAX_OK);
        assert_true(holds_an_image(story, slot));
        if (world->device.phase == WAX_UPDATE_TRIAL &&
            wax_update_confirm(&world->device) != WAX_OK) {
            return false;
        }
        if (wax_update_running_version(&world->device) == 7) {
            return world->device.phase == WAX_UPDATE_IDLE;
        }
        if (update_world_receive(world, &story->young) != WAX_OK) {
            assert_true(world->flash.is_dead);
            return false;
        }
    }
    return false;
}

static void restore_power(struct update_world *world, uint32_t cut_at, enum update_cut cut)
{
    world->flash.is_dead = false;
    world->flash.operations = 0;
    world->flash.cut_at = cut_at;
    world->flash.cut = cut;
}

/* How many operations an update takes without any cut. */
static uint32_t count_operations(const wax_update_board *shape, uint32_t size, uint32_t chunk_size)
{
    struct story *story = calloc(1, sizeof *story);
    uint32_t operations;

    assert_non_null(story);
    open_story(story, shape, size, chunk_size);
    assert_true(live(story));
    operations = story->world.flash.operations;
    close_story(story);
    free(story);
    return operations;
}

/* Cuts once, and once more while the device recovers if `second` is not 0. */
static void cut_at(struct story *story, uint32_t first, uint32_t second, enum update_cut cut)
{
    const uint32_t chunk_size = story->young.manifest.chunk_size;
    const uint32_t sector = story->world.flash.board.sector_size;
    const uint32_t per_unit = sector > chunk_size ? sector / chunk_size : 1;
    const uint32_t count = wax_update_chunk_count(&story->young.manifest);
    uint32_t cuts = 1;

    restore_power(&story->world, first, cut);
    if (!live(story)) {
        restore_power(&story->world, second, cut);
        cuts++;
        if (!live(story)) {
            restore_power(&story->world, 0, cut);
            cuts++;
            assert_true(live(story));
        }
    }
    assert_true(story->world.taken <= count + cuts * per_unit);
}

/* Every operation, with every kind of cut. */
static void cut_everywhere(const wax_update_board *shape, uint32_t size, uint32_t chunk_size,
                           uint32_t second)
{
    const uint32_t operations = count_operations(shape, size, chunk_size);
    struct story *story = calloc(1, sizeof *story);

    assert_non_null(story);
    assert_true(operations > 10);
    for (uint32_t at = 1; at <= operations; at++) {
        for (unsigned cut = 0; cut < CUT_KINDS; cut++) {
            open_story(story, shape, size, chunk_size);
            cut_at(story, at, second, (enum update_cut)cut);
            close_story(story);
        }
    }
    free(story);
}

static void a_device_outlives_a_cut_at_any_operation(void **state)
{
    (void)state;
    cut_everywhere(&small, 5000, 256, 0);  /* two chunks in a sector */
    cut_everywhere(&small, 5000, 512, 0);  /* one */
    cut_everywhere(&small, 5000, 1024, 0); /* two sectors in a chunk */
}

static void a_device_outlives_another_cut_while_it_recovers(void **state)
{
    (void)state;
    for (uint32_t second = 1; second <= 12; second++) {
        cut_everywhere(&small, 2000, 256, second);
    }
}

/* As large as devices are; each operation is cut in one of the ways. */
static void half_a_megabyte_outlives_a_cut_at_any_operation(void **state)
{
    const uint32_t operations = count_operations(&usual, 512 * 1024, 4096);
    struct story *story = calloc(1, sizeof *story);
    (void)state;

    assert_non_null(story);
    open_story(story, &usual, 512 * 1024, 4096);
    for (uint32_t at = 1; at <= operations; at++) {
        for (unsigned i = 0; i < WAX_UPDATE_AREAS; i++) {
            memset(story->world.flash.bytes[i], 0xff, story->world.flash.size[i]);
            memset(story->world.flash.is_written[i], 0, story->world.flash.size[i] / 8);
        }
        restore_power(&story->world, 0, CUT_BEFORE);
        story->world.taken = 0;
        update_world_equip(&story->world, &story->old);
        cut_at(story, at, 0, (enum update_cut)(at % CUT_KINDS));
    }
    close_story(story);
    free(story);
}

/* ---- An image that does not work ---- */

static void an_image_that_nobody_confirms_is_left_after_its_tries(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(update_world_receive(&story->world, &story->young), WAX_OK);
    assert_int_equal(story->world.device.phase, WAX_UPDATE_READY);
    for (unsigned i = 0; i < story->world.config.tries; i++) {
        assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
        assert_int_equal(story->world.device.phase, WAX_UPDATE_TRIAL);
        assert_int_equal(wax_update_running_version(&story->world.device), 7);
    }
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(story->world.device.phase, WAX_UPDATE_IDLE);
    assert_int_equal(wax_update_running_version(&story->world.device), 6);
    assert_int_equal(story->world.device.state.failed, 7);
    /* and it is not taken a second time */
    assert_int_equal(update_world_receive(&story->world, &story->young), WAX_NOT_AUTHORIZED);
    assert_int_equal(story->world.device.refusal, WAX_UPDATE_FAILED);
    close_story(story);
    free(story);
}

static void what_is_tried_is_confirmed_before_anything_else_comes(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    struct update_image next;
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    update_image_make(&next, 8, 3000, 256);
    update_image_sign(&next, &story->world.vendor);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(update_world_receive(&story->world, &story->young), WAX_OK);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(update_world_receive(&story->world, &next), WAX_NOT_AUTHORIZED);
    assert_int_equal(story->world.device.refusal, WAX_UPDATE_BUSY);
    assert_int_equal(wax_update_confirm(&story->world.device), WAX_OK);
    assert_int_equal(update_world_receive(&story->world, &next), WAX_OK);
    update_image_free(&next);
    close_story(story);
    free(story);
}

static void a_newer_version_takes_the_place_of_one_that_is_under_way(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    struct update_image next;
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    update_image_make(&next, 8, 3000, 256);
    update_image_sign(&next, &story->world.vendor);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(
        wax_update_offer(&story->world.device,
                         wax_bytes_of(story->young.message, story->young.message_size)),
        WAX_OK);
    assert_int_equal(
        wax_update_take(&story->world.device, 0, update_image_message(&story->young, 0)), WAX_OK);
    assert_int_equal(update_world_receive(&story->world, &next), WAX_OK);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(wax_update_running_version(&story->world.device), 8);
    update_image_free(&next);
    close_story(story);
    free(story);
}

/* Whatever is left of the log of the older one, it is not gone on with. */
static void power_may_go_while_a_newer_version_takes_the_place_of_another(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    uint32_t operations = 0;
    (void)state;

    assert_non_null(story);
    for (uint32_t at = 1; at == 1 || story->world.flash.is_dead; at++) {
        for (unsigned cut = 0; cut < CUT_KINDS; cut++) {
            struct update_world *world = &story->world;
            struct update_image next;
            uint8_t slot;

            open_story(story, &small, 5000, 256);
            update_image_make(&next, 8, 3000, 256);
            update_image_sign(&next, &world->vendor);
            assert_int_equal(update_world_start(world, &slot), WAX_OK);
            assert_int_equal(
                wax_update_offer(&world->device,
                                 wax_bytes_of(story->young.message, story->young.message_size)),
                WAX_OK);
            for (uint32_t i = 0; i < 4; i++) {
                assert_int_equal(
                    wax_update_take(&world->device, i, update_image_message(&story->young, i)),
                    WAX_OK);
            }
            restore_power(world, at, (enum update_cut)cut);
            assert_true((update_world_receive(world, &next) != WAX_OK) == world->flash.is_dead);
            operations = world->flash.is_dead ? at : operations;
            world->flash.is_dead = false;
            world->flash.cut_at = 0;
            assert_int_equal(update_world_start(world, &slot), WAX_OK);
            if (world->device.phase == WAX_UPDATE_RECEIVING && world->device.state.highest == 8) {
                assert_int_equal(world->device.manifest.version, 8);
            }
            world->flash.is_dead = operations == at;
            update_image_free(&next);
            close_story(story);
        }
    }
    assert_true(operations > 10);
    free(story);
}

/* ---- Flash that decays ---- */

static void a_slot_that_decayed_is_not_booted(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    assert_true(live(story));
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(slot, 1);
    story->world.flash.bytes[WAX_UPDATE_SLOT_1][4000] ^= 4U;
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(slot, 0);
    assert_int_equal(wax_update_running_version(&story->world.device), 6);
    story->world.flash.bytes[WAX_UPDATE_SLOT_0][4000] ^= 4U;
    assert_int_equal(update_world_start(&story->world, &slot), WAX_UNTRUSTED);
    close_story(story);
    free(story);
}

/* Whoever can write flash alone cannot make the boot loader start something else. */
static void a_slot_without_a_signature_is_not_booted(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    const struct update_vendor stranger = update_vendor_make(9);
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    update_image_sign(&story->old, &stranger);
    memset(story->world.flash.bytes[WAX_UPDATE_STATE_1], 0xff, small.sector_size);
    memset(story->world.flash.is_written[WAX_UPDATE_STATE_1], 0, small.sector_size / 8);
    assert_int_equal(wax_update_factory(&story->world.device,
                                        wax_bytes_of(story->old.message, story->old.message_size)),
                     WAX_UNTRUSTED);
    assert_int_equal(
        wax_update_open(&story->world.device, &story->world.config, stranger.public_key, 1),
        WAX_OK);
    assert_int_equal(wax_update_factory(&story->world.device,
                                        wax_bytes_of(story->old.message, story->old.message_size)),
                     WAX_OK);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_UNTRUSTED);
    close_story(story);
    free(story);
}

static void flash_that_does_not_obey_is_given_up(void **state)
{
    struct story *story = calloc(1, sizeof *story);
    wax_status status = WAX_IO;
    uint8_t slot;
    (void)state;

    assert_non_null(story);
    open_story(story, &small, 5000, 256);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    story->world.flash.is_stuck = true;
    for (unsigned i = 0; i < 100 && status == WAX_IO; i++) {
        status = update_world_receive(&story->world, &story->young);
    }
    assert_int_equal(status, WAX_NOT_AUTHORIZED);
    assert_int_equal(story->world.device.state.failed, 7);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(wax_update_running_version(&story->world.device), 6);
    close_story(story);
    free(story);
}

/* ---- Memory ---- */

/* What a device keeps in memory for an image of 512 KiB in chunks of 4096 bytes: itself, the room
 * to read a chunk back, and the packet that a chunk comes in. */
enum {
    PACKET_SIZE = 5 + 2 + WAX_UPDATE_TOPIC_MAX + 2 + 1 + 4096 + WAX_UPDATE_PROOF_MAX,
    BUFFERS_SIZE = sizeof(wax_update) + 4096 + PACKET_SIZE,
};
_Static_assert(BUFFERS_SIZE <= 16 * 1024, "an update takes 16 KiB of buffers at most");

static void half_a_megabyte_goes_through_16_kib(void **state)
{
    static uint8_t chunk_room[4096];
    static uint8_t packet_room[PACKET_SIZE];
    struct story *story = calloc(1, sizeof *story);
    wax_update *device;
    uint8_t slot;
    uint32_t index;
    (void)state;

    assert_non_null(story);
    open_story(story, &usual, 512 * 1024, 4096);
    story->world.config.room = chunk_room;
    story->world.config.room_size = sizeof chunk_room;
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    device = &story->world.device;
    assert_int_equal(
        wax_update_offer(device, wax_bytes_of(story->young.message, story->young.message_size)),
        WAX_OK);
    while (wax_update_wanted(device, &index)) {
        const wax_bytes message = update_image_message(&story->young, index);
        const wax_bytes topic = WAX_TEXT("plant/u/pump/7/000");

        assert_true(message.size + topic.size + 10 <= sizeof packet_room);
        memcpy(packet_room, message.data, message.size);
        assert_int_equal(wax_update_take(device, index, wax_bytes_of(packet_room, message.size)),
                         WAX_OK);
    }
    while (wax_update_check(device) == WAX_MORE) {
    }
    assert_int_equal(device->phase, WAX_UPDATE_READY);
    assert_int_equal(update_world_start(&story->world, &slot), WAX_OK);
    assert_int_equal(wax_update_running_version(device), 7);
    assert_true(holds_an_image(story, slot));
    print_message("buffers: %u bytes, of them the device %u\n", (unsigned)BUFFERS_SIZE,
                  (unsigned)sizeof(wax_update));
    close_story(story);
    free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_outlives_a_cut_at_any_operation),
        cmocka_unit_test(a_device_outlives_another_cut_while_it_recovers),
        cmocka_unit_test(half_a_megabyte_outlives_a_cut_at_any_operation),
        cmocka_unit_test(an_image_that_nobody_confirms_is_left_after_its_tries),
        cmocka_unit_test(what_is_tried_is_confirmed_before_anything_else_comes),
        cmocka_unit_test(a_newer_version_takes_the_place_of_one_that_is_under_way),
        cmocka_unit_test(power_may_go_while_a_newer_version_takes_the_place_of_another),
        cmocka_unit_test(a_slot_that_decayed_is_not_booted),
        cmocka_unit_test(a_slot_without_a_signature_is_not_booted),
        cmocka_unit_test(flash_that_does_not_obey_is_given_up),
        cmocka_unit_test(half_a_megabyte_goes_through_16_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
