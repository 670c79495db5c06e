/* Whatever comes on the topics of an update, and whatever stands in flash. The first byte says
 * which: 0 a manifest, signed by nobody; 1 the payload of one, which is then signed by a key that
 * the device knows, and taken on if it can be; 2 the flash, from which the device boots; 3 a chunk.
 */
#include "fuzz.h"

#include "hpke/hpke.h"
#include "keys/keys.h"
#include "update/update.h"

#include <string.h>

enum { SECTOR = 512, AREA_SIZE = 2048, KINDS = 4 };

struct signer {
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t public_key[WAX_P256_PUBLIC_SIZE];
};

static uint8_t flash[WAX_UPDATE_AREAS][AREA_SIZE];

static wax_status erase(wax_update_board *self, wax_update_area area, uint32_t offset)
{
    fuzz_require(offset + self->sector_size <= AREA_SIZE);
    memset(flash[area] + offset, 0xff, self->sector_size);
    return WAX_OK;
}

static wax_status write_flash(wax_update_board *self, wax_update_area area, uint32_t offset,
                              wax_bytes bytes)
{
    (void)self;
    fuzz_require(offset <= AREA_SIZE && bytes.size <= AREA_SIZE - offset);
    memcpy(flash[area] + offset, bytes.data, bytes.size);
    return WAX_OK;
}

static wax_status read_flash(wax_update_board *self, wax_update_area area, uint32_t offset,
                             uint8_t *room, size_t size)
{
    (void)self;
    fuzz_require(offset <= AREA_SIZE && size <= AREA_SIZE - offset);
    memcpy(room, flash[area] + offset, size);
    return WAX_OK;
}

static wax_update_board board = {.erase = erase,
                                 .write = write_flash,
                                 .read = read_flash,
                                 .sector_size = SECTOR,
                                 .slot_size = AREA_SIZE,
                                 .log_size = AREA_SIZE,
                                 .write_size = 8};

static uint8_t chunk_room[1024];

static const wax_update_config config = {
    .vendor = {(const uint8_t *)"acme",   4},
    .class_name = {(const uint8_t *)"pump",   4},
    .device = {(const uint8_t *)"pump-7", 6},
    .prefix = {(const uint8_t *)"wax",    3},
    .board = &board,
    .room = chunk_room,
    .room_size = sizeof chunk_room,
    .tries = 2,
};

static const struct signer *signer(void)
{
    static struct signer known;
    const uint8_t seed[WAX_HPKE_SEED_SIZE] = {0};

    if (known.public_key[0] == 0) {
        fuzz_require(wax_hpke_pair(wax_bytes_of(seed, sizeof seed), known.secret,
                                   known.public_key) == WAX_OK);
    }
    return &known;
}

/* A device lives as long as it has something to do; what it runs was signed. */
static void live(wax_update *device, wax_bytes message)
{
    uint8_t room[WAX_UPDATE_STATUS_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status = WAX_MORE;
    uint32_t index;
    uint8_t slot;

    if (wax_update_boot(device, &slot) == WAX_OK) {
        fuzz_require(wax_update_resume(device, slot) == WAX_OK);
        fuzz_require(device->state.versions[slot] != 0);
    }
    if (device->state.sequence != 0) {
        (void)(wax_update_offer(device, message) == WAX_OK);
    }
    while (wax_update_wanted(device, &index) && wax_update_take(device, index, message) == WAX_OK) {
    }
    while (device->phase == WAX_UPDATE_CHECKING && status == WAX_MORE) {
        status = wax_update_check(device);
    }
    fuzz_require(wax_update_confirm(device) == WAX_OK);
    wax_update_show(device, &out);
    fuzz_require(out.status == WAX_OK);
}

static void take_payload(wax_update *device, wax_bytes payload)
{
    static const wax_keys_bound bound = {
        {(const uint8_t *)"wax-update 1 manifest", sizeof "wax-update 1 manifest" - 1},
        {(const uint8_t *)"",                      0                                 }
    };
    uint8_t room[2048];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_update_manifest manifest;
    wax_status status;

    wax_write_bytes(&out, payload);
    status = out.status == WAX_OK ? wax_keys_sign(&out, 0, &bound, signer()->secret) : out.status;
    if (status == WAX_OK && wax_update_manifest_read(&manifest, wax_writer_bytes(&out),
                                                     signer()->public_key, 1) == WAX_OK) {
        uint8_t again[2048];
        wax_writer second = wax_writer_over(again, sizeof again);

        /* what is taken has one form */
        fuzz_require(wax_update_manifest_write(&second, &manifest, signer()->secret) == WAX_OK);
        fuzz_require(second.used == out.used);
        fuzz_require(memcmp(again, room, out.used - WAX_P256_SIGNATURE_SIZE) == 0);
        if (wax_update_factory(device, wax_writer_bytes(&out)) == WAX_OK) {
            live(device, wax_writer_bytes(&out));
        }
    }
}

static void take_chunk(wax_bytes message)
{
    static const uint8_t root[WAX_SHA256_SIZE] = {0};
    const wax_update_manifest manifest = {.size = 5000, .chunk_size = 256, .root = root};
    wax_bytes chunk;

    for (uint32_t i = 0; i < 22; i++) {
        fuzz_require(wax_update_chunk_check(&manifest, i, message, &chunk) != WAX_OK);
        fuzz_require(chunk.size == 0);
    }
}

/* What stands in flash is spread over its areas. */
static void fill(wax_bytes bytes)
{
    size_t at = 0;

    for (unsigned area = 0; area < WAX_UPDATE_AREAS && at < bytes.size; area++) {
        const size_t left = bytes.size - at;
        const size_t size = left < AREA_SIZE ? left : AREA_SIZE;

        /* from the state on, which is what decides */
        memcpy(flash[WAX_UPDATE_AREAS - 1 - area], bytes.data + at, size);
        at += area < 2 ? 64 : size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static wax_update device;
    wax_bytes rest;

    if (size == 0) {
        return 0;
    }
    rest = wax_bytes_of(data + 1, size - 1);
    memset(flash, 0xff, sizeof flash);
    fuzz_require(wax_update_open(&device, &config, signer()->public_key, 1) == WAX_OK);
    if (data[0] % KINDS == 0) {
        live(&device, rest);
    } else if (data[0] % KINDS == 1) {
        take_payload(&device, rest);
    } else if (data[0] % KINDS == 2) {
        fill(rest);
        live(&device, wax_bytes_of(rest.data, rest.size < 400 ? rest.size : 400));
    } else {
        take_chunk(rest);
    }
    return 0;
}
