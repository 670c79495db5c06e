/* The state: two records in turn, so that one is whole whenever power goes. [5] */
#include "update/inner.h"

#include <string.h>

enum { RECORD_SIZE = 64, RECORD_USED = 36, FORMAT = 1, EMPTY = 0xff };

static const uint8_t magic[] = {'W', 'X', 'B', 'T', FORMAT};

uint32_t update_crc(wax_bytes bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < bytes.size; i++) {
        crc ^= bytes.data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xedb88320U : 0);
        }
    }
    return ~crc;
}

static void write_record(uint8_t *room, const wax_update_state *state)
{
    wax_writer out = wax_writer_over(room, RECORD_SIZE);

    memset(room, EMPTY, RECORD_SIZE);
    wax_write_bytes(&out, wax_bytes_of(magic, sizeof magic));
    wax_write_u8(&out, state->active);
    wax_write_u8(&out, state->trial);
    wax_write_u8(&out, state->tries);
    wax_write_u32(&out, state->sequence);
    wax_write_u32(&out, state->versions[0]);
    wax_write_u32(&out, state->versions[1]);
    wax_write_u32(&out, state->highest);
    wax_write_u32(&out, state->failed);
    wax_write_u32(&out, state->begun);
    wax_write_u32(&out, update_crc(wax_writer_bytes(&out)));
    wax_assert(out.used == RECORD_USED);
}

static bool read_record(wax_update_state *state, const uint8_t *room)
{
    wax_reader in = wax_reader_over(wax_bytes_of(room, RECORD_USED));
    const wax_bytes begun = wax_read_bytes(&in, sizeof magic);
    const wax_bytes counted = wax_bytes_of(room, RECORD_USED - 4);

    state->active = wax_read_u8(&in);
    state->trial = wax_read_u8(&in);
    state->tries = wax_read_u8(&in);
    state->sequence = wax_read_u32(&in);
    state->versions[0] = wax_read_u32(&in);
    state->versions[1] = wax_read_u32(&in);
    state->highest = wax_read_u32(&in);
    state->failed = wax_read_u32(&in);
    state->begun = wax_read_u32(&in);
    wax_require(&in, wax_read_u32(&in) == update_crc(counted), WAX_MALFORMED);
    wax_require(&in, wax_bytes_equal(begun, wax_bytes_of(magic, sizeof magic)), WAX_MALFORMED);
    wax_require(&in, state->active < WAX_UPDATE_SLOTS && state->trial <= WAX_UPDATE_SLOTS,
                WAX_MALFORMED);
    wax_require(&in, state->trial != state->active && state->sequence > 0, WAX_MALFORMED);
    return in.status == WAX_OK;
}

/* A record that could not be read is read once more: the other one is older. */
static wax_status read_area(wax_update *self, wax_update_area area, uint8_t *room)
{
    wax_update_board *board = self->config->board;
    wax_status status = board->read(board, area, 0, room, RECORD_SIZE);

    if (status != WAX_OK) {
        self->faults++;
        status = board->read(board, area, 0, room, RECORD_SIZE);
    }
    return status;
}

wax_status update_state_read(wax_update *self)
{
    wax_status status = WAX_NOT_FOUND;

    self->state = (wax_update_state){.sequence = 0};
    for (unsigned i = 0; i < 2; i++) {
        wax_update_state state;
        uint8_t room[RECORD_SIZE];

        if (read_area(self, (wax_update_area)(WAX_UPDATE_STATE_0 + i), room) != WAX_OK) {
            status = status == WAX_NOT_FOUND ? WAX_IO : status;
        } else if (read_record(&state, room) && state.sequence > self->state.sequence) {
            self->state = state;
            status = WAX_OK;
        }
    }
    return self->state.sequence > 0 ? WAX_OK : status;
}

static wax_status write_once(wax_update *self, const wax_update_state *state)
{
    wax_update_board *board = self->config->board;
    const wax_update_area area = state->sequence % 2 == 0 ? WAX_UPDATE_STATE_0 : WAX_UPDATE_STATE_1;
    uint8_t room[RECORD_SIZE];
    uint8_t again[RECORD_SIZE];
    wax_status status = board->erase(board, area, 0);

    wax_assert(state->sequence == self->state.sequence + 1);
    write_record(room, state);
    if (status == WAX_OK) {
        status = board->write(board, area, 0, wax_bytes_of(room, sizeof room));
    }
    if (status == WAX_OK) {
        status = board->read(board, area, 0, again, sizeof again);
    }
    if (status == WAX_OK && memcmp(room, again, sizeof room) != 0) {
        status = WAX_IO;
    }
    return status;
}

wax_status update_state_write(wax_update *self, const wax_update_state *state)
{
    wax_status status = write_once(self, state);

    if (status != WAX_OK) {
        self->faults++;
        status = write_once(self, state);
    }
    if (status == WAX_OK) {
        self->state = *state;
    }
    return status;
}
