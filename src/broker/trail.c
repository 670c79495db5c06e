/* The numbers of one sender, in the order in which they come. */
#include "broker/trail.h"

#include <string.h>

enum { MARK_SIZE = 4, EPOCH_HALF = 128 };

uint8_t trail_lag(uint8_t newest, uint8_t epoch)
{
    const uint8_t behind = (uint8_t)(newest - epoch);

    return behind < EPOCH_HALF ? behind : 0;
}

/* Tells two envelopes of one position apart. All messages of a stream share theirs. */
static uint32_t mark_of(const wax_seal_face *face)
{
    uint32_t mark = 0;

    if (face->kind != WAX_ENVELOPE_STREAM) {
        memcpy(&mark, face->body.data, MARK_SIZE);
        mark |= 1U;
    }
    return mark;
}

/* How much was passed over in front of a position, from `from` on. A Will has the last place of a
 * window, however little of it was used. [format.md, 5] */
static uint32_t gap_from(uint32_t from, uint32_t position)
{
    return position % WAX_WINDOW_SIZE == WAX_WINDOW_SIZE - 1 ? 0 : position - from;
}

static uint32_t window_start(uint32_t position)
{
    return position - position % WAX_WINDOW_SIZE;
}

static void begin(struct trail *self, const wax_seal_face *face)
{
    self->has_begun = true;
    self->epoch = face->epoch;
    self->position = face->position;
    self->came = 1;
}

/* How far the sender came in a window that it left, nobody knows: only the new one counts. */
static uint32_t go_ahead(struct trail *self, uint32_t position)
{
    const uint32_t step = position - self->position;
    const uint32_t start = window_start(position);
    const uint32_t from = self->position >= start ? self->position + 1 : start;

    self->came = step < TRAIL_SPAN ? self->came << step | 1U : 1;
    self->position = position;
    return gap_from(from, position);
}

static enum trail_count look_back(struct trail *self, const wax_seal_face *face, uint32_t mark)
{
    const uint32_t below = self->position - face->position;

    if (below >= TRAIL_SPAN) {
        return TRAIL_OLD;
    }
    if ((self->came >> below & 1U) == 0) {
        self->came |= UINT64_C(1) << below;
        return TRAIL_LATE;
    }
    if (self->marks[face->position % TRAIL_SPAN] != mark) {
        return TRAIL_CONFLICTS;
    }
    return mark == 0 ? TRAIL_COUNT : TRAIL_DUPLICATES;
}

void trail_step(struct trail *self, const wax_seal_face *face, uint64_t counts[TRAIL_COUNT])
{
    const uint32_t mark = mark_of(face);
    enum trail_count found = TRAIL_COUNT;

    counts[TRAIL_MESSAGES]++;
    if (!self->has_begun) {
        begin(self, face);
    } else if (trail_lag(self->epoch, face->epoch) > 0) {
        counts[TRAIL_OLD]++;
        return;
    } else if (face->epoch != self->epoch) {
        begin(self, face);
        counts[TRAIL_GAPS] += gap_from(window_start(face->position), face->position);
    } else if (face->position > self->position) {
        counts[TRAIL_GAPS] += go_ahead(self, face->position);
    } else {
        found = look_back(self, face, mark);
    }
    if (found != TRAIL_COUNT) {
        counts[found]++;
    }
    if (found == TRAIL_COUNT || found == TRAIL_LATE) {
        self->marks[face->position % TRAIL_SPAN] = mark;
    }
}
