/* Maps that are signed for a namespace: certificates, enrolments, manifests, entries of the log. */
#ifndef WAX_KEYS_SIGNED_H
#define WAX_KEYS_SIGNED_H

#include "keys/fields.h"

/* What a signature is bound to: a type, and the namespace. */
wax_keys_bound signed_bound(wax_bytes label, const uint8_t *name_space);

/* A map to be written. */
struct signed_map {
    wax_bytes label;
    const struct shape *shape;
    const void *object;
};

/* Writes a map and signs it by `by->secret`. WAX_INVALID for what nobody would take; unless WAX_OK
 * nothing was written. */
wax_status signed_write(wax_writer *out, const wax_keys_signing *by, const struct signed_map *map,
                        void *scratch) WAX_CHECKED;

/* Verifies a map by `by->public_key` and reads it into `object`, which was zeroed. */
wax_status signed_read(wax_bytes bytes, const wax_keys_signing *by, const struct signed_map *map,
                       void *object) WAX_CHECKED;

#endif
