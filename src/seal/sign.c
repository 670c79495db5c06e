/* Signatures by a key that the sender holds itself. [5] */
#include "seal/seal.h"

wax_status wax_signer_p256_sign(const wax_signer *self, const wax_bytes *parts, size_t count,
                                uint8_t *signature)
{
    uint8_t digest[WAX_SHA256_SIZE];

    return wax_crypto_sha256(parts, count, digest) == WAX_OK
               ? wax_crypto_p256_sign_digest(self->secret, digest, signature)
               : WAX_UNSPECIFIED_ERROR;
}
