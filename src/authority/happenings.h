/* What happens, written down for rules to see. */
#ifndef WAX_AUTHORITY_HAPPENINGS_H
#define WAX_AUTHORITY_HAPPENINGS_H

#include "authority/rule.h"

/* Makes the tables of rules where there are none, and wax_older(), which compares versions. */
void rules_open(wax_authority *self);

/* A device came into a group, or left it. */
void rules_note_join(wax_authority *self, uint64_t group_id, uint64_t device_id);
void rules_note_leave(wax_authority *self, uint64_t group_id, uint64_t device_id);

/* A new epoch is written in: what was sealed before does not count any more. */
void rules_note_epoch(wax_authority *self, uint64_t group_id);

/* What a device tells that it refused and sealed. */
void rules_note_status(wax_authority *self, uint64_t device_id, const wax_keys_status *status,
                       bool is_new_boot);

#endif
