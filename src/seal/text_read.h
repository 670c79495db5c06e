/* What stands inside of a seal, as it is read; inside of the room. [5] */
#ifndef WAX_SEAL_TEXT_READ_H
#define WAX_SEAL_TEXT_READ_H

#include "seal/text.h"

struct text {
    unsigned flags;
    wax_bytes fields;
    wax_bytes rest; /* the payload, and what else stands behind the fields */
    uint64_t stream_size;
    bool has_stream_size;
    uint64_t valid_until; /* milliseconds since 1970; 0: for ever */
    wax_bytes name;       /* the topic before it was blinded */
    bool has_name;
    wax_bytes boot_nonce; /* empty: of any start */
    const uint8_t *signature;
    size_t signed_size; /* how much of the text is signed */
};

/* Reads flags, of which only those of `allowed` may stand there, and fields, all of them.
 * Returns WAX_OK, or WAX_MALFORMED. */
wax_status text_read_front(struct text *text, wax_bytes plain, unsigned allowed);

/* Reads all of the text of a message.
 * Returns WAX_OK, or WAX_MALFORMED. */
wax_status text_read(struct text *text, wax_bytes plain, bool is_signed);

/* What the fields say against taking what came on a topic; the opener's room is overwritten.
 * Returns WAX_SEAL_FINE, WAX_SEAL_BAD_FORM, WAX_SEAL_EXPIRED or WAX_SEAL_WRONG_BOOT. */
wax_seal_event text_judge(const struct text *text, const wax_opener *opener, wax_bytes topic,
                          uint64_t now_ms);

#endif
