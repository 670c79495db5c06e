/* Keys on P-256: what they are asked, whichever library computes it. */
#include "crypto/crypto.h"

enum { UNCOMPRESSED = 4 };

wax_status wax_crypto_p256_public(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                  uint8_t public_key[static WAX_P256_PUBLIC_SIZE])
{
    wax_status status = WAX_INVALID;

    if (wax_crypto_p256_is_secret(secret)) {
        status = wax_primitive_p256_public(secret, public_key) ? WAX_OK : WAX_UNSPECIFIED_ERROR;
    }
    if (status != WAX_OK) {
        wax_wipe(public_key, WAX_P256_PUBLIC_SIZE);
    }
    return status;
}

wax_status wax_crypto_p256_agree(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                 const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                 uint8_t common[static WAX_SHA256_SIZE])
{
    wax_status status = WAX_INVALID;

    if (wax_crypto_p256_is_secret(secret)) {
        status = public_key[0] == UNCOMPRESSED
                     ? wax_primitive_p256_agree(secret, public_key, common)
                     : WAX_UNTRUSTED;
    }
    if (status != WAX_OK) {
        wax_wipe(common, WAX_SHA256_SIZE);
    }
    return status;
}

wax_status wax_crypto_p256_sign_parts(const uint8_t secret[static WAX_P256_SECRET_SIZE],
                                      const wax_bytes *parts, size_t count,
                                      uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t digest[WAX_SHA256_SIZE];
    wax_status status = WAX_INVALID;

    if (wax_crypto_p256_is_secret(secret)) {
        status = wax_crypto_sha256(parts, count, digest);
    }
    if (status == WAX_OK && !wax_primitive_p256_sign(secret, digest, signature)) {
        status = WAX_UNSPECIFIED_ERROR;
    }
    if (status != WAX_OK) {
        wax_wipe(signature, WAX_P256_SIGNATURE_SIZE);
    }
    return status;
}

wax_status wax_crypto_p256_verify_parts(const uint8_t public_key[static WAX_P256_PUBLIC_SIZE],
                                        const wax_bytes *parts, size_t count,
                                        const uint8_t signature[static WAX_P256_SIGNATURE_SIZE])
{
    uint8_t digest[WAX_SHA256_SIZE];
    wax_status status;

    if (public_key[0] != UNCOMPRESSED) {
        return WAX_UNTRUSTED;
    }
    status = wax_crypto_sha256(parts, count, digest);
    return status == WAX_OK ? wax_primitive_p256_verify(public_key, digest, signature) : status;
}

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
