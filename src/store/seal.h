/* seal: how a value stands in a file, so that what comes out is what went in, under its own key. */
#ifndef WAX_STORE_SEAL_H
#define WAX_STORE_SEAL_H

#include "store/store.h"

/* Zeroed: values are plain, with a checksum behind them. */
struct seal {
    bool is_secret;
    uint8_t key[32];
    uint8_t nonce[12];
};

/* Where a value stands; it verifies nowhere else. */
struct spot {
    wax_store_table table;
    wax_bytes key;
};

/* Values are sealed under this key of 32 bytes; none: they are plain.
 * Returns WAX_OK, or WAX_IO without randomness. */
wax_status seal_begin(struct seal *seal, wax_bytes key) WAX_CHECKED;

/* How much longer a value is in the file. */
size_t seal_overhead(const struct seal *seal);

/* Writes a value as it stands in the file: its size and seal_overhead() bytes more.
 * Returns WAX_OK; otherwise nothing may be kept. */
wax_status seal_value(struct seal *seal, const struct spot *spot, wax_bytes value,
                      uint8_t *stored) WAX_CHECKED;

/* Makes `value` a view of what `stored` holds; `room` has the size of `stored`, and may be viewed.
 * Returns WAX_OK; WAX_MALFORMED for what was not written so, in this spot. */
wax_status unseal_value(const struct seal *seal, const struct spot *spot, wax_bytes stored,
                        uint8_t *room, wax_bytes *value) WAX_CHECKED;

#endif
