/* Signatures by a key that the sender holds itself. [5] */
#include "seal/seal.h"

wax_status wax_signer_p256_sign(const wax_signer *self, const wax_bytes *parts, size_t count,
                                uint8_t *signature)
{
    return wax_crypto_p256_sign_parts(self->secret, parts, count, signature);
}
