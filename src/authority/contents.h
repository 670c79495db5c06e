/* What is made of the tables for others: mailboxes, and what mailboxes and manifests share. */
#ifndef WAX_AUTHORITY_CONTENTS_H
#define WAX_AUTHORITY_CONTENTS_H

#include "authority/devices.h"

/* The lists of a group, in the room that `first` and those behind it give: of LISTS rooms. */
wax_keys_list list_filters(wax_authority *self, const struct group *group, unsigned room);
wax_keys_list list_senders(wax_authority *self, const struct group *group, unsigned room);
wax_keys_list list_signers(wax_authority *self, const struct group *group, unsigned room);

/* Writes the mailbox of a device, with this version. */
void mailbox_write(wax_authority *self, const struct device *device, uint64_t version,
                   wax_writer *out, uint8_t *topic);

/* Writes the manifest of a group, with this version. */
void manifest_write(wax_authority *self, const struct group *group, uint64_t version,
                    wax_writer *out);

#endif
