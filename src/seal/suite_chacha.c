/* Suite 1: ChaCha20-Poly1305, for hosts and most devices. */
#include "seal/suite_hmac.h"

static wax_status seal_text(const wax_box *box, const uint8_t *hedge, wax_bytes plain,
                            uint8_t *sealed)
{
    return suite_seal(box, WAX_CHACHA20_POLY1305, hedge, plain, sealed);
}

static wax_status open_text(const wax_box *box, const uint8_t *hedge, wax_bytes sealed,
                            uint8_t *plain)
{
    return suite_open(box, WAX_CHACHA20_POLY1305, hedge, sealed, plain);
}

const wax_suite wax_suite_chacha = {.number = 1,
                                    .key_size = 32,
                                    .tag_size_min = 16,
                                    .derive = suite_derive_hmac,
                                    .prepare = suite_prepare_hmac,
                                    .hash = suite_hash_hmac,
                                    .seal = seal_text,
                                    .open = open_text};
