/* Profile 2: Ascon throughout, and nothing of crypto. */
#include "ascon/ascon.h"
#include "keys/profile_psk.h"

static wax_status ascon_seal(const struct body_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    const wax_ascon_sealing by = {sealing->key, sealing->nonce, sealing->associated, 0};

    wax_ascon_seal(&by, plain, sealed);
    return WAX_OK;
}

static wax_status ascon_unseal(const struct body_sealing *sealing, wax_bytes sealed, uint8_t *plain)
{
    const wax_ascon_sealing by = {sealing->key, sealing->nonce, sealing->associated, 0};

    return wax_ascon_unseal(&by, sealed, plain);
}

static const struct pre_shared ascon = {
    .key_size = WAX_ASCON_KEY_SIZE,
    .gap_size = 4,
    .derive = ascon_derive,
    .hedge = ascon_hedge,
    .seal = ascon_seal,
    .unseal = ascon_unseal,
};

const wax_keys_profile wax_keys_ascon = {
    .number = 2,
    .lead = HEDGE_SIZE,
    .suite = &ascon,
    .seal = psk_seal,
    .open = psk_open,
};
