/* All profiles, for whoever speaks to all kinds of devices. */
#include "keys/profile.h"

const wax_keys_profile *wax_keys_profile_find(uint8_t number)
{
    static const wax_keys_profile *const profiles[] = {&wax_keys_chacha20, &wax_keys_ascon,
                                                       &wax_keys_ccm, &wax_keys_hpke};
    const wax_keys_profile *found = NULL;

    for (size_t i = 0; i < WAX_COUNT(profiles); i++) {
        found = profiles[i]->number == number ? profiles[i] : found;
    }
    return found;
}
