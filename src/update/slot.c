/* A slot: what it holds is read back, chunk by chunk. */
#include "update/inner.h"

uint8_t update_other(uint8_t slot)
{
    return slot == 0 ? 1 : 0;
}

wax_update_area update_slot_area(uint8_t slot)
{
    return slot == 0 ? WAX_UPDATE_SLOT_0 : WAX_UPDATE_SLOT_1;
}

void update_rest(wax_update *self, wax_update_phase phase)
{
    self->phase = phase;
    self->next = 0;
    self->tree.count = 0;
}

uint32_t wax_update_running_version(const wax_update *self)
{
    return self->state.versions[self->running];
}

wax_status update_tree_read(wax_update *self, uint8_t slot)
{
    wax_update_board *board = self->config->board;
    const uint32_t size = wax_update_chunk_size(&self->manifest, self->next);
    wax_status status =
        board->read(board, update_slot_area(slot), self->next * self->manifest.chunk_size,
                    self->config->room, size);

    if (status == WAX_OK) {
        status = wax_update_tree_add(&self->tree, wax_bytes_of(self->config->room, size));
    }
    self->next += status == WAX_OK ? 1 : 0;
    return status;
}

wax_status update_tree_judge(const wax_update *self)
{
    uint8_t root[WAX_SHA256_SIZE];
    const wax_status status = wax_update_tree_root(&self->tree, root);

    if (status != WAX_OK) {
        return status;
    }
    return wax_secret_equals(root, self->manifest.root, sizeof root) ? WAX_OK : WAX_UNTRUSTED;
}
