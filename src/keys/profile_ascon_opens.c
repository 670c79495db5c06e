/* Profile 2 without what seals. */
#include "keys/profile_psk.h"

const wax_keys_profile wax_keys_ascon_opens = {
    .number = 2,
    .lead = WAX_HEDGE_SIZE,
    .suite = &wax_suite_ascon,
    .seal = NULL,
    .open = psk_open,
};
