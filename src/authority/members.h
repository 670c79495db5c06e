/* Who leaves. */
#ifndef WAX_AUTHORITY_MEMBERS_H
#define WAX_AUTHORITY_MEMBERS_H

#include "authority/devices.h"

/* Takes a device out of a group in which it is; out of all, for good. */
void member_take_out(wax_authority *self, const wax_authority_deed *deed, struct group *group,
                     const struct device *device);
void member_evict(wax_authority *self, const wax_authority_deed *deed, const struct device *device);

#endif
