/* Flash in memory: it erases to ones, and writing only clears bits. */
#include "flash.h"

#include <string.h>

static struct flash *self_of(wax_update_board *board)
{
    return (struct flash *)(void *)board;
}

static uint8_t *place(const struct flash *self, wax_update_area area, uint32_t offset)
{
    const wax_update_board *board = &self->board;
    uint8_t *at = self->memory + offset;

    for (unsigned i = 0; i < (unsigned)area; i++) {
        at += i <= WAX_UPDATE_SLOT_1  ? board->slot_size
              : i <= WAX_UPDATE_LOG_1 ? board->log_size
                                      : board->sector_size;
    }
    return at;
}

/* How much of an operation is done before power goes. */
static size_t reach(struct flash *self, size_t size)
{
    (*self->operations)++;
    return *self->operations == *self->cut_at ? size / 2 : size;
}

static void end(struct flash *self, bool is_whole)
{
    if (!is_whole) {
        self->cut();
    }
}

static wax_status erase(wax_update_board *board, wax_update_area area, uint32_t offset)
{
    struct flash *self = self_of(board);
    const size_t size = reach(self, board->sector_size);

    memset(place(self, area, offset), 0xff, size);
    end(self, size == board->sector_size);
    return WAX_OK;
}

static wax_status write(wax_update_board *board, wax_update_area area, uint32_t offset,
                        wax_bytes bytes)
{
    struct flash *self = self_of(board);
    const size_t size = reach(self, bytes.size);
    uint8_t *at = place(self, area, offset);

    for (size_t i = 0; i < size; i++) {
        at[i] &= bytes.data[i];
    }
    end(self, size == bytes.size);
    return WAX_OK;
}

static wax_status read(wax_update_board *board, wax_update_area area, uint32_t offset,
                       uint8_t *room, size_t size)
{
    memcpy(room, place(self_of(board), area, offset), size);
    return WAX_OK;
}

void flash_open(struct flash *self)
{
    self->board.erase = erase;
    self->board.write = write;
    self->board.read = read;
}
