/* The key schedule, as far down as the authority goes. */
#include "authority/derive.h"

#include <string.h>

#include "seal/seal.h"

static wax_seal_group group_of(const struct epoch *epoch)
{
    static const wax_suite *const suites[] = {NULL, &wax_suite_chacha, &wax_suite_ascon,
                                              &wax_suite_ccm};
    wax_seal_group group = {
        .suite = suites[epoch->suite],
        .group_class = (wax_seal_class)epoch->group_class,
    };

    memcpy(group.id, epoch->group, sizeof group.id);
    return group;
}

void derive_class(wax_authority *self, const struct epoch *epoch, uint8_t *secret)
{
    const wax_seal_group group = group_of(epoch);

    if (wax_seal_class_secret(&group, epoch->number, epoch->secret, secret) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
}

void derive_sender(wax_authority *self, const struct epoch *epoch, uint32_t sender, uint8_t *secret)
{
    const wax_seal_group group = group_of(epoch);

    if (wax_seal_sender_secret(&group, epoch->number, epoch->secret, sender, secret) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
}
