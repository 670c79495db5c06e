/* Profile 3: a pre-shared key and AES-128-CCM. */
#include "keys/profile_psk.h"

const wax_keys_profile wax_keys_ccm = {
    .number = 3,
    .lead = WAX_HEDGE_SIZE,
    .suite = &wax_suite_ccm,
    .seal = psk_seal,
    .open = psk_open,
};
