/* Receiving: a manifest is judged, chunks are verified and written, what was written is read back.
 * [6] */
#include "update/inner.h"

#include <string.h>

enum { BLOCK = 64, EMPTY = 0xff, FAULTS_MAX = 8 };

static uint8_t target(const wax_update *self)
{
    return update_other(self->state.active);
}

static bool is_under_way(const wax_update *self)
{
    return self->phase == WAX_UPDATE_RECEIVING || self->phase == WAX_UPDATE_CHECKING ||
           self->phase == WAX_UPDATE_READY;
}

/* ---- Manifests ---- */

static wax_update_refusal judge(const wax_update *self, const wax_update_manifest *manifest)
{
    const uint32_t version = wax_update_running_version(self);

    if (!update_is_ours(self, manifest)) {
        return WAX_UPDATE_NOT_OURS;
    }
    if (self->running != self->state.active) {
        return WAX_UPDATE_BUSY;
    }
    if (manifest->version <= version || manifest->version < self->state.highest ||
        (is_under_way(self) && manifest->version == self->manifest.version)) {
        return WAX_UPDATE_OLD;
    }
    if (manifest->version == self->state.failed) {
        return WAX_UPDATE_FAILED;
    }
    if (manifest->minimum > version) {
        return WAX_UPDATE_TOO_FAR;
    }
    return update_fits(self, manifest) ? WAX_UPDATE_TAKEN : WAX_UPDATE_TOO_LARGE;
}

/* What is known is no news: what runs, and what is under way. */
static bool is_known(const wax_update *self, const wax_update_manifest *manifest)
{
    return update_is_ours(self, manifest) &&
           (manifest->version == wax_update_running_version(self) ||
            (is_under_way(self) && manifest->version == self->manifest.version &&
             memcmp(manifest->root, self->manifest.root, WAX_SHA256_SIZE) == 0));
}

/* First the state, so that nothing boots what will be overwritten; then the log, which counts only
 * if it was begun by this state. */
static wax_status begin(wax_update *self, wax_bytes message, uint32_t version)
{
    wax_update_state state = self->state;
    wax_status status;

    state.sequence++;
    state.begun = state.sequence;
    state.highest = version;
    state.versions[target(self)] = 0;
    state.trial = WAX_UPDATE_SLOTS;
    state.tries = 0;
    update_rest(self, WAX_UPDATE_IDLE);
    status = update_state_write(self, &state);
    if (status == WAX_OK) {
        status = update_log_begin(self, target(self), message);
    }
    if (status == WAX_OK) {
        update_rest(self, WAX_UPDATE_RECEIVING);
    }
    return status;
}

static wax_status refuse(wax_update *self, wax_update_refusal refusal)
{
    self->refusal = refusal;
    return WAX_NOT_AUTHORIZED;
}

wax_status wax_update_offer(wax_update *self, wax_bytes message)
{
    wax_update_manifest manifest;
    wax_update_refusal refusal;
    const wax_status status =
        wax_update_manifest_read(&manifest, message, self->anchors, self->anchor_count);

    if (status == WAX_MALFORMED) {
        return refuse(self, WAX_UPDATE_NO_MANIFEST);
    }
    if (status == WAX_UNTRUSTED) {
        return refuse(self, WAX_UPDATE_FOREIGN);
    }
    if (status != WAX_OK) {
        return status;
    }
    if (is_known(self, &manifest)) {
        self->refusal = WAX_UPDATE_TAKEN;
        return WAX_OK;
    }
    refusal = judge(self, &manifest);
    if (refusal != WAX_UPDATE_TAKEN) {
        return refuse(self, refusal);
    }
    self->refusal = WAX_UPDATE_TAKEN;
    return begin(self, message, manifest.version);
}

/* ---- Chunks ---- */

bool wax_update_wanted(const wax_update *self, uint32_t *index)
{
    *index = self->phase == WAX_UPDATE_RECEIVING ? self->next : 0;
    return self->phase == WAX_UPDATE_RECEIVING;
}

/* Erases the unit that begins at `offset`, as far as the image reaches. */
static wax_status erase_unit(wax_update *self, uint32_t offset)
{
    wax_update_board *board = self->config->board;
    const uint32_t unit = update_unit_size(self, &self->manifest);
    const uint32_t left = self->manifest.size - offset;
    const uint32_t end = offset + (left < unit ? left : unit);
    wax_status status = WAX_OK;

    for (uint32_t at = offset; status == WAX_OK && at < end; at += board->sector_size) {
        status = board->erase(board, update_slot_area(target(self)), at);
    }
    return status;
}

/* Writes a chunk; the last bytes of an image are filled up to what the flash writes at once. */
static wax_status write_chunk(wax_update *self, uint32_t offset, wax_bytes chunk)
{
    wax_update_board *board = self->config->board;
    const wax_update_area area = update_slot_area(target(self));
    const size_t rest = chunk.size % board->write_size;
    const size_t whole = chunk.size - rest;
    uint8_t end[WAX_UPDATE_WRITE_MAX];
    wax_status status = WAX_OK;

    if (whole > 0) {
        status = board->write(board, area, offset, wax_bytes_of(chunk.data, whole));
    }
    if (status == WAX_OK && rest > 0) {
        memset(end, EMPTY, sizeof end);
        memcpy(end, chunk.data + whole, rest);
        status = board->write(board, area, offset + (uint32_t)whole,
                              wax_bytes_of(end, board->write_size));
    }
    return status;
}

