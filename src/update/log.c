/* The log of a slot: the manifest of what it holds, and a mark for each unit that was written. [5]
 */
#include "update/inner.h"

#include <string.h>

enum { FORMAT = 1, EMPTY = 0xff, MARK = 0, FRONT_SIZE = 12 };

static const uint8_t magic[] = {'W', 'X', 'L', FORMAT};

static wax_update_area area_of(uint8_t slot)
{
    return slot == 0 ? WAX_UPDATE_LOG_0 : WAX_UPDATE_LOG_1;
}

uint32_t update_unit_size(const wax_update *self, const wax_update_manifest *manifest)
{
    const uint32_t sector = self->config->board->sector_size;

    return manifest->chunk_size > sector ? manifest->chunk_size : sector;
}

bool update_fits(const wax_update *self, const wax_update_manifest *manifest)
{
    const wax_update_board *board = self->config->board;
    const uint32_t unit = update_unit_size(self, manifest);
    const uint32_t units = (manifest->size - 1) / unit + 1;

    return manifest->size <= board->slot_size && manifest->chunk_size <= self->config->room_size &&
           unit % board->sector_size == 0 && unit % manifest->chunk_size == 0 &&
           units <= (board->log_size - WAX_UPDATE_HEAD_SIZE) / board->write_size;
}

bool update_is_ours(const wax_update *self, const wax_update_manifest *manifest)
{
    return wax_bytes_equal(manifest->vendor, self->config->vendor) &&
           wax_bytes_equal(manifest->class_name, self->config->class_name);
}

static wax_status erase(wax_update *self, wax_update_area area)
{
    wax_update_board *board = self->config->board;
    wax_status status = WAX_OK;

    for (uint32_t at = 0; status == WAX_OK && at < board->log_size; at += board->sector_size) {
        status = board->erase(board, area, at);
    }
    return status;
}

wax_status update_log_begin(wax_update *self, uint8_t slot, wax_bytes message)
{
    wax_update_board *board = self->config->board;
    wax_writer out = wax_writer_over(self->head, sizeof self->head);
    wax_status status = erase(self, area_of(slot));
    size_t size;

    wax_write_bytes(&out, wax_bytes_of(magic, sizeof magic));
    wax_write_u32(&out, self->state.begun);
    wax_write_u32(&out, (uint32_t)message.size);
    wax_write_bytes(&out, message);
    wax_write_u32(&out, update_crc(wax_writer_bytes(&out)));
    wax_assert(out.status == WAX_OK);
    size = (out.used + WAX_UPDATE_WRITE_MAX - 1) / WAX_UPDATE_WRITE_MAX * WAX_UPDATE_WRITE_MAX;
    memset(self->head + out.used, EMPTY, sizeof self->head - out.used);
    if (status == WAX_OK) {
        status = board->write(board, area_of(slot), 0, wax_bytes_of(self->head, size));
    }
    if (status == WAX_OK) {
        status = wax_update_manifest_read(&self->manifest,
                                          wax_bytes_of(self->head + FRONT_SIZE, message.size),
                                          self->anchors, self->anchor_count);
    }
    return status;
}

wax_status update_log_read(wax_update *self, uint8_t slot, uint32_t *begun)
{
    wax_update_board *board = self->config->board;
    wax_reader in = wax_reader_over(wax_bytes_of(self->head, sizeof self->head));
    wax_bytes front;
    wax_bytes message;
    wax_bytes counted;
    uint32_t size;

    self->manifest = (wax_update_manifest){.version = 0};
    *begun = 0;
    if (board->read(board, area_of(slot), 0, self->head, sizeof self->head) != WAX_OK) {
        return WAX_IO;
    }
    front = wax_read_bytes(&in, sizeof magic);
    *begun = wax_read_u32(&in);
    size = wax_read_u32(&in);
    wax_require(&in, size <= WAX_UPDATE_MESSAGE_MAX, WAX_NOT_FOUND);
    message = wax_read_bytes(&in, in.status == WAX_OK ? size : 0);
    wax_require(&in, wax_bytes_equal(front, wax_bytes_of(magic, sizeof magic)), WAX_NOT_FOUND);
    counted = wax_bytes_of(self->head, FRONT_SIZE + message.size);
    wax_require(&in, wax_read_u32(&in) == update_crc(counted), WAX_NOT_FOUND);
    if (in.status != WAX_OK) {
        return WAX_NOT_FOUND;
    }
    return wax_update_manifest_read(&self->manifest, message, self->anchors, self->anchor_count);
}

static uint32_t mark_at(const wax_update *self, uint32_t unit)
{
    return WAX_UPDATE_HEAD_SIZE + unit * self->config->board->write_size;
}

/* A mark is begun when its unit stands in flash: one that was cut counts. */
static bool is_marked(const uint8_t *mark, uint32_t size)
{
    bool holds = false;

    for (uint32_t i = 0; i < size; i++) {
        holds = holds || mark[i] != EMPTY;
    }
    return holds;
}

/* What stands behind a mark that the flash refused is a mark, too: it must not be written twice. */
wax_status update_log_mark(wax_update *self, uint8_t slot, uint32_t unit)
{
    static const uint8_t mark[WAX_UPDATE_WRITE_MAX] = {MARK};
    wax_update_board *board = self->config->board;
    const uint32_t size = board->write_size;
    uint8_t found[WAX_UPDATE_WRITE_MAX];
    wax_status status =
        board->write(board, area_of(slot), mark_at(self, unit), wax_bytes_of(mark, size));

    if (status != WAX_OK &&
        board->read(board, area_of(slot), mark_at(self, unit), found, size) == WAX_OK &&
        is_marked(found, size)) {
        self->faults++;
        status = WAX_OK;
    }
    return status;
}

wax_status update_log_find(wax_update *self, uint8_t slot, uint32_t *unit)
{
    wax_update_board *board = self->config->board;
    const uint32_t count = (self->manifest.size - 1) / update_unit_size(self, &self->manifest) + 1;
    uint8_t mark[WAX_UPDATE_WRITE_MAX];

    for (*unit = 0; *unit < count; (*unit)++) {
        if (board->read(board, area_of(slot), mark_at(self, *unit), mark, board->write_size) !=
            WAX_OK) {
            return WAX_IO;
        }
        if (!is_marked(mark, board->write_size)) {
            return WAX_OK;
        }
    }
    return WAX_OK;
}
