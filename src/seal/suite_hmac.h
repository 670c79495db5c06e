/* What the suites with HMAC-SHA-256 have in common; inside of the room. */
#ifndef WAX_SEAL_SUITE_HMAC_H
#define WAX_SEAL_SUITE_HMAC_H

#include "seal/seal.h"

/* As wax_suite has them. */
wax_status suite_derive_hmac(const uint8_t *secret, wax_bytes info, uint8_t *result, size_t size);
wax_status suite_prepare_hmac(uint8_t *key);
wax_status suite_hash_hmac(const uint8_t *key, const wax_bytes *parts, size_t count, uint8_t *hash);

/* As wax_suite has them, with a cipher of crypto's. */
wax_status suite_seal(const wax_box *box, wax_cipher cipher, const uint8_t *hedge, wax_bytes plain,
                      uint8_t *sealed);
wax_status suite_open(const wax_box *box, wax_cipher cipher, const uint8_t *hedge, wax_bytes sealed,
                      uint8_t *plain);

#endif
