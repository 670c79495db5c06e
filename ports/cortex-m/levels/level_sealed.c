/* Messages under seal, by the suite and the profile that the image is built with; the keys come
 * from the mailbox that the device keeps. */
#include "board.h"
#include "board_seal.h"
#include "keys/keys.h"
#include "level.h"

#include <string.h>

enum { MAILBOX_SIZE = 512, TOPIC_SIZE = 32 };

static wax_seal_group group;
static wax_sealer sealer;

/* ---- What a device writes down: files stand for its flash ---- */

static wax_status keep(wax_keys_mark *self, uint32_t generation, uint64_t version)
{
    const uint64_t mark[] = {generation, version};

    (void)self;
    return board_write_file("mark", wax_bytes_of((const uint8_t *)mark, sizeof mark)) ? WAX_OK
                                                                                      : WAX_IO;
}

/* ---- Keys ---- */

static wax_status start(const wax_keys_writing *writing)
{
    static uint8_t bound[WAX_SEAL_ROOM_SIZE(TOPIC_SIZE)];
    const wax_seal_grant grant = {writing->epoch, writing->secret,
                                  (uint16_t)(writing->first_position / WAX_WINDOW_SIZE)};

    group.suite = &LEVEL_SUITE;
    group.group_class = (wax_seal_class)writing->group_class;
    group.tag_size = (uint8_t)writing->tag_size;
    memcpy(group.id, writing->group, sizeof group.id);
    sealer.group = &group;
    sealer.store = &board_seal_store;
    sealer.room = (wax_seal_room){bound, sizeof bound};
    sealer.sender = writing->sender;
    return wax_sealer_start(&sealer, &grant);
}

static wax_status open(void)
{
    static uint8_t mailbox[MAILBOX_SIZE];
    static uint8_t psk[WAX_KEYS_SECRET_SIZE];
    static wax_keys_mark mark = {.keep = keep};
    const wax_keys_ends ends = {
        .profile = &LEVEL_PROFILE,
        .name_space = (const uint8_t *)"houseone",
        .topic = WAX_TEXT("wax/k/board"),
        .psk = psk,
    };
    wax_keys_writing writing;
    wax_status status = WAX_NOT_FOUND;
    size_t size = board_read_file("mailbox", mailbox, sizeof mailbox);

    if (board_read_file("seal.bin", psk, sizeof psk) == sizeof psk) {
        status = wax_keys_writing_open(&writing, &mark, &ends, mailbox, size);
    }
    if (status == WAX_OK) {
        status = writing.group != NULL ? start(&writing) : WAX_NOT_AUTHORIZED;
    }
    wax_wipe(mailbox, sizeof mailbox);
    wax_wipe(psk, sizeof psk);
    return status;
}

/* ---- Messages ---- */

static wax_status pack(wax_bytes topic, uint8_t *message, size_t size, wax_bytes *payload)
{
    const wax_seal_message what = {.topic = topic};
    const wax_seal_buffer buffer = {message - LEVEL_FRONT, LEVEL_FRONT + size + LEVEL_BACK,
                                    LEVEL_FRONT, size};

    return wax_sealer_seal(&sealer, &what, &buffer, payload);
}

const struct level_cover level_cover = {open, pack};
