/* SHA-256 and what is made of it alone, whichever library computes it. */
#include "crypto/crypto.h"

#include <string.h>

enum { BLOCK_SIZE = 64, INNER = 0x36, OUTER = 0x5c };

static const wax_bytes nothing;

static wax_status judge(bool is_done, uint8_t *digest)
{
    if (!is_done) {
        wax_wipe(digest, WAX_SHA256_SIZE);
    }
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

wax_status wax_crypto_sha256(const wax_bytes *parts, size_t count,
                             uint8_t digest[static WAX_SHA256_SIZE])
{
    return judge(wax_primitive_sha256(nothing, parts, count, digest), digest);
}

static void change(uint8_t *block, uint8_t by)
{
    for (size_t i = 0; i < BLOCK_SIZE; i++) {
        block[i] ^= by;
    }
}

/* By the hash, and not by what libraries have for it: OpenSSL looks up and makes so much for each
 * tag that a short message costs three times as much, and Mbed TLS asks for memory. [RFC 2104, 2]
 */
wax_status wax_crypto_hmac_sha256(wax_bytes key, const wax_bytes *parts, size_t count,
                                  uint8_t tag[static WAX_SHA256_SIZE])
{
    uint8_t block[BLOCK_SIZE] = {0};
    const wax_bytes filled = wax_bytes_of(block, sizeof block);
    const wax_bytes inner = wax_bytes_of(tag, WAX_SHA256_SIZE);
    bool is_done = true;

    if (key.size > sizeof block) {
        is_done = wax_primitive_sha256(nothing, &key, 1, block);
    } else if (key.size > 0) {
        memcpy(block, key.data, key.size);
    }
    change(block, INNER);
    is_done = is_done && wax_primitive_sha256(filled, parts, count, tag);
    change(block, INNER ^ OUTER);
    is_done = is_done && wax_primitive_sha256(filled, &inner, 1, tag);
    wax_wipe(block, sizeof block);
    return judge(is_done, tag);
}
