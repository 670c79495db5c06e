/* HMAC under a key that many messages share: what its two hashes are once they have taken the key's
 * block. A library whose SHA-256 is another's (MBEDTLS_SHA256_ALT) does not show its state: there
 * crypto/prepared.c serves. */
#include "crypto/crypto.h"

#include <mbedtls/sha256.h>
#include <string.h>

#ifndef MBEDTLS_SHA256_ALT

enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5c }; /* [RFC 2104, 2] */

/* The state behind the block of the key and a pad. */
static int begin(const uint8_t *key, uint8_t pad, uint8_t *state)
{
    uint8_t block[BLOCK];
    mbedtls_sha256_context hash;
    int fault;

    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = key[i] ^ pad;
    }
    mbedtls_sha256_init(&hash);
    fault = mbedtls_sha256_starts_ret(&hash, 0);
    if (fault == 0) {
        fault = mbedtls_internal_sha256_process(&hash, block);
    }
    memcpy(state, hash.state, WAX_SHA256_SIZE);
    mbedtls_sha256_free(&hash);
    wax_wipe(block, sizeof block);
    return fault;
}

wax_status wax_crypto_hmac_prepare(uint8_t key[static WAX_HMAC_KEY_SIZE])
{
    uint8_t states[WAX_HMAC_KEY_SIZE];
    int fault = begin(key, INNER, states);

    if (fault == 0) {
        fault = begin(key, OUTER, states + WAX_SHA256_SIZE);
    }
    memcpy(key, states, sizeof states);
    wax_wipe(states, sizeof states);
    if (fault != 0) {
        wax_wipe(key, WAX_HMAC_KEY_SIZE);
    }
    return fault == 0 ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

/* Goes on from such a state. */
static int resume(const uint8_t *state, const wax_bytes *parts, size_t count, uint8_t *digest)
{
    mbedtls_sha256_context hash;
    int fault;

    mbedtls_sha256_init(&hash);
    fault = mbedtls_sha256_starts_ret(&hash, 0);
    memcpy(hash.state, state, sizeof hash.state);
    hash.total[0] = BLOCK;
    for (size_t i = 0; fault == 0 && i < count; i++) {
        fault = mbedtls_sha256_update_ret(&hash, parts[i].data, parts[i].size);
    }
    if (fault == 0) {
        fault = mbedtls_sha256_finish_ret(&hash, digest);
    }
    mbedtls_sha256_free(&hash);
    return fault;
}

wax_status wax_crypto_hmac_prepared(const uint8_t key[static WAX_HMAC_KEY_SIZE],
                                    const wax_bytes *parts, size_t count,
                                    uint8_t tag[static WAX_SHA256_SIZE])
{
    uint8_t digest[WAX_SHA256_SIZE] = {0};
    const wax_bytes inner = wax_bytes_of(digest, sizeof digest);
    int fault = resume(key, parts, count, digest);

    if (fault == 0) {
        fault = resume(key + WAX_SHA256_SIZE, &inner, 1, tag);
    }
    if (fault != 0) {
        memset(tag, 0, WAX_SHA256_SIZE);
    }
    wax_wipe(digest, sizeof digest);
    return fault == 0 ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

#endif
