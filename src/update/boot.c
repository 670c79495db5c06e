/* Booting: which slot, how often it is tried, when it is confirmed and when it is left. [6] */
#include "update/inner.h"

static bool is_power_of_two(uint32_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

static bool is_sound_board(const wax_update_board *board)
{
    return is_power_of_two(board->sector_size) && board->sector_size >= WAX_UPDATE_HEAD_SIZE &&
           is_power_of_two(board->write_size) && board->write_size <= WAX_UPDATE_WRITE_MAX &&
           board->slot_size >= board->sector_size && board->slot_size % board->sector_size == 0 &&
           board->log_size > WAX_UPDATE_HEAD_SIZE && board->log_size % board->sector_size == 0;
}

static bool is_sound(const wax_update_config *config)
{
    return wax_update_is_name(config->vendor) && wax_update_is_name(config->class_name) &&
           wax_update_is_name(config->device) &&
           (config->group.size == 0 || wax_update_is_name(config->group)) &&
           config->prefix.size > 0 && config->prefix.size <= WAX_UPDATE_PREFIX_MAX &&
           config->room_size >= WAX_UPDATE_CHUNK_MIN && config->tries > 0 &&
           is_sound_board(config->board);
}

wax_status wax_update_open(wax_update *self, const wax_update_config *config,
                           const uint8_t anchors[static WAX_P256_PUBLIC_SIZE], size_t anchor_count)
{
    *self = (wax_update){.config = config, .anchors = anchors, .anchor_count = anchor_count};
    return anchor_count > 0 && is_sound(config) ? WAX_OK : WAX_INVALID;
}

wax_status wax_update_factory(wax_update *self, wax_bytes message)
{
    wax_update_manifest manifest;
    wax_update_state state = {.sequence = 1, .trial = WAX_UPDATE_SLOTS};
    wax_status status = update_state_read(self);

    if (status != WAX_NOT_FOUND) {
        return status == WAX_OK ? WAX_INVALID : status;
    }
    status = wax_update_manifest_read(&manifest, message, self->anchors, self->anchor_count);
    if (status != WAX_OK) {
        return status;
    }
    if (!update_is_ours(self, &manifest) || !update_fits(self, &manifest)) {
        return WAX_UNTRUSTED;
    }
    state.versions[0] = manifest.version;
    state.highest = manifest.version;
    status = update_log_begin(self, 0, message);
    return status == WAX_OK ? update_state_write(self, &state) : status;
}

/* Reads a slot. Returns WAX_OK when it holds, whole, an image that was signed for this device;
 * WAX_IO when the flash does not obey; anything else when it holds something else. */
static wax_status examine(wax_update *self, uint8_t slot)
{
    uint32_t begun;
    wax_status status = WAX_NOT_FOUND;

    update_rest(self, WAX_UPDATE_IDLE);
    if (self->state.versions[slot] != 0) {
        status = update_log_read(self, slot, &begun);
    }
    if (status != WAX_OK || self->manifest.version != self->state.versions[slot] ||
        !update_is_ours(self, &self->manifest) || !update_fits(self, &self->manifest)) {
        return status == WAX_OK ? WAX_UNTRUSTED : status;
    }
    while (status == WAX_OK && self->next < wax_update_chunk_count(&self->manifest)) {
        status = update_tree_read(self, slot);
    }
    return status == WAX_OK ? update_tree_judge(self) : status;
}

/* Whether a slot is whole. One that could not be read is read once more before it is left: what is
 * left does not come back. */
static bool is_whole(wax_update *self, uint8_t slot)
{
    wax_status status = examine(self, slot);

    if (status == WAX_IO) {
        self->faults++;
        status = examine(self, slot);
    }
    return status == WAX_OK;
}

/* Counts a try before it is made: what never comes back to us has been counted. */
static bool may_try(wax_update *self)
{
    wax_update_state state = self->state;

    if (state.trial == WAX_UPDATE_SLOTS || state.tries == 0) {
        return false;
    }
    state.sequence++;
    state.tries--;
    return update_state_write(self, &state) == WAX_OK && is_whole(self, state.trial);
}

static void leave_trial(wax_update *self)
{
    wax_update_state state = self->state;

    state.sequence++;
    state.failed = state.versions[state.trial];
    state.versions[state.trial] = 0;
    state.trial = WAX_UPDATE_SLOTS;
    state.tries = 0;
    /* Where the flash refuses, the next boot leaves it. */
    self->faults += update_state_write(self, &state) == WAX_OK ? 0 : 1;
}

wax_status wax_update_boot(wax_update *self, uint8_t *slot)
{
    wax_update_state state;
    const wax_status status = update_state_read(self);

    *slot = 0;
    if (status != WAX_OK) {
        return status;
    }
    if (may_try(self)) {
        *slot = self->state.trial;
        return WAX_OK;
    }
    if (self->state.trial != WAX_UPDATE_SLOTS) {
        leave_trial(self);
    }
    *slot = self->state.active;
    if (is_whole(self, *slot)) {
        return WAX_OK;
    }
    *slot = update_other(*slot);
    if (!is_whole(self, *slot)) {
        return WAX_UNTRUSTED;
    }
    state = self->state;
    state.sequence++;
    state.active = *slot;
    state.versions[update_other(*slot)] = 0;
    return update_state_write(self, &state);
}

/* Goes on where the log says; without a log, when the manifest comes again. */
static wax_status find_begun(wax_update *self)
{
    const uint8_t slot = update_other(self->state.active);
    uint32_t begun;
    uint32_t unit = 0;
    wax_status status = update_log_read(self, slot, &begun);

    if (status != WAX_OK || begun != self->state.begun || !update_fits(self, &self->manifest)) {
        return status == WAX_IO ? WAX_IO : WAX_OK;
    }
    status = update_log_find(self, slot, &unit);
    if (status == WAX_OK) {
        self->next = unit * (update_unit_size(self, &self->manifest) / self->manifest.chunk_size);
        self->phase = WAX_UPDATE_RECEIVING;
        if (self->next >= wax_update_chunk_count(&self->manifest)) {
            update_rest(self, WAX_UPDATE_CHECKING);
        }
    }
    return status;
}

wax_status wax_update_resume(wax_update *self, uint8_t running)
{
    uint32_t begun;
    wax_status status = update_state_read(self);

    self->running = running;
    update_rest(self, WAX_UPDATE_IDLE);
    if (status != WAX_OK) {
        return status;
    }
    if (self->state.trial == running) {
        self->phase = WAX_UPDATE_TRIAL;
    } else if (self->state.trial != WAX_UPDATE_SLOTS) {
        status = update_log_read(self, self->state.trial, &begun);
        self->phase = status == WAX_OK ? WAX_UPDATE_READY : WAX_UPDATE_IDLE;
        status = status == WAX_IO ? WAX_IO : WAX_OK;
    } else if (self->state.begun != 0) {
        status = find_begun(self);
    }
    return status;
}

wax_status wax_update_confirm(wax_update *self)
{
    wax_update_state state = self->state;
    wax_status status;

    if (self->phase != WAX_UPDATE_TRIAL) {
        return WAX_OK;
    }
    state.sequence++;
    state.active = state.trial;
    state.trial = WAX_UPDATE_SLOTS;
    state.tries = 0;
    status = update_state_write(self, &state);
    if (status == WAX_OK) {
        update_rest(self, WAX_UPDATE_IDLE);
    }
    return status;
}
