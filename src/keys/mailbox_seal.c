/* A mailbox as the authority fills it. */
#include "keys/letter.h"
#include "keys/mailbox.h"

void wax_keys_add_group(wax_keys_list *list, wax_writer *out, const wax_keys_group *group)
{
    fields_write(out, &group_shape, group);
    list->items = wax_writer_bytes(out);
    list->count++;
}

wax_status wax_keys_mailbox_seal(wax_writer *out, const wax_keys_ends *ends,
                                 const wax_keys_mailbox *mailbox)
{
    const struct letter letter = {
        .kind = &mailbox_kind,
        .ends = ends,
        .head = {.generation = mailbox->generation, .number = mailbox->version},
        .shape = &mailbox_shape,
        .object = mailbox,
    };
    wax_keys_mailbox scratch = {.version = 0};

    return mailbox_is_sound(mailbox) ? letter_seal(out, &letter, &scratch) : WAX_INVALID;
}
