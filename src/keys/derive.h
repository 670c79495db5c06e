/* Keys derived from secrets, and keyed hashes, as docs/format.md, 2 has them: once for each kind of
 * hash, so that a device links the one it has. */
#ifndef WAX_KEYS_DERIVE_H
#define WAX_KEYS_DERIVE_H

#include "keys/keys.h"

enum { HEDGE_SIZE = 8, DERIVED_MAX = 32, HASH_LABEL_MAX = 80 };

/* What a key comes from. */
struct derivation {
    const uint8_t *secret; /* WAX_KEYS_SECRET_SIZE */
    uint8_t suite;
    wax_bytes label;
    wax_bytes context;
};

/* Both return WAX_OK or WAX_UNSPECIFIED_ERROR: the result is then all zero. `size` is DERIVED_MAX
 * at most; label and context fit into HASH_LABEL_MAX with some 16 bytes more. */
wax_status hmac_derive(const struct derivation *from, uint8_t *key, size_t size) WAX_CHECKED;
wax_status ascon_derive(const struct derivation *from, uint8_t *key, size_t size) WAX_CHECKED;

/* H(key, associated, plain). Both return as above. */
wax_status hmac_hedge(const uint8_t *key, wax_bytes associated, wax_bytes plain,
                      uint8_t hedge[static HEDGE_SIZE]) WAX_CHECKED;
wax_status ascon_hedge(const uint8_t *key, wax_bytes associated, wax_bytes plain,
                       uint8_t hedge[static HEDGE_SIZE]) WAX_CHECKED;

/* Writes what keeps uses of a secret apart. */
void derive_write_info(wax_writer *out, const struct derivation *from);

#endif
