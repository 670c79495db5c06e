/* A device that lost its records goes on, as far from what was as it can be told to. */
#include "authority/devices.h"

/* A number that no member of the group ever had. */
static void renumber(wax_authority *self, const struct value *group_and_device)
{
    authority_need(self,
                   self->status != WAX_OK ||
                       ledger_number(self, "SELECT next_sender FROM groups WHERE id=?1",
                                     group_and_device) <= WAX_KEYS_SENDER_MAX,
                   WAX_INVALID, "this group has no sender numbers left: make a new one");
    ledger_run(self,
               "UPDATE members SET sender=(SELECT next_sender FROM groups WHERE id=?1)"
               " WHERE group_id=?1 AND device_id=?2",
               group_and_device);
    ledger_run(self, "UPDATE groups SET next_sender=next_sender+1 WHERE id=?1", group_and_device);
}

/* Of epochs in which messages came it does not know which did. */
static void begin_anew(wax_authority *self, const wax_authority_deed *deed, struct group *group,
                       const struct device *device)
{
    epoch_announce(self, deed, group);
    ledger_run(self, "UPDATE members SET from_epoch=? WHERE group_id=? AND device_id=?",
               (const struct value[]){of_number(group->announced), of_number(group->id),
                                      of_number(device->id)});
}

static void renew(wax_authority *self, const wax_authority_deed *deed, uint64_t group_id,
                  const struct device *device)
{
    const struct value ids[] = {of_number(group_id), of_number(device->id)};
    const uint64_t role =
        ledger_number(self, "SELECT role FROM members WHERE group_id=? AND device_id=?", ids);
    struct group group;

    group_load(self, group_id, &group);
    ledger_run(self, "UPDATE members SET held_epoch=0 WHERE group_id=? AND device_id=?", ids);
    if ((role & WAX_KEYS_WRITES) != 0) {
        renumber(self, ids);
    }
    if ((role & WAX_KEYS_READS) != 0 && group.group_class != 0) {
        begin_anew(self, deed, &group, device);
    }
    group_touch(self, &group);
}

wax_status wax_authority_recover(wax_authority *self, const wax_authority_deed *deed,
                                 wax_bytes name)
{
    struct device device;
    uint64_t id = 0;

    deed_begin(self);
    device_find(self, name, &device);
    wax_wipe(device.psk, sizeof device.psk);
    authority_need(self, device.standing == WAX_AUTHORITY_MEMBER, WAX_NOT_AUTHORIZED,
                   "this device is not in: one that was evicted stays out");
    deed_note(self, deed, &(struct note){"restore", name, NULL});
    ledger_run(self,
               "UPDATE devices SET count=0,boot_nonce=NULL,changed=changed+1,fresh_generation=?,"
               "fresh_version=version+1 WHERE id=?",
               (const struct value[]){of_number(self->own.generation), of_number(device.id)});
    while (self->status == WAX_OK &&
           (id = ledger_number(self,
                               "SELECT min(group_id) FROM members WHERE device_id=? AND group_id>?",
                               (const struct value[]){of_number(device.id), of_number(id)})) != 0) {
        renew(self, deed, id, &device);
    }
    return deed_end(self);
}
