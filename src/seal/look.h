/* What an envelope shows to whoever has no key: a broker that carries it. Part of the door. */
#ifndef WAX_SEAL_LOOK_H
#define WAX_SEAL_LOOK_H

#include "base/base.h"

/* What an envelope is. [4] */
typedef enum wax_envelope {
    WAX_ENVELOPE_MESSAGE = 0,
    WAX_ENVELOPE_SIGNED = 1,
    WAX_ENVELOPE_STREAM = 2,
    WAX_ENVELOPE_MAILBOX = 3,
    WAX_ENVELOPE_STATUS = 4,
} wax_envelope;

/* Its outside. Nobody has vouched for any of it: whoever may publish can write it. */
typedef struct wax_seal_face {
    wax_envelope kind;
    uint8_t epoch;     /* its lowest eight bits; 0 in mailboxes and statuses, as the next two */
    uint32_t sender;   /* from 1 upwards */
    uint32_t position; /* at most 2^28 - 1 */
    wax_bytes body;    /* from the first hedge on, which is its first eight bytes; in profile 16 of
                        * mailboxes and statuses it begins with a public key */
} wax_seal_face;

/* Reads the outside of an envelope, without keys: the header in its one form, and whether what
 * follows is at least as long as the shortest that a sender makes. [4] [5] [6] [8] [9]
 * Returns WAX_OK, or WAX_MALFORMED for what no sender makes; `face` is then all zero. */
wax_status wax_seal_look(wax_bytes envelope, wax_seal_face *face) WAX_CHECKED;

#endif
