/* Suite 2: Ascon alone, for devices with room for nothing else. */
#include "ascon/ascon.h"
#include "seal/seal.h"

static wax_status derive(const uint8_t *secret, wax_bytes info, uint8_t *result, size_t size)
{
    wax_ascon_hash hash;

    wax_ascon_cxof_start(&hash, info);
    wax_ascon_hash_update(&hash, (wax_bytes){secret, WAX_SECRET_SIZE});
    wax_ascon_hash_finish(&hash, result, size);
    return WAX_OK;
}

static wax_status compute_hash(const uint8_t *key, const wax_bytes *parts, size_t count,
                               uint8_t *result)
{
    wax_ascon_hash hash;

    wax_ascon_cxof_start(&hash, WAX_TEXT("sealed-mqtt 1 hedge"));
    wax_ascon_hash_update(&hash, (wax_bytes){key, WAX_SECRET_SIZE});
    for (size_t i = 0; i < count; i++) {
        wax_ascon_hash_update(&hash, parts[i]);
    }
    wax_ascon_hash_finish(&hash, result, WAX_HEDGE_SIZE);
    return WAX_OK;
}

static void make_nonce(const wax_box *box, const uint8_t *hedge,
                       uint8_t nonce[static WAX_ASCON_NONCE_SIZE])
{
    wax_writer out = wax_writer_over(nonce, WAX_ASCON_NONCE_SIZE);

    wax_write_u32(&out, box->number);
    wax_write_u32(&out, 0);
    wax_write_bytes(&out, (wax_bytes){hedge, WAX_HEDGE_SIZE});
}

static wax_status seal_text(const wax_box *box, const uint8_t *hedge, wax_bytes plain,
                            uint8_t *sealed)
{
    uint8_t nonce[WAX_ASCON_NONCE_SIZE];
    const wax_ascon_sealing sealing = {
        .key = box->key, .nonce = nonce, .associated = box->associated, .tag_size = box->tag_size};

    make_nonce(box, hedge, nonce);
    wax_ascon_seal(&sealing, plain, sealed);
    return WAX_OK;
}

static wax_status open_text(const wax_box *box, const uint8_t *hedge, wax_bytes sealed,
                            uint8_t *plain)
{
    uint8_t nonce[WAX_ASCON_NONCE_SIZE];
    const wax_ascon_sealing sealing = {
        .key = box->key, .nonce = nonce, .associated = box->associated, .tag_size = box->tag_size};

    make_nonce(box, hedge, nonce);
    return wax_ascon_unseal(&sealing, sealed, plain);
}

const wax_suite wax_suite_ascon = {.number = 2,
                                   .key_size = WAX_ASCON_KEY_SIZE,
                                   .tag_size_min = WAX_ASCON_TAG_SIZE_MIN,
                                   .derive = derive,
                                   .hash = compute_hash,
                                   .seal = seal_text,
                                   .open = open_text};
