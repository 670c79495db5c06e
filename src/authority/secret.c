/* Secrets at rest: each under the file's key, bound to its place. */
#include "authority/ledger.h"

#include <string.h>

enum { BINDING_MAX = 64 };

/* table ‖ row id ‖ version. */
static wax_bytes binding_of(const struct spot *spot, uint8_t room[static BINDING_MAX])
{
    wax_writer out = wax_writer_over(room, BINDING_MAX);

    wax_write_blob(&out, wax_bytes_of_text(spot->table));
    wax_write_u32(&out, (uint32_t)(spot->row >> 32U));
    wax_write_u32(&out, (uint32_t)spot->row);
    wax_write_u32(&out, (uint32_t)(spot->version >> 32U));
    wax_write_u32(&out, (uint32_t)spot->version);
    wax_assert(out.status == WAX_OK);
    return wax_writer_bytes(&out);
}

void secret_seal(wax_authority *self, const struct spot *spot, wax_bytes plain, uint8_t *stored)
{
    uint8_t binding[BINDING_MAX];
    const wax_sealing sealing = {
        .key = self->key,
        .nonce = stored,
        .associated = binding_of(spot, binding),
    };

    memset(stored, 0, plain.size + SECRET_OVERHEAD);
    authority_draw(self, stored, WAX_SEAL_NONCE_SIZE);
    if (self->status == WAX_OK &&
        wax_crypto_seal(&sealing, plain, stored + WAX_SEAL_NONCE_SIZE) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
}

void secret_open(wax_authority *self, const struct spot *spot, wax_bytes stored, uint8_t *plain,
                 size_t size)
{
    uint8_t binding[BINDING_MAX];
    const wax_sealing sealing = {
        .key = self->key,
        .nonce = stored.data,
        .associated = binding_of(spot, binding),
    };
    uint8_t opened[SECRET_MAX];
    bool is_open;

    memset(plain, 0, size);
    if (self->status != WAX_OK) {
        return;
    }
    is_open =
        stored.size == size + SECRET_OVERHEAD && size <= SECRET_MAX &&
        wax_crypto_unseal(&sealing,
                          wax_bytes_of(stored.data + WAX_SEAL_NONCE_SIZE, size + WAX_SEAL_TAG_SIZE),
                          opened) == WAX_OK;
    authority_need(
        self, is_open, WAX_INVALID,
        "a secret in the file of the authority does not open: the key is another one, or the "
        "file was changed");
    if (is_open) {
        memcpy(plain, opened, size);
    }
    wax_wipe(opened, sizeof opened);
}
