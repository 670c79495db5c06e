/* A device with flash in memory, whose power goes when a test wants it, and the vendor who signs
 * for it. */
#ifndef WAX_TESTS_UPDATE_CHECK_H
#define WAX_TESTS_UPDATE_CHECK_H

#include "check.h"

#include "hpke/hpke.h"
#include "update/update.h"

#include <stdlib.h>

/* A generator that gives the same each time (xorshift64*). */
static inline uint8_t update_any(uint64_t *seed)
{
    *seed ^= *seed >> 12U;
    *seed ^= *seed << 25U;
    *seed ^= *seed >> 27U;
    return (uint8_t)(*seed * 0x2545f4914f6cdd1dU >> 56U);
}

/* ---- Flash ---- */

/* How an operation is cut: before it does anything, in the middle, or just after its end. */
enum update_cut { CUT_BEFORE, CUT_WITHIN, CUT_AFTER, CUT_KINDS };

struct update_flash {
    wax_update_board board; /* first */
    uint8_t *bytes[WAX_UPDATE_AREAS];
    bool *is_written[WAX_UPDATE_AREAS]; /* since it was erased, for each unit that is written */
    uint32_t size[WAX_UPDATE_AREAS];
    uint32_t operations; /* since the power came */
    uint32_t cut_at;     /* the operation at which power goes; 0: never */
    enum update_cut cut;
    bool is_dead;
    bool is_stuck; /* writes leave a bit that is wrong */
    uint64_t seed;
};

/* Counts an operation; false if the power has gone. `reaches` says how much of it is done. */
static inline bool update_flash_step(struct update_flash *flash, size_t size, size_t *reaches)
{
    *reaches = size;
    if (flash->is_dead) {
        return false;
    }
    flash->operations++;
    if (flash->operations == flash->cut_at) {
        flash->is_dead = true;
        *reaches = flash->cut == CUT_BEFORE ? 0 : flash->cut == CUT_WITHIN ? size / 2 : size;
    }
    return true;
}

static inline wax_status update_flash_erase(wax_update_board *self, wax_update_area area,
                                            uint32_t offset)
{
    struct update_flash *flash = (struct update_flash *)(void *)self;
    const uint32_t sector = self->sector_size;
    size_t reaches;

    assert_true(offset % sector == 0 && offset + sector <= flash->size[area]);
    if (!update_flash_step(flash, sector, &reaches)) {
        return WAX_IO;
    }
    for (size_t i = 0; i < sector; i++) {
        /* Beyond where an erase came to lies what was there, or anything. */
        if (i < reaches) {
            flash->bytes[area][offset + i] = 0xff;
        } else if (reaches > 0 && i % 2 == 0) {
            flash->bytes[area][offset + i] = update_any(&flash->seed);
        }
    }
    if (reaches == sector) {
        memset(flash->is_written[area] + offset / self->write_size, 0, sector / self->write_size);
    }
    return flash->is_dead ? WAX_IO : WAX_OK;
}

/* Flash with error correction takes each unit once between two erasures. */
static inline wax_status update_flash_write(wax_update_board *self, wax_update_area area,
                                            uint32_t offset, wax_bytes bytes)
{
    struct update_flash *flash = (struct update_flash *)(void *)self;
    size_t reaches;

    assert_true(offset % self->write_size == 0 && bytes.size % self->write_size == 0);
    assert_true(bytes.size > 0 && offset + bytes.size <= flash->size[area]);
    if (!update_flash_step(flash, bytes.size, &reaches)) {
        return WAX_IO;
    }
    for (size_t i = 0; i < bytes.size / self->write_size; i++) {
        bool *is_written = &flash->is_written[area][offset / self->write_size + i];

        assert_true(!*is_written || flash->is_stuck);
        *is_written = reaches > 0;
    }
    for (size_t i = 0; i < reaches; i++) {
        flash->bytes[area][offset + i] &= bytes.data[i];
    }
    if (reaches > 0 && reaches < bytes.size) {
        flash->bytes[area][offset + reaches] &=
            (uint8_t)(bytes.data[reaches] | update_any(&flash->seed));
    }
    if (flash->is_stuck && area <= WAX_UPDATE_SLOT_1) {
        flash->bytes[area][offset] ^= 1U;
    }
    return flash->is_dead ? WAX_IO : WAX_OK;
}

