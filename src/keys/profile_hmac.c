/* Profiles 1 and 3: what crypto's ciphers seal. */
#include "keys/profile_psk.h"

static wax_sealing sealing_of(const struct body_sealing *sealing, wax_cipher cipher)
{
    return (wax_sealing){
        .key = sealing->key,
        .nonce = sealing->nonce,
        .associated = sealing->associated,
        .cipher = cipher,
    };
}

static wax_status chacha20_seal(const struct body_sealing *sealing, wax_bytes plain,
                                uint8_t *sealed)
{
    const wax_sealing by = sealing_of(sealing, WAX_CHACHA20_POLY1305);

    return wax_crypto_seal(&by, plain, sealed);
}

static wax_status chacha20_unseal(const struct body_sealing *sealing, wax_bytes sealed,
                                  uint8_t *plain)
{
    const wax_sealing by = sealing_of(sealing, WAX_CHACHA20_POLY1305);

    return wax_crypto_unseal(&by, sealed, plain);
}

static wax_status ccm_seal(const struct body_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    const wax_sealing by = sealing_of(sealing, WAX_AES_128_CCM);

    return wax_crypto_seal(&by, plain, sealed);
}

static wax_status ccm_unseal(const struct body_sealing *sealing, wax_bytes sealed, uint8_t *plain)
{
    const wax_sealing by = sealing_of(sealing, WAX_AES_128_CCM);

    return wax_crypto_unseal(&by, sealed, plain);
}

static const struct pre_shared chacha20 = {
    .key_size = 32,
    .derive = hmac_derive,
    .hedge = hmac_hedge,
    .seal = chacha20_seal,
    .unseal = chacha20_unseal,
};

static const struct pre_shared ccm = {
    .key_size = 16,
    .derive = hmac_derive,
    .hedge = hmac_hedge,
    .seal = ccm_seal,
    .unseal = ccm_unseal,
};

const wax_keys_profile wax_keys_chacha20 = {
    .number = 1,
    .lead = HEDGE_SIZE,
    .suite = &chacha20,
    .seal = psk_seal,
    .open = psk_open,
};

const wax_keys_profile wax_keys_ccm = {
    .number = 3,
    .lead = HEDGE_SIZE,
    .suite = &ccm,
    .seal = psk_seal,
    .open = psk_open,
};
