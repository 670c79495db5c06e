/* Firmware update, with power that goes: at the first operation of the flash, then, all over again,
 * at the second, until an update comes to its end without a cut. The board's PSRAM stands for
 * flash, since it outlives a reset; files stand for the chunks that messages would bring. The same
 * image plays the boot loader, the old program and the new one. */
#include "board.h"
#include "flash.h"

#include <string.h>

enum {
    SECTOR = 1024,
    SLOT_SIZE = 32 * SECTOR,
    LOG_SIZE = 2 * SECTOR,
    WRITE_SIZE = 8,
    CHUNK_SIZE = 1024,
    OLD = 6,
    NEW = 7,
    ROUNDS_MAX = 1000,
};

/* What outlives a reset. [Arm AN386, 3.2: PSRAM] */
struct memory {
    uint32_t magic;
    uint32_t round;      /* and the operation of this round at which power goes */
    uint32_t operations; /* of this round */
    uint32_t resets;     /* of all rounds */
    uint8_t slots[WAX_UPDATE_SLOTS][SLOT_SIZE];
    uint8_t logs[2][LOG_SIZE];
    uint8_t states[2][SECTOR];
};

static struct memory *const memory = (struct memory *)0x21000000U;
static const uint32_t magic = 0x57415855;

static _Noreturn void reset(void)
{
    memory->resets++;
    board_reset();
}

static struct flash flash = {
    .board =
        {
                .sector_size = SECTOR,
                .slot_size = SLOT_SIZE,
                .log_size = LOG_SIZE,
                .write_size = WRITE_SIZE,
                },
    .cut = reset,
};

static void open_flash(void)
{
    flash.memory = memory->slots[0];
    flash.operations = &memory->operations;
    flash.cut_at = &memory->round;
    flash_open(&flash);
}

/* ---- The device ---- */

static uint8_t chunk_room[CHUNK_SIZE];
static uint8_t message_room[CHUNK_SIZE + WAX_UPDATE_PROOF_MAX];
static uint8_t anchor[WAX_P256_PUBLIC_SIZE];
static wax_update update;

static const wax_update_config config = {
    .vendor = {(const uint8_t *)"acme",  4},
    .class_name = {(const uint8_t *)"pump",  4},
    .device = {(const uint8_t *)"board", 5},
    .prefix = {(const uint8_t *)"wax",   3},
    .board = &flash.board,
    .room = chunk_room,
    .room_size = sizeof chunk_room,
    .tries = 3,
};

static wax_bytes read_message(const char *name)
{
    return wax_bytes_of(message_room, board_read_file(name, message_room, sizeof message_room));
}

/* Makes the flash as it leaves the factory, for another round. */
static wax_status equip(void)
{
    memset(memory->slots, 0xff, sizeof memory->slots);
    memset(memory->logs, 0xff, sizeof memory->logs);
    memset(memory->states, 0xff, sizeof memory->states);
    memory->operations = ROUNDS_MAX; /* nothing is cut at the factory */
    if (board_read_file("v6.bin", memory->slots[0], SLOT_SIZE) == 0) {
        return WAX_NOT_FOUND;
    }
    return wax_update_factory(&update, read_message("v6.bin.manifest"));
}

static wax_status begin_round(void)
{
    const uint32_t resets = memory->magic == magic ? memory->resets : 0;
    const uint32_t round = memory->magic == magic ? memory->round + 1 : 1;
    const wax_status status = equip();

    memory->magic = magic;
    memory->resets = resets;
    memory->round = round;
    memory->operations = 0;
    return status;
}

static wax_status receive(void)
{
    wax_status status = wax_update_offer(&update, read_message("v7.bin.manifest"));
    uint32_t index;

    while (status == WAX_OK && wax_update_wanted(&update, &index)) {
        char name[] = "chunk-00";

        name[6] = (char)('0' + index / 10);
        name[7] = (char)('0' + index % 10);
        status = wax_update_take(&update, index, read_message(name));
    }
    while (status == WAX_OK && update.phase == WAX_UPDATE_CHECKING) {
        status = wax_update_check(&update);
        status = status == WAX_MORE ? WAX_OK : status;
    }
    return status;
}

/* Boots, and does what the program in the slot does. */
static wax_status live(void)
{
    uint8_t slot;
    wax_status status = wax_update_boot(&update, &slot);

    if (status == WAX_OK) {
        status = wax_update_resume(&update, slot);
    }
    if (status == WAX_OK && update.phase == WAX_UPDATE_TRIAL) {
        status = wax_update_confirm(&update);
    } else if (status == WAX_OK && wax_update_running_version(&update) == OLD) {
        status = receive();
        if (status == WAX_OK) {
            reset();
        }
    }
    return status;
}

static int end(wax_status status)
{
    board_print(wax_status_text(status));
    board_print_number("cuts:", memory->round - 1);
    board_print_number("resets:", memory->resets);
    board_print_number("device:", sizeof update);
    board_print_number("stack:", board_stack_used());
    board_print_number("heap:", board_heap_used());
    return status == WAX_OK ? 0 : 2;
}

int main(void)
{
    wax_status status = WAX_OK;

    open_flash();
    if (board_read_file("anchor.bin", anchor, sizeof anchor) != sizeof anchor ||
        wax_update_open(&update, &config, anchor, 1) != WAX_OK) {
        board_print("there is no key of the vendor");
        return 3;
    }
    if (memory->magic != magic) {
        status = begin_round();
    }
    while (status == WAX_OK) {
        status = live();
        if (status != WAX_OK || wax_update_running_version(&update) != NEW) {
            return end(status == WAX_OK ? WAX_UNSPECIFIED_ERROR : status);
        }
        if (memory->operations < memory->round || memory->round == ROUNDS_MAX) {
            return end(WAX_OK); /* there was nothing left to cut */
        }
        status = begin_round();
    }
    return end(status);
}