static inline wax_status update_flash_read(wax_update_board *self, wax_update_area area,
                                           uint32_t offset, uint8_t *room, size_t size)
{
    struct update_flash *flash = (struct update_flash *)(void *)self;

    assert_true(offset + size <= flash->size[area]);
    if (flash->is_dead) {
        return WAX_IO;
    }
    memcpy(room, flash->bytes[area] + offset, size);
    return WAX_OK;
}

static inline void update_flash_open(struct update_flash *flash, const wax_update_board *shape)
{
    *flash = (struct update_flash){.board = *shape, .seed = 1};
    flash->board.erase = update_flash_erase;
    flash->board.write = update_flash_write;
    flash->board.read = update_flash_read;
    for (unsigned i = 0; i < WAX_UPDATE_AREAS; i++) {
        flash->size[i] = i <= WAX_UPDATE_SLOT_1  ? shape->slot_size
                         : i <= WAX_UPDATE_LOG_1 ? shape->log_size
                                                 : shape->sector_size;
        flash->bytes[i] = malloc(flash->size[i]);
        flash->is_written[i] = calloc(flash->size[i] / shape->write_size, sizeof(bool));
        assert_true(flash->bytes[i] != NULL && flash->is_written[i] != NULL);
        memset(flash->bytes[i], 0xff, flash->size[i]);
    }
}

static inline void update_flash_close(struct update_flash *flash)
{
    for (unsigned i = 0; i < WAX_UPDATE_AREAS; i++) {
        free(flash->bytes[i]);
        free(flash->is_written[i]);
    }
}

/* ---- The vendor ---- */

