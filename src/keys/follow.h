/* Chains: each link holds the digest of the one before. */
#ifndef WAX_KEYS_FOLLOW_H
#define WAX_KEYS_FOLLOW_H

#include "keys/keys.h"

/* A link that was verified. */
struct keys_link {
    uint64_t number;
    uint32_t generation;
    const uint8_t *previous;
    wax_bytes content;
    bool has_no_gaps; /* numbers follow each other */
};

/* Moves on to a link: to the next, to the same again, or to whatever is first known.
 * Returns WAX_OK; WAX_PROTOCOL_ERROR for one that does not follow; WAX_UNSPECIFIED_ERROR. */
wax_status keys_follow(wax_keys_followed *followed, const struct keys_link *link) WAX_CHECKED;

#endif
