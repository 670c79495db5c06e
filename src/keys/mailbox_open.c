/* A mailbox as its device takes it. */
#include "keys/letter.h"
#include "keys/mailbox.h"

/* Older than what was taken: -1; the same: 0; newer: 1. */
static int compare(const struct letter_head *head, const wax_keys_mark *mark)
{
    if (head->generation != mark->generation) {
        return head->generation < mark->generation ? -1 : 1;
    }
    return head->number == mark->version ? 0 : head->number < mark->version ? -1 : 1;
}

wax_status mailbox_note(wax_keys_mark *mark, const struct letter_head *head)
{
    const int order = compare(head, mark);
    wax_status status = WAX_OK;

    if (order < 0) {
        return WAX_PROTOCOL_ERROR;
    }
    if (order > 0) {
        status = mark->keep(mark, head->generation, head->number);
    }
    if (order > 0 && status == WAX_OK) {
        mark->generation = head->generation;
        mark->version = head->number;
    }
    return status;
}

bool mailbox_is_for(wax_bytes topic, wax_bytes device)
{
    const size_t before = topic.size - device.size;

    return topic.size > device.size && topic.data[before - 1] == '/' &&
           wax_bytes_equal((wax_bytes){topic.data + before, device.size}, device);
}

wax_status wax_keys_mailbox_open(wax_keys_mailbox *mailbox, wax_keys_mark *mark,
                                 const wax_keys_ends *ends, uint8_t *message, size_t size)
{
    wax_bytes plain = (wax_bytes){message, size};
    struct letter_head head;
    wax_status status = letter_open(&mailbox_kind, ends, &plain, &head);

    *mailbox = (wax_keys_mailbox){.version = 0};
    if (status != WAX_OK) {
        return status;
    }
    status = fields_read_all(plain, &mailbox_shape, mailbox);
    if (status == WAX_OK &&
        (mailbox->version != head.number || mailbox->generation != head.generation ||
         !mailbox_is_for(ends->topic, mailbox->device) || !mailbox_is_sound(mailbox))) {
        status = WAX_MALFORMED;
    }
    if (status == WAX_OK) {
        status = mailbox_note(mark, &head);
    }
    if (status != WAX_OK) {
        wax_wipe(message, size);
        *mailbox = (wax_keys_mailbox){.version = 0};
    }
    return status;
}
