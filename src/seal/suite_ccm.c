/* Suite 3: AES-128-CCM, for devices whose AES is hardware. */
#include "seal/suite_hmac.h"

static wax_cipher cipher_of(const wax_box *box)
{
    return box->tag_size == 8 ? WAX_AES_128_CCM_8 : WAX_AES_128_CCM;
}

static wax_status seal_text(const wax_box *box, const uint8_t *hedge, wax_bytes plain,
                            uint8_t *sealed)
{
    return suite_seal(box, cipher_of(box), hedge, plain, sealed);
}

static wax_status open_text(const wax_box *box, const uint8_t *hedge, wax_bytes sealed,
                            uint8_t *plain)
{
    return suite_open(box, cipher_of(box), hedge, sealed, plain);
}

const wax_suite wax_suite_ccm = {.number = 3,
                                 .key_size = 16,
                                 .tag_size_min = 8,
                                 .derive = suite_derive_hmac,
                                 .prepare = suite_prepare_hmac,
                                 .hash = suite_hash_hmac,
                                 .seal = seal_text,
                                 .open = open_text};
