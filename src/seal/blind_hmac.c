/* Blinding by HMAC-SHA-256. [7] */
#include <string.h>

#include "seal/blind.h"

wax_status wax_blind_hmac(const wax_blinder *self, wax_bytes where, wax_bytes level,
                          uint8_t *result)
{
    const wax_bytes parts[] = {WAX_TEXT("sealed-mqtt 1 topic"), wax_bytes_of(&self->variant, 1),
                               where, level};
    uint8_t block[WAX_SHA256_SIZE];
    wax_status status = wax_crypto_hmac_sha256(wax_bytes_of(self->key, WAX_SECRET_SIZE), parts,
                                               WAX_COUNT(parts), block);

    memcpy(result, block, BLIND_HASH_SIZE);
    return status;
}
