/* HMAC under a key that many messages share, for libraries that keep nothing of it: the key stands
 * as it is. */
#include "crypto/crypto.h"

wax_status wax_crypto_hmac_prepare(uint8_t key[static WAX_HMAC_KEY_SIZE])
{
    (void)key;
    return WAX_OK;
}

wax_status wax_crypto_hmac_prepared(const uint8_t key[static WAX_HMAC_KEY_SIZE],
                                    const wax_bytes *parts, size_t count,
                                    uint8_t tag[static WAX_SHA256_SIZE])
{
    return wax_crypto_hmac_sha256(wax_bytes_of(key, WAX_HMAC_KEY_SIZE), parts, count, tag);
}
