/* What the reading and the writing of mailboxes share. */
#ifndef WAX_KEYS_MAILBOX_H
#define WAX_KEYS_MAILBOX_H

#include "keys/fields.h"
#include "keys/profile.h"

extern const struct letter_kind mailbox_kind;
extern const struct shape mailbox_shape;
extern const struct shape group_shape;

/* Writes down what is newer than the mark before anybody uses it. WAX_OK, also for the same again;
 * WAX_PROTOCOL_ERROR for what is older; what `keep` returned. */
struct letter_head;
wax_status mailbox_note(wax_keys_mark *mark, const struct letter_head *head) WAX_CHECKED;

/* Reads a mailbox as wax_keys_writing_open() does; what stands outside, too, must be the same. */
wax_status writing_read(wax_bytes plain, const struct letter_head *head, wax_bytes topic,
                        wax_keys_writing *writing) WAX_CHECKED;

/* Whether the last level of a mailbox's topic is the device's name. */
bool mailbox_is_for(wax_bytes topic, wax_bytes device);

/* Whether fields go together that no table judges. */
bool mailbox_is_sound(const wax_keys_mailbox *mailbox);

#endif
