/* What the reading and the writing of mailboxes share. */
#ifndef WAX_KEYS_MAILBOX_H
#define WAX_KEYS_MAILBOX_H

#include "keys/fields.h"
#include "keys/profile.h"

extern const struct letter_kind mailbox_kind;
extern const struct shape mailbox_shape;
extern const struct shape group_shape;

/* Whether fields go together that no table judges. */
bool mailbox_is_sound(const wax_keys_mailbox *mailbox);

#endif
