/* The keys of a group, from the secret of an epoch down to that of a message [3]; inside of the
 * room. */
#ifndef WAX_SEAL_SCHEDULE_H
#define WAX_SEAL_SCHEDULE_H

#include "seal/seal.h"

/* Whose keys they are. */
struct scope {
    const wax_seal_group *group;
    uint32_t epoch;
    uint32_t sender;
};

/* What a secret becomes. */
enum use {
    USE_SENDER, /* of a class: the sender's first */
    USE_RATCHET,
    USE_KEY,
    USE_HEDGE,
    USE_STREAM_KEY, /* of one position */
    USE_STREAM_HEDGE,
};

/* From the secret of an epoch to that of the group's class. Both have the statuses of wax_derive().
 */
wax_status schedule_class(const struct scope *scope, const uint8_t *epoch_secret, uint8_t *result);

/* From one secret to the next, WAX_SECRET_SIZE bytes or a key of the suite; `position` counts for
 * streams alone. `result` may be the secret. */
wax_status schedule(const struct scope *scope, const uint8_t *secret, enum use use,
                    uint32_t position, uint8_t *result);

/* Likewise to the key of hedges, of WAX_HEDGE_KEY_SIZE, which the suite has prepared. */
wax_status schedule_hedge(const struct scope *scope, const uint8_t *secret, enum use use,
                          uint32_t position, uint8_t *result);

/* What a message is bound to, put together in `room`: `front` is the beginning of what travels.
 * Returns WAX_OK, or WAX_FULL when the room is too small. [5] [6] */
wax_status schedule_bind(const struct scope *scope, wax_bytes front, wax_bytes topic,
                         wax_writer *room);

#endif
