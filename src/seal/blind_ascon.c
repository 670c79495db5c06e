/* Blinding by Ascon-CXOF128. [7] */
#include "ascon/ascon.h"
#include "seal/blind.h"

wax_status wax_blind_ascon(const wax_blinder *self, wax_bytes where, wax_bytes level,
                           uint8_t *result)
{
    uint8_t label[20];
    wax_writer out = wax_writer_over(label, sizeof label);
    wax_ascon_hash hash;

    wax_write_bytes(&out, WAX_TEXT("sealed-mqtt 1 topic"));
    wax_write_u8(&out, self->variant);
    wax_ascon_cxof_start(&hash, wax_writer_bytes(&out));
    wax_ascon_hash_update(&hash, wax_bytes_of(self->key, WAX_SECRET_SIZE));
    wax_ascon_hash_update(&hash, where);
    wax_ascon_hash_update(&hash, level);
    wax_ascon_hash_finish(&hash, result, BLIND_HASH_SIZE);
    return WAX_OK;
}