struct update_vendor {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

static inline struct update_vendor update_vendor_make(uint8_t number)
{
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {number};
    struct update_vendor vendor;

    assert_int_equal(
        wax_hpke_pair(wax_bytes_of(seed, sizeof seed), vendor.secret, vendor.public_key), WAX_OK);
    return vendor;
}

/* An image with all that is sent of it. */
struct update_image {
    uint8_t *bytes;
    wax_update_manifest manifest;
    uint8_t digest[WAX_SHA256_SIZE];
    uint8_t root[WAX_SHA256_SIZE];
    wax_update_nodes tree;
    uint8_t message[WAX_UPDATE_MESSAGE_MAX];
    size_t message_size;
    uint8_t *room; /* for the message of a chunk */
};

static inline wax_bytes update_image_chunk(const struct update_image *image, uint32_t index)
{
    const uint32_t chunk_size = image->manifest.chunk_size;
    const uint32_t size = wax_update_chunk_size(&image->manifest, index);

    return wax_bytes_of(image->bytes + (size_t)index * chunk_size, size);
}

static inline void update_image_sign(struct update_image *image, const struct update_vendor *vendor)
{
    wax_writer out = wax_writer_over(image->message, sizeof image->message);

    assert_int_equal(wax_update_manifest_write(&out, &image->manifest, vendor->secret), WAX_OK);
    image->message_size = out.used;
}

static inline void update_image_make(struct update_image *image, uint32_t version, uint32_t size,
                                     uint32_t chunk_size)
{
    uint64_t seed = version;

    *image = (struct update_image){.bytes = malloc(size)};
    image->manifest = (wax_update_manifest){
        .vendor = WAX_TEXT("acme"),
        .class_name = WAX_TEXT("pump"),
        .version = version,
        .size = size,
        .digest = image->digest,
        .chunk_size = chunk_size,
        .root = image->root,
    };
    image->tree.count = wax_update_chunk_count(&image->manifest);
    image->tree.nodes = calloc(wax_update_node_count(image->tree.count), WAX_SHA256_SIZE);
    image->room = malloc((size_t)chunk_size + WAX_UPDATE_PROOF_MAX);
    assert_true(image->bytes != NULL && image->tree.nodes != NULL && image->room != NULL);
    for (uint32_t i = 0; i < size; i++) {
        image->bytes[i] = update_any(&seed);
    }
    assert_int_equal(wax_crypto_sha256(&(wax_bytes){image->bytes, size}, 1, image->digest), WAX_OK);
    for (uint32_t i = 0; i < image->tree.count; i++) {
        assert_int_equal(wax_update_nodes_set(&image->tree, i, update_image_chunk(image, i)),
                         WAX_OK);
    }
    assert_int_equal(wax_update_nodes_make(&image->tree, image->root), WAX_OK);
}

static inline void update_image_free(struct update_image *image)
{
    free(image->bytes);
    free(image->tree.nodes);
    free(image->room);
}

/* The message of a chunk. */
static inline wax_bytes update_image_message(const struct update_image *image, uint32_t index)
{
    wax_writer out =
        wax_writer_over(image->room, (size_t)image->manifest.chunk_size + WAX_UPDATE_PROOF_MAX);

    wax_write_bytes(&out, update_image_chunk(image, index));
    wax_update_nodes_prove(&image->tree, index, &out);
    assert_int_equal(out.status, WAX_OK);
    return wax_writer_bytes(&out);
}

/* ---- The device ---- */

struct update_world {
    struct update_flash flash;
    struct update_vendor vendor;
    wax_update_config config;
    wax_update device;
    uint8_t room[WAX_UPDATE_CHUNK_MAX];
    uint32_t taken; /* chunks, since the beginning */
};

static inline void update_world_open(struct update_world *world, const wax_update_board *shape)
{
    memset(world, 0, sizeof *world);
    update_flash_open(&world->flash, shape);
    world->vendor = update_vendor_make(1);
    world->config = (wax_update_config){
        .vendor = WAX_TEXT("acme"),
        .class_name = WAX_TEXT("pump"),
        .device = WAX_TEXT("pump-7"),
        .group = WAX_TEXT("hall-2"),
        .prefix = WAX_TEXT("plant"),
        .board = &world->flash.board,
        .room = world->room,
        .room_size = sizeof world->room,
        .tries = 3,
    };
    assert_int_equal(wax_update_open(&world->device, &world->config, world->vendor.public_key, 1),
                     WAX_OK);
}

static inline void update_world_close(struct update_world *world)
{
    update_flash_close(&world->flash);
}

/* The factory writes the first image. */
static inline void update_world_equip(struct update_world *world, const struct update_image *image)
{
    memcpy(world->flash.bytes[WAX_UPDATE_SLOT_0], image->bytes, image->manifest.size);
    assert_int_equal(
        wax_update_factory(&world->device, wax_bytes_of(image->message, image->message_size)),
        WAX_OK);
    world->flash.operations = 0;
}

/* The power comes: what boots is looked at by nobody but the caller. */
static inline wax_status update_world_start(struct update_world *world, uint8_t *slot)
{
    wax_status status;

    assert_int_equal(wax_update_open(&world->device, &world->config, world->vendor.public_key, 1),
                     WAX_OK);
    status = wax_update_boot(&world->device, slot);
    if (status == WAX_OK) {
        status = wax_update_resume(&world->device, *slot);
    }
    return status;
}

/* Receives all that is wanted of an image and reads it back. */
static inline wax_status update_world_receive(struct update_world *world,
                                              const struct update_image *image)
{
    wax_status status =
        wax_update_offer(&world->device, wax_bytes_of(image->message, image->message_size));
    uint32_t index;

    while (status == WAX_OK && wax_update_wanted(&world->device, &index)) {
        status = wax_update_take(&world->device, index, update_image_message(image, index));
        world->taken++;
    }
    if (status == WAX_OK && world->device.phase == WAX_UPDATE_CHECKING) {
        do {
            status = wax_update_check(&world->device);
        } while (status == WAX_MORE);
    }
    return status;
}

#endif
