/* HKDF-SHA-256, on any library's HMAC. */
#include "hpke/hpke.h"

#include <string.h>

wax_status wax_hkdf_extract(wax_bytes salt, const wax_bytes *parts, size_t count,
                            uint8_t secret[static WAX_HKDF_SECRET_SIZE])
{
    /* No salt is a salt of zeros, which HMAC pads the empty key with. */
    return wax_crypto_hmac_sha256(salt, parts, count, secret);
}

wax_status wax_hkdf_expand(const wax_hkdf *from, uint8_t *result, size_t size)
{
    uint8_t block[WAX_SHA256_SIZE] = {0};
    uint8_t number = 0;
    wax_bytes parts[WAX_HKDF_PARTS_MAX + 2];
    wax_status status = WAX_OK;

    memset(result, 0, size);
    if (size > WAX_HKDF_RESULT_MAX || from->count > WAX_HKDF_PARTS_MAX) {
        return WAX_INVALID;
    }
    parts[0] = wax_bytes_of(block, 0); /* what came before: nothing, before the first block */
    for (size_t i = 0; i < from->count; i++) {
        parts[i + 1] = from->parts[i];
    }
    parts[from->count + 1] = wax_bytes_of(&number, sizeof number);
    for (size_t at = 0; status == WAX_OK && at < size; at += sizeof block) {
        size_t left = size - at;

        number++;
        status = wax_crypto_hmac_sha256(wax_bytes_of(from->secret, WAX_HKDF_SECRET_SIZE), parts,
                                        from->count + 2, block);
        memcpy(result + at, block, left < sizeof block ? left : sizeof block);
        parts[0].size = sizeof block;
    }
    wax_wipe(block, sizeof block);
    if (status != WAX_OK) {
        wax_wipe(result, size);
    }
    return status;
}
