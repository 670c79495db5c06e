/* Signatures of others. [5] */
#include "seal/seal.h"

wax_status wax_verify_p256(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                           const uint8_t *signature)
{
    return wax_crypto_p256_verify_parts(public_key, parts, count, signature);
}
