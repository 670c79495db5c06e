/* Devices that get nothing newer than they have, until somebody or something ends it. */
#include "authority/suspend.h"

void suspend(wax_authority *self, const struct rule *rule, const struct group *group,
             const struct device *device)
{
    /* What is announced may be at the device already. */
    const uint32_t newest = group->announced != 0 ? group->announced : group->write_epoch;

    ledger_run(self, "INSERT OR IGNORE INTO suspensions VALUES(?,?,?,?)",
               (const struct value[]){
                   of_number(group->id),
                   of_number(device->id),
                   of_text(wax_bytes_of_text(rule->name)),
                   of_number(newest),
               });
}

uint32_t suspended_from(wax_authority *self, uint64_t group_id, uint64_t device_id)
{
    const uint64_t epoch =
        ledger_number(self, "SELECT min(epoch) FROM suspensions WHERE group_id=? AND device_id=?",
                      (const struct value[]){of_number(group_id), of_number(device_id)});

    return epoch == 0 ? UINT32_MAX : (uint32_t)epoch;
}

uint64_t suspend_end(wax_authority *self, const struct rule *rule, const struct device *device)
{
    const struct value values[] = {
        of_text(wax_bytes_of_text(rule == NULL ? "" : rule->name)),
        of_number(device->id),
    };
    const uint64_t count = ledger_number(
        self, "SELECT count(*) FROM suspensions WHERE (?1='' OR rule=?1) AND device_id=?2", values);

    if (count > 0) {
        ledger_run(self, "DELETE FROM suspensions WHERE (?1='' OR rule=?1) AND device_id=?2",
                   values);
        device_touch(self, device->id);
    }
    return count;
}

wax_status wax_authority_resume(wax_authority *self, const wax_authority_deed *deed, wax_bytes name)
{
    const struct detail details[] = {
        {.name = "do", .text = WAX_TEXT("resume")},
        {.name = NULL           }
    };
    struct device device;

    deed_begin(self);
    device_find(self, name, &device);
    wax_wipe(device.psk, sizeof device.psk);
    if (self->status == WAX_OK) {
        authority_need(self, suspend_end(self, NULL, &device) > 0, WAX_INVALID,
                       "this device is not suspended");
        deed_note(self, deed, &(struct note){"rule", name, details});
    }
    return deed_end(self);
}
