/* What the headers of one sender's envelopes tell by their numbers alone, to who has no key. As a
 * reader judges them (docs/format.md, 5), but nothing is refused for it: it is only counted. */
#ifndef WAX_BROKER_TRAIL_H
#define WAX_BROKER_TRAIL_H

#include "seal/seal.h"

enum trail_count {
    TRAIL_MESSAGES,
    TRAIL_GAPS,       /* positions that were passed over; they may still come */
    TRAIL_LATE,       /* of these, those that did come */
    TRAIL_DUPLICATES, /* the same envelope again */
    TRAIL_CONFLICTS,  /* another one at a position that was taken: two senders are one */
    TRAIL_OLD,        /* far below the highest, or of an epoch that the sender had left */
    TRAIL_BEHIND,     /* of an epoch before the newest that any sender uses */
    TRAIL_COUNT
};

enum { TRAIL_SPAN = 64 }; /* positions that are remembered, the highest included */

/* A sender. All zero at first. */
struct trail {
    uint64_t came;              /* bit n: the position n below the highest came */
    uint32_t position;          /* the highest */
    uint32_t marks[TRAIL_SPAN]; /* a part of each one's hedge, by the position's lowest bits */
    uint8_t epoch;
    bool has_begun;
};

/* Adds to `counts` what an envelope tells, one that has a sender. */
void trail_step(struct trail *self, const wax_seal_face *face, uint64_t counts[TRAIL_COUNT]);

/* How many epochs `epoch` is behind `newest`, both modulo 256; 0 when it is the newer. Who is more
 * than 127 behind seems to be ahead. */
uint8_t trail_lag(uint8_t newest, uint8_t epoch);

#endif
