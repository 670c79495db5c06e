/* Devices that get nothing newer than they have. */
#ifndef WAX_AUTHORITY_SUSPEND_H
#define WAX_AUTHORITY_SUSPEND_H

#include "authority/devices.h"
#include "authority/rule.h"

/* Nothing newer than it has now goes to a device in a group. `rule` is the name of who does it; "":
 * somebody, by hand. */
void suspend(wax_authority *self, const char *rule, const struct group *group,
             const struct device *device);

/* The newest epoch that a device may have in a group; UINT32_MAX for any. */
uint32_t suspended_from(wax_authority *self, uint64_t group_id, uint64_t device_id);

/* Ends what a rule suspended of a device; NULL: what any did, and whoever. Returns how many groups
 * that were. */
uint64_t suspend_end(wax_authority *self, const struct rule *rule, const struct device *device);

#endif
