/* Derivation by Ascon-CXOF128. */
#include "keys/derive.h"

#include "ascon/ascon.h"

wax_status ascon_derive(const struct derivation *from, uint8_t *key, size_t size)
{
    uint8_t info[HASH_LABEL_MAX];
    wax_writer text = wax_writer_over(info, sizeof info);
    wax_ascon_hash hash;

    derive_write_info(&text, from);
    wax_ascon_cxof_start(&hash, wax_writer_bytes(&text));
    wax_ascon_hash_update(&hash, wax_bytes_of(from->secret, WAX_KEYS_SECRET_SIZE));
    wax_ascon_hash_finish(&hash, key, size);
    return WAX_OK;
}

wax_status ascon_hedge(const uint8_t *key, wax_bytes associated, wax_bytes plain,
                       uint8_t hedge[static HEDGE_SIZE])
{
    uint8_t size[4];
    wax_writer out = wax_writer_over(size, sizeof size);
    wax_ascon_hash hash;

    wax_write_u32(&out, (uint32_t)associated.size);
    wax_ascon_cxof_start(&hash, WAX_TEXT("sealed-mqtt 1 hedge"));
    wax_ascon_hash_update(&hash, wax_bytes_of(key, WAX_KEYS_SECRET_SIZE));
    wax_ascon_hash_update(&hash, wax_bytes_of(size, sizeof size));
    wax_ascon_hash_update(&hash, associated);
    wax_ascon_hash_update(&hash, plain);
    wax_ascon_hash_finish(&hash, hedge, HEDGE_SIZE);
    return WAX_OK;
}
