/* Topics and filters, level by level; inside of the room. */
#ifndef WAX_SEAL_LEVELS_H
#define WAX_SEAL_LEVELS_H

#include "seal/seal.h"

/* A walk over the levels of a topic or a filter; there is one at least. */
struct levels {
    const uint8_t *at;
    const uint8_t *end;
    bool is_over;
};

struct levels levels_of(wax_bytes topic);

/* Takes the next level. Returns false when there is none. */
bool levels_next(struct levels *levels, wax_bytes *level);

/* Whether a level of a filter is this wildcard. */
bool level_is(wax_bytes level, uint8_t wildcard);

/* Whether a filter matches a topic, or all topics that a filter matches; a wildcard is covered by
 * the same wildcard, or by '#' in front of it. [MQTT-4.7.2-1] */
bool levels_cover(wax_bytes filter, wax_bytes topic);

/* How many levels a filter has in front of its first wildcard. */
size_t levels_literal(wax_bytes filter);

#endif
