/* Profile 1: a pre-shared key and ChaCha20-Poly1305. */
#include "keys/profile_psk.h"

const wax_keys_profile wax_keys_chacha20 = {
    .number = 1,
    .lead = WAX_HEDGE_SIZE,
    .suite = &wax_suite_chacha,
    .seal = psk_seal,
    .open = psk_open,
};
