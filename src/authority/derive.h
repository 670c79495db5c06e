/* What the authority derives of an epoch's secret, for who may not have all of it. [format, 2, 3]
 */
#ifndef WAX_AUTHORITY_DERIVE_H
#define WAX_AUTHORITY_DERIVE_H

#include "authority/inner.h"

/* An epoch of a group. */
struct epoch {
    uint8_t suite;
    uint8_t group_class;
    const uint8_t *group; /* id */
    uint32_t number;
    const uint8_t *secret;
};

/* CS, and SS[0] of a sender: WAX_KEYS_SECRET_SIZE each. */
void derive_class(wax_authority *self, const struct epoch *epoch, uint8_t *secret);
void derive_sender(wax_authority *self, const struct epoch *epoch, uint32_t sender,
                   uint8_t *secret);

#endif
