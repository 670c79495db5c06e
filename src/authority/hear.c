/* What devices tell. */
#include "authority/devices.h"
#include "authority/happenings.h"

/* Notes which epochs a device holds, and writes in what all readers have by now. */
static void take_newest(wax_authority *self, const wax_authority_deed *deed,
                        const struct device *device, wax_keys_list newest)
{
    const uint8_t *id = NULL;
    uint32_t epoch = 0;

    while (self->status == WAX_OK && wax_keys_next_newest(&newest, &id, &epoch)) {
        const struct value by_id = of_blob(id, WAX_KEYS_ID_SIZE);
        const uint64_t row = ledger_number(self, "SELECT id FROM groups WHERE name_id=?", &by_id);
        struct group group;

        if (row != 0) {
            ledger_run(
                self, "UPDATE members SET held_epoch=? WHERE group_id=? AND device_id=?",
                (const struct value[]){of_number(epoch), of_number(row), of_number(device->id)});
            group_load(self, row, &group);
            epoch_settle(self, deed, &group);
        }
    }
}

static void take(wax_authority *self, const wax_authority_deed *deed, const struct device *device,
                 const wax_keys_status *status)
{
    const bool is_new_boot = !device->has_boot_nonce ||
                             !wax_bytes_equal(wax_bytes_of(device->boot_nonce, WAX_KEYS_ID_SIZE),
                                              wax_bytes_of(status->boot_nonce, WAX_KEYS_ID_SIZE));

    ledger_run(self,
               "UPDATE devices SET count=?,boot_nonce=?,firmware=?,seen_s=?,held_generation=?,"
               "held_version=? WHERE id=?",
               (const struct value[]){
                   of_number(status->count),
                   of_blob(status->boot_nonce, WAX_KEYS_ID_SIZE),
                   of_text(status->firmware),
                   of_number(deed->now_s),
                   of_number(status->generation),
                   of_number(status->version),
                   of_number(device->id),
               });
    if (is_new_boot) {
        device_touch(self, device->id);
    }
    rules_note_status(self, device->id, status, is_new_boot);
    take_newest(self, deed, device, status->newest);
}

/* Whether it is of the time since the device lost its records, if it did: its count began anew. */
static bool is_fresh(const struct device *device, const wax_keys_status *status)
{
    return status->generation != device->fresh_generation
               ? status->generation > device->fresh_generation
               : status->version >= device->fresh_version;
}

wax_status wax_authority_hear(wax_authority *self, uint64_t now_s, wax_bytes name, uint8_t *message,
                              size_t size)
{
    const wax_authority_deed deed = {.who = WAX_TEXT("authority"), .now_s = now_s};
    uint8_t topic[WAX_KEYS_TOPIC_MAX];
    struct device device;
    wax_keys_ends ends;
    wax_keys_status status = {.count = 0};
    wax_status opened;

    deed_begin(self);
    device_find(self, name, &device);
    authority_need(self, device.standing == WAX_AUTHORITY_MEMBER, WAX_NOT_AUTHORIZED,
                   "this device is not in");
    if (self->status == WAX_OK) {
        ends = device_ends(self, &device, 's', topic);
        opened = wax_keys_status_open(&status, device.count, &ends, message, size);
        authority_need(self, opened == WAX_OK, opened,
                       opened == WAX_PROTOCOL_ERROR ? "the status is older than the last one"
                                                    : "the status is not this device's");
    }
    authority_need(self, self->status != WAX_OK || is_fresh(&device, &status), WAX_PROTOCOL_ERROR,
                   "the status is from before the device lost its state");
    /* The same count is the same again. */
    if (self->status == WAX_OK && status.count > device.count) {
        take(self, &deed, &device, &status);
    }
    wax_wipe(device.psk, sizeof device.psk);
    return deed_end(self);
}
