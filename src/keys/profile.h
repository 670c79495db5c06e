/* What a profile is: how the plaintext of a mailbox or a status becomes the body of a message. */
#ifndef WAX_KEYS_PROFILE_H
#define WAX_KEYS_PROFILE_H

#include "keys/keys.h"
#include "seal/seal.h"

/* What tells mailboxes and statuses apart. */
struct letter_kind {
    uint8_t first; /* byte of the message */
    bool has_generation;
    wax_bytes key_label;
    wax_bytes hedge_label;
    wax_bytes bound_label; /* of signatures, and of HPKE's info */
};

/* What a body is bound to. */
struct parcel {
    const struct letter_kind *kind;
    wax_bytes associated;
    uint64_t number; /* version, or count */
};

struct wax_keys_profile {
    uint8_t number;
    uint8_t lead;           /* how much of a body stands in front of what is encrypted */
    const wax_suite *suite; /* of a pre-shared key */

    /* Makes a body of the plaintext that stands in `out` from `at` on; in front of that are `lead`
     * bytes to be filled. Unless WAX_OK, what was written is the caller's to wipe. */
    wax_status (*seal)(const wax_keys_ends *ends, const struct parcel *parcel, wax_writer *out,
                       size_t at);

    /* Opens a body of `size` bytes in place. Unless WAX_OK, it holds no secret. */
    wax_status (*open)(const wax_keys_ends *ends, const struct parcel *parcel, uint8_t *body,
                       size_t size, wax_bytes *plain);
};

#endif
