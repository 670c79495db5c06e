/* Seals: what is asked, whichever library computes them. */
#include "crypto/crypto.h"

wax_status wax_crypto_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    if (!wax_cipher_takes(sealing, plain.size)) {
        return WAX_INVALID;
    }
    if (!wax_primitive_seal(sealing, plain, sealed)) {
        wax_wipe(sealed, plain.size + wax_cipher_tag_size(sealing->cipher));
        return WAX_UNSPECIFIED_ERROR;
    }
    return WAX_OK;
}

wax_status wax_crypto_unseal(const wax_sealing *sealing, wax_bytes sealed, uint8_t *plain)
{
    const size_t tag_size = wax_cipher_tag_size(sealing->cipher);
    wax_bytes text;
    wax_status status;

    if (sealed.size < tag_size || !wax_cipher_takes(sealing, sealed.size - tag_size)) {
        return WAX_UNTRUSTED;
    }
    text = wax_bytes_of(sealed.data, sealed.size - tag_size);
    status = wax_primitive_unseal(sealing, text, plain);
    if (status != WAX_OK) {
        wax_wipe(plain, text.size);
    }
    return status;
}
