/* Names of topics as a broker sees them. */
#include "authority/space.h"

#include "seal/seal.h"

enum { BLINDED_MAX = 65535 };

wax_status wax_authority_blind(wax_authority *self, wax_bytes filter, wax_writer *out)
{
    const struct name_space *own = &self->own;
    const wax_blinder blinder = {
        .hash = own->blinding_hash == 1 ? wax_blind_hmac : wax_blind_ascon,
        .key = own->blinding_key,
        .variant = (uint8_t)own->blinding_variant,
        .prefix = wax_bytes_of(own->prefix, own->prefix_size),
        .room = {self->lists, LIST_SIZE},
    };
    wax_status status;

    self->status = WAX_OK;
    self->fault[0] = 0;
    if (own->blinding_variant != 0) {
        status = wax_blind_filter(&blinder, filter, out);
    } else {
        status = filter.size == 0 || filter.size > BLINDED_MAX ? WAX_INVALID : WAX_OK;
        if (status == WAX_OK) {
            wax_write_bytes(out, filter);
            status = out->status;
        }
    }
    if (status != WAX_OK) {
        authority_fail(self, status,
                       status == WAX_BAD_FILTER
                           ? "it is no filter, or has a wildcard where the namespace has none"
                           : NULL);
    }
    return status;
}
