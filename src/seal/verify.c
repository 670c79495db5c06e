/* Signatures of others. [5] */
#include "seal/seal.h"

wax_status wax_verify_p256(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                           const uint8_t *signature)
{
    uint8_t digest[WAX_SHA256_SIZE];

    return wax_crypto_sha256(parts, count, digest) == WAX_OK
               ? wax_crypto_p256_verify_digest(public_key, digest, signature)
               : WAX_UNSPECIFIED_ERROR;
}