static wax_status compare_chunk(wax_update *self, uint32_t offset, wax_bytes chunk)
{
    wax_update_board *board = self->config->board;
    uint8_t block[BLOCK];
    wax_status status = WAX_OK;

    for (size_t at = 0; status == WAX_OK && at < chunk.size; at += BLOCK) {
        const size_t left = chunk.size - at;
        const size_t size = left < BLOCK ? left : BLOCK;

        status =
            board->read(board, update_slot_area(target(self)), offset + (uint32_t)at, block, size);
        if (status == WAX_OK && memcmp(block, chunk.data + at, size) != 0) {
            status = WAX_IO;
        }
    }
    return status;
}

static wax_status store(wax_update *self, wax_bytes chunk)
{
    const uint32_t unit = update_unit_size(self, &self->manifest);
    const uint32_t offset = self->next * self->manifest.chunk_size;
    const uint32_t end = offset + (uint32_t)chunk.size;
    wax_status status = offset % unit == 0 ? erase_unit(self, offset) : WAX_OK;

    if (status == WAX_OK) {
        status = write_chunk(self, offset, chunk);
    }
    if (status == WAX_OK) {
        status = compare_chunk(self, offset, chunk);
    }
    if (status == WAX_OK && (end % unit == 0 || end == self->manifest.size)) {
        status = update_log_mark(self, target(self), offset / unit);
    }
    return status;
}

/* Gives a version up: it is not tried again, unless the flash takes not even that. */
static void give_up(wax_update *self)
{
    wax_update_state state = self->state;

    state.sequence++;
    state.failed = self->manifest.version;
    state.begun = 0;
    update_rest(self, WAX_UPDATE_IDLE);
    self->refusal = WAX_UPDATE_BAD_IMAGE;
    self->faults += update_state_write(self, &state) == WAX_OK ? 0 : 1;
}

/* The unit is begun again, but not for ever. */
static wax_status fall_back(wax_update *self)
{
    const uint32_t unit = update_unit_size(self, &self->manifest);

    self->next -= self->next % (unit / self->manifest.chunk_size);
    self->faults++;
    if (self->faults >= FAULTS_MAX) {
        give_up(self);
    }
    return WAX_IO;
}

wax_status wax_update_take(wax_update *self, uint32_t index, wax_bytes message)
{
    wax_bytes chunk;
    wax_status status;

    if (self->phase != WAX_UPDATE_RECEIVING || index != self->next) {
        return WAX_NOT_FOUND;
    }
    status = wax_update_chunk_check(&self->manifest, index, message, &chunk);
    if (status != WAX_OK) {
        return status;
    }
    if (store(self, chunk) != WAX_OK) {
        return fall_back(self);
    }
    self->next++;
    if (self->next == wax_update_chunk_count(&self->manifest)) {
        update_rest(self, WAX_UPDATE_CHECKING);
    }
    return WAX_OK;
}

static bool is_manifest_topic(const wax_update *self, wax_bytes topic)
{
    const wax_bytes names[] = {self->config->class_name, self->config->device, self->config->group};
    bool holds = false;

    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        uint8_t room[WAX_UPDATE_TOPIC_MAX];
        wax_writer out = wax_writer_over(room, sizeof room);

        wax_update_manifest_topic(&out, self->config->prefix, names[i]);
        holds = holds || (names[i].size > 0 && wax_bytes_equal(topic, wax_writer_bytes(&out)));
    }
    return holds;
}

wax_status wax_update_hear(wax_update *self, wax_bytes topic, wax_bytes message)
{
    uint8_t room[WAX_UPDATE_TOPIC_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    if (is_manifest_topic(self, topic)) {
        return message.size > 0 ? wax_update_offer(self, message) : WAX_OK;
    }
    if (self->phase != WAX_UPDATE_RECEIVING) {
        return WAX_NOT_FOUND;
    }
    wax_update_chunk_topic(&out, self->config->prefix, &self->manifest, self->next);
    return wax_bytes_equal(topic, wax_writer_bytes(&out))
               ? wax_update_take(self, self->next, message)
               : WAX_NOT_FOUND;
}

/* ---- Reading back ---- */

/* From here on the boot loader tries it. */
static wax_status make_ready(wax_update *self)
{
    wax_update_state state = self->state;
    wax_status status;

    state.sequence++;
    state.versions[target(self)] = self->manifest.version;
    state.trial = target(self);
    state.tries = self->config->tries;
    state.begun = 0;
    status = update_state_write(self, &state);
    update_rest(self, status == WAX_OK ? WAX_UPDATE_READY : WAX_UPDATE_CHECKING);
    return status;
}

wax_status wax_update_check(wax_update *self)
{
    wax_status status;

    if (self->phase != WAX_UPDATE_CHECKING) {
        return self->phase == WAX_UPDATE_READY ? WAX_OK : WAX_UNTRUSTED;
    }
    status = update_tree_read(self, target(self));
    if (status != WAX_OK) {
        return status;
    }
    if (self->next < wax_update_chunk_count(&self->manifest)) {
        return WAX_MORE;
    }
    status = update_tree_judge(self);
    if (status == WAX_UNTRUSTED) {
        give_up(self);
        return status;
    }
    return status == WAX_OK ? make_ready(self) : status;
}
