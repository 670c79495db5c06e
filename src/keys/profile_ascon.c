/* Profile 2: a pre-shared key and Ascon. */
#include "keys/profile_psk.h"

const wax_keys_profile wax_keys_ascon = {
    .number = 2,
    .lead = WAX_HEDGE_SIZE,
    .suite = &wax_suite_ascon,
    .seal = psk_seal,
    .open = psk_open,
};
