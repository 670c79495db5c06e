/* Derivation by HMAC-SHA-256. */
#include "keys/derive.h"

#include <string.h>

static wax_status take(wax_bytes key, const wax_bytes *parts, size_t count, wax_writer *out)
{
    uint8_t tag[WAX_SHA256_SIZE];
    const wax_status status = wax_crypto_hmac_sha256(key, parts, count, tag);

    wax_write_bytes(out, wax_bytes_of(tag, out->size));
    wax_wipe(tag, sizeof tag);
    return status;
}

wax_status hmac_derive(const struct derivation *from, uint8_t *key, size_t size)
{
    static const uint8_t first = 1;
    uint8_t info[HASH_LABEL_MAX];
    wax_writer text = wax_writer_over(info, sizeof info);
    wax_writer out = wax_writer_over(key, size);
    wax_bytes parts[2];

    derive_write_info(&text, from);
    parts[0] = wax_writer_bytes(&text);
    parts[1] = wax_bytes_of(&first, 1);
    return take(wax_bytes_of(from->secret, WAX_KEYS_SECRET_SIZE), parts, WAX_COUNT(parts), &out);
}

wax_status hmac_hedge(const uint8_t *key, wax_bytes associated, wax_bytes plain,
                      uint8_t hedge[static HEDGE_SIZE])
{
    uint8_t size[4];
    wax_writer size_out = wax_writer_over(size, sizeof size);
    wax_writer out = wax_writer_over(hedge, HEDGE_SIZE);
    const wax_bytes parts[] = {wax_bytes_of(size, sizeof size), associated, plain};

    wax_write_u32(&size_out, (uint32_t)associated.size);
    return take(wax_bytes_of(key, WAX_KEYS_SECRET_SIZE), parts, WAX_COUNT(parts), &out);
}
