/* Devices that get nothing newer than they have, until somebody or something ends it. */
#include "authority/suspend.h"

void suspend(wax_authority *self, const char *rule, const struct group *group,
             const struct device *device)
{
    /* What is announced may be at the device already. */
    const uint32_t newest = group->announced != 0 ? group->announced : group->write_epoch;

    ledger_run(self, "INSERT OR IGNORE INTO suspensions VALUES(?,?,?,?)",
               (const struct value[]){
                   of_number(group->id),
                   of_number(device->id),
                   of_text(wax_bytes_of_text(rule)),
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

/* A group of the device behind that one, where nobody suspended it by hand; 0: there is none. */
static uint64_t next_group(wax_authority *self, const struct device *device, uint64_t behind)
{
    return ledger_number(
        self,
        "SELECT min(m.group_id) FROM members m WHERE m.device_id=?1 AND m.group_id>?2 AND NOT "
        "EXISTS(SELECT 1 FROM suspensions s WHERE s.group_id=m.group_id AND s.device_id=?1 AND "
        "s.rule='')",
        (const struct value[]){of_number(device->id), of_number(behind)});
}

/* In one group, or in all: `only` is 0. */
static void suspend_by_hand(wax_authority *self, const struct device *device, uint64_t only)
{
    uint64_t id = only == 0 ? 0 : only - 1;
    size_t count = 0;

    while (self->status == WAX_OK && (id = next_group(self, device, id)) != 0 &&
           (only == 0 || id == only)) {
        struct group group;

        group_load(self, id, &group);
        suspend(self, "", &group, device);
        count++;
    }
    authority_need(self, count > 0, WAX_INVALID,
                   "this device is in no such group, or is suspended there already");
}

wax_status wax_authority_suspend(wax_authority *self, const wax_authority_deed *deed,
                                 wax_bytes name, wax_bytes group_name)
{
    const struct detail details[] = {
        {.name = "do",        .text = WAX_TEXT("suspend")},
        {.name = group_name.size > 0 ? "group" : NULL,                   .text = group_name},
        {.name = NULL}
    };
    struct device device;
    struct group group = {.id = 0};

    deed_begin(self);
    device_find(self, name, &device);
    wax_wipe(device.psk, sizeof device.psk);
    if (group_name.size > 0) {
        group_find(self, group_name, &group);
    }
    if (self->status == WAX_OK) {
        suspend_by_hand(self, &device, group.id);
        deed_note(self, deed, &(struct note){"rule", name, details});
    }
    return deed_end(self);
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
