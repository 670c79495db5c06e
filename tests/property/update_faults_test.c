/* Each call of the board fails once, before it did anything, half way, or when all was done: the
 * device boots nothing but whole images, says what failed, and comes to the end, whether the
 * program asks again or the device begins anew. */
#include "../update_check.h"

static const wax_update_board shape = {
    .sector_size = 512, .slot_size = 8192, .log_size = 1024, .write_size = 8};

enum { IMAGE_SIZE = 2000, BOOTS_MAX = 8, AGAIN_MAX = 3 };

struct story {
    struct update_world world; /* first: with the flash, and in it the board */
    struct update_image old;
    struct update_image young;
    wax_update_board good; /* the calls that do not fail */
    uint32_t calls;
    uint32_t fails_at;
    enum update_cut cut;
    bool resets;      /* the device begins anew when something failed */
    unsigned reports; /* of calls that failed, and of faults that the device counts */
};

static struct story *story_of(wax_update_board *self)
{
    return (struct story *)(void *)self;
}

static bool fails_now(struct story *story)
{
    return ++story->calls == story->fails_at;
}

/* The next operation is cut, but the power stays. */
static void weaken(struct story *story)
{
    story->world.flash.cut_at = story->world.flash.operations + 1;
    story->world.flash.cut = story->cut;
}

static wax_status mend(struct story *story)
{
    story->world.flash.cut_at = 0;
    story->world.flash.is_dead = false;
    return WAX_IO;
}

static wax_status erase(wax_update_board *self, wax_update_area area, uint32_t offset)
{
    struct story *story = story_of(self);
    wax_status status;

    if (!fails_now(story)) {
        return story->good.erase(self, area, offset);
    }
    weaken(story);
    status = story->good.erase(self, area, offset);
    assert_int_equal(status, WAX_IO);
    return mend(story);
}

static wax_status write(wax_update_board *self, wax_update_area area, uint32_t offset,
                        wax_bytes bytes)
{
    struct story *story = story_of(self);
    wax_status status;

    if (!fails_now(story)) {
        return story->good.write(self, area, offset, bytes);
    }
    weaken(story);
    status = story->good.write(self, area, offset, bytes);
    assert_int_equal(status, WAX_IO);
    return mend(story);
}

static wax_status read(wax_update_board *self, wax_update_area area, uint32_t offset, uint8_t *room,
                       size_t size)
{
    struct story *story = story_of(self);
    const bool fails = fails_now(story);

    if (fails && story->cut != CUT_AFTER) {
        memset(room, 0x5a, story->cut == CUT_BEFORE ? 0 : size);
        return WAX_IO;
    }
    return story->good.read(self, area, offset, room, size) == WAX_OK && !fails ? WAX_OK : WAX_IO;
}

static struct story *begin(void)
{
    struct story *story = calloc(1, sizeof *story);

    assert_non_null(story);
    update_world_open(&story->world, &shape);
    update_image_make(&story->old, 6, IMAGE_SIZE - 100, 256);
    update_image_make(&story->young, 7, IMAGE_SIZE, 256);
    update_image_sign(&story->old, &story->world.vendor);
    update_image_sign(&story->young, &story->world.vendor);
    update_world_equip(&story->world, &story->old);
    story->good = story->world.flash.board;
    story->world.flash.board.erase = erase;
    story->world.flash.board.write = write;
    story->world.flash.board.read = read;
    return story;
}

static void end(struct story *story)
{
    update_image_free(&story->old);
    update_image_free(&story->young);
    update_world_close(&story->world);
    free(story);
}

/* Whether a slot holds, byte by byte, the image of the version that the device says it runs. */
static bool holds_an_image(const struct story *story, uint8_t slot)
{
    const uint32_t version = story->world.device.state.versions[slot];
    const struct update_image *image = version == 6 ? &story->old : &story->young;

    return (version == 6 || version == 7) &&
           memcmp(story->world.flash.bytes[slot], image->bytes, image->manifest.size) == 0;
}

/* Asks again for what failed, if the program is one that does. Returns whether it was done. */
static bool insists(struct story *story, wax_status (*work)(struct story *story))
{
    wax_status status = WAX_IO;

    for (unsigned i = 0; i < AGAIN_MAX && status == WAX_IO; i++) {
        status = work(story);
        assert_true(status == WAX_OK || status == WAX_IO);
        story->reports += (status == WAX_IO) + story->world.device.faults;
        if (story->resets) {
            break;
        }
    }
    return status == WAX_OK;
}

static wax_status confirm(struct story *story)
{
    return wax_update_confirm(&story->world.device);
}

static wax_status receive(struct story *story)
{
    return update_world_receive(&story->world, &story->young);
}

/* Boots and does what there is to do. Returns whether the new image runs and is confirmed. */
static bool live(struct story *story)
{
    for (unsigned boots = 0; boots < BOOTS_MAX; boots++) {
        const wax_update *device = &story->world.device;
        uint8_t slot;
        const wax_status status = update_world_start(&story->world, &slot);

        story->reports += device->faults;
        if (status != WAX_OK) {
            assert_int_equal(status, WAX_IO);
            story->reports++;
            continue;
        }
        assert_true(holds_an_image(story, slot));
        if (device->phase == WAX_UPDATE_TRIAL && !insists(story, confirm)) {
            continue;
        }
        if (wax_update_running_version(device) == 7) {
            return device->phase == WAX_UPDATE_IDLE;
        }
        (void)insists(story, receive);
    }
    return false;
}

/* Returns whether the call came at all. */
static bool fails(uint32_t at, enum update_cut cut, bool resets)
{
    struct story *story = begin();
    bool came;

    story->fails_at = at;
    story->cut = cut;
    story->resets = resets;
    if (!live(story)) {
        fail_msg("call %u, cut %u, resets %d: it does not come to the end", at, cut, resets);
    }
    came = story->calls >= at;
    assert_true(came == (story->reports > 0));
    end(story);
    return came;
}

static void any_call_of_the_board_may_fail(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2U * CUT_KINDS; i++) {
        uint32_t at = 1;

        while (fails(at, (enum update_cut)(i / 2), i % 2 == 1)) {
            at++;
        }
        assert_true(at > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_of_the_board_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
