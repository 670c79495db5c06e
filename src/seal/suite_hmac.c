/* Keys by HMAC-SHA-256, and seals by a cipher of the library's. */
#include "seal/suite_hmac.h"

#include <string.h>

#include "hpke/hpke.h"

wax_status suite_derive_hmac(const uint8_t *secret, wax_bytes info, uint8_t *result, size_t size)
{
    uint8_t block[WAX_SHA256_SIZE];
    const wax_hkdf from = {.secret = secret, .parts = &info, .count = 1};
    /* The result may stand where the secret does. */
    wax_status status = wax_hkdf_expand(&from, block, size);

    memcpy(result, block, size);
    wax_wipe(block, sizeof block);
    return status;
}

wax_status suite_prepare_hmac(uint8_t *key)
{
    if (WAX_HEDGE_KEY_SIZE < WAX_HMAC_KEY_SIZE) {
        return WAX_INVALID;
    }
    memset(key + WAX_SECRET_SIZE, 0, WAX_HEDGE_KEY_SIZE - WAX_SECRET_SIZE);
    return wax_crypto_hmac_prepare(key);
}

wax_status suite_hash_hmac(const uint8_t *key, const wax_bytes *parts, size_t count, uint8_t *hash)
{
    uint8_t block[WAX_SHA256_SIZE];
    wax_status status = wax_crypto_hmac_prepared(key, parts, count, block);

    memcpy(hash, block, WAX_HEDGE_SIZE);
    wax_wipe(block, sizeof block);
    return status;
}

static void make_nonce(const wax_box *box, const uint8_t *hedge,
                       uint8_t nonce[static WAX_SEAL_NONCE_SIZE])
{
    wax_writer out = wax_writer_over(nonce, WAX_SEAL_NONCE_SIZE);

    wax_write_u32(&out, box->number);
    wax_write_bytes(&out, wax_bytes_of(hedge, WAX_HEDGE_SIZE));
}

wax_status suite_seal(const wax_box *box, wax_cipher cipher, const uint8_t *hedge, wax_bytes plain,
                      uint8_t *sealed)
{
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    const wax_sealing sealing = {
        .key = box->key, .nonce = nonce, .associated = box->associated, .cipher = cipher};

    make_nonce(box, hedge, nonce);
    return wax_crypto_seal(&sealing, plain, sealed);
}

wax_status suite_open(const wax_box *box, wax_cipher cipher, const uint8_t *hedge, wax_bytes sealed,
                      uint8_t *plain)
{
    uint8_t nonce[WAX_SEAL_NONCE_SIZE];
    const wax_sealing sealing = {
        .key = box->key, .nonce = nonce, .associated = box->associated, .cipher = cipher};

    make_nonce(box, hedge, nonce);
    return wax_crypto_unseal(&sealing, sealed, plain);
}
