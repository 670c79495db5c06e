/* The key schedule, as far down as the authority goes. */
#include "authority/derive.h"

#include <string.h>

#include "ascon/ascon.h"
#include "hpke/hpke.h"

enum { SUITE_ASCON = 2, INFO_MAX = 64 };

/* D(secret, label, scope ‖ more, 32) [2]: one block of HKDF, or Ascon. */
static wax_status derive(const struct epoch *epoch, const uint8_t *from, wax_bytes label,
                         wax_bytes more, uint8_t *secret)
{
    uint8_t info[INFO_MAX];
    wax_writer out = wax_writer_over(info, sizeof info);
    wax_bytes part;
    wax_hkdf hkdf = {.secret = from, .parts = &part, .count = 1};
    wax_ascon_hash hash;

    wax_write_bytes(&out, WAX_TEXT("sealed-mqtt 1 "));
    wax_write_bytes(&out, label);
    wax_write_u8(&out, 0);
    wax_write_u8(&out, epoch->suite);
    wax_write_bytes(&out, wax_bytes_of(epoch->group, WAX_KEYS_ID_SIZE));
    wax_write_u32(&out, epoch->number);
    wax_write_bytes(&out, more);
    wax_assert(out.status == WAX_OK);
    part = wax_writer_bytes(&out);
    if (epoch->suite != SUITE_ASCON) {
        return wax_hkdf_expand(&hkdf, secret, WAX_KEYS_SECRET_SIZE);
    }
    wax_ascon_cxof_start(&hash, part);
    wax_ascon_hash_update(&hash, wax_bytes_of(from, WAX_KEYS_SECRET_SIZE));
    wax_ascon_hash_finish(&hash, secret, WAX_KEYS_SECRET_SIZE);
    return WAX_OK;
}

void derive_class(wax_authority *self, const struct epoch *epoch, uint8_t *secret)
{
    const wax_bytes more = wax_bytes_of(&epoch->group_class, 1);

    memset(secret, 0, WAX_KEYS_SECRET_SIZE);
    if (self->status == WAX_OK &&
        derive(epoch, epoch->secret, WAX_TEXT("class"), more, secret) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
}

void derive_sender(wax_authority *self, const struct epoch *epoch, uint32_t sender, uint8_t *secret)
{
    uint8_t named[4];
    wax_writer out = wax_writer_over(named, sizeof named);
    uint8_t class_secret[WAX_KEYS_SECRET_SIZE];

    wax_write_u32(&out, sender);
    derive_class(self, epoch, class_secret);
    if (self->status == WAX_OK &&
        derive(epoch, class_secret, WAX_TEXT("sender"), wax_writer_bytes(&out), secret) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
    wax_wipe(class_secret, sizeof class_secret);
}
