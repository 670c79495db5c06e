/* The frame that mailboxes and statuses have in common: a header, and a body by a profile. */
#ifndef WAX_KEYS_LETTER_H
#define WAX_KEYS_LETTER_H

#include "keys/fields.h"
#include "keys/profile.h"

/* The header's numbers. */
struct letter_head {
    uint32_t generation;
    uint64_t number; /* version, or count */
};

/* What a letter is bound to, and room for it. */
enum { ASSOCIATED_MAX = 1 + 1 + 4 + 8 + WAX_KEYS_ID_SIZE + 2 + WAX_KEYS_TOPIC_MAX };

/* What a letter is bound to: its header as it was written, and what does not travel. */
wax_bytes letter_associated(wax_writer *out, const wax_keys_ends *ends, wax_bytes head);

/* A letter that is to be written: what its map says. */
struct letter {
    const struct letter_kind *kind;
    const wax_keys_ends *ends;
    struct letter_head head;
    const struct shape *shape;
    const void *object;
};

/* Writes a letter. `scratch` is a struct like the object. WAX_INVALID for what nobody would take;
 * else as the profile's. Unless WAX_OK nothing stays written. */
wax_status letter_seal(wax_writer *out, const struct letter *letter, void *scratch) WAX_CHECKED;

/* Opens a letter in place, as far as its plaintext. Statuses as wax_keys_mailbox_open(). */
wax_status letter_open(const struct letter_kind *kind, const wax_keys_ends *ends,
                       wax_bytes *message, struct letter_head *head) WAX_CHECKED;

#endif
