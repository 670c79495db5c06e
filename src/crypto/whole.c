/* Signatures of messages that stand in one place, whichever library computes them. */
#include "crypto/crypto.h"

wax_status wax_crypto_p256_sign(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                wax_bytes message,
                                uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    return wax_crypto_p256_sign_parts(secret, &message, 1, signature);
}

wax_status wax_crypto_p256_verify(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                  wax_bytes message,
                                  const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    return wax_crypto_p256_verify_parts(public_key, &message, 1, signature);
}
