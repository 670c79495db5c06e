/* Who is in which group: allowed, revoked, evicted. */
#include "authority/members.h"
#include "authority/happenings.h"

struct member {
    bool is_there;
    uint32_t role;
    uint32_t sender;
    uint32_t from_epoch;
};

static struct member member_find(wax_authority *self, const struct group *group,
                                 const struct device *device)
{
    struct member member = {.is_there = false};
    sqlite3_stmt *row = ledger_ask(
        self, "SELECT role,sender,from_epoch FROM members WHERE group_id=? AND device_id=?",
        (const struct value[]){of_number(group->id), of_number(device->id)});

    if (ledger_next(self, row)) {
        member = (struct member){true, (uint32_t)ledger_column(row, 0),
                                 (uint32_t)ledger_column(row, 1), (uint32_t)ledger_column(row, 2)};
        ledger_drop(row);
    }
    return member;
}

/* A number that no member of the group ever had. */
static uint32_t next_sender(wax_authority *self, const struct group *group)
{
    const struct value by = of_number(group->id);
    const uint64_t sender = ledger_number(self, "SELECT next_sender FROM groups WHERE id=?", &by);

    authority_need(self, sender <= WAX_KEYS_SENDER_MAX, WAX_INVALID,
                   "this group has no sender numbers left: make a new one");
    ledger_run(self, "UPDATE groups SET next_sender=next_sender+1 WHERE id=?", &by);
    return (uint32_t)sender;
}

static void note_member(wax_authority *self, const wax_authority_deed *deed, const char *what,
                        const struct device *device, const struct detail *details)
{
    deed_note(self, deed, &(struct note){what, wax_bytes_of_text(device->name), details});
}

/* Whoever knows an epoch's secret and may no longer read: nothing of the next one. What was
 * announced to it does not count, and what it knows goes when the next one is written in. */
static void shut_out(wax_authority *self, const wax_authority_deed *deed, struct group *group)
{
    if (group->announced != 0) {
        ledger_run(self, "UPDATE groups SET announced=0 WHERE id=?",
                   (const struct value[]){of_number(group->id)});
        ledger_run(self, "DELETE FROM epochs WHERE group_id=? AND epoch=?",
                   (const struct value[]){of_number(group->id), of_number(group->announced)});
        group->announced = 0;
    }
    epoch_announce(self, deed, group);
    ledger_run(self, "UPDATE groups SET since=? WHERE id=?",
               (const struct value[]){of_number(group->announced), of_number(group->id)});
    epoch_settle(self, deed, group);
}

static void put(wax_authority *self, const struct group *group, const struct device *device,
                const struct member *member, bool has_history)
{
    ledger_run(
        self,
        "INSERT INTO members(group_id,device_id,role,sender,from_epoch,has_history)"
        " VALUES(?,?,?,?,?,?) ON CONFLICT(group_id,device_id) DO UPDATE SET role=excluded.role,"
        "sender=excluded.sender,from_epoch=excluded.from_epoch,has_history=excluded.has_history",
        (const struct value[]){
            of_number(group->id),
            of_number(device->id),
            of_number(member->role),
            of_number(member->sender),
            of_number(member->from_epoch),
            of_number(has_history ? 1 : 0),
        });
}

static void allow(wax_authority *self, const wax_authority_deed *deed,
                  const wax_authority_grant *grant, struct group *group)
{
    struct device device;
    struct member member;
    uint32_t before;
    struct detail details[] = {
        {.name = "role",        .number = grant->role},
        {.name = "group",                     .text = grant->group},
        {.name = "sender"},
        {.name = NULL     }
    };

    device_find(self, grant->device, &device);
    wax_wipe(device.psk, sizeof device.psk);
    authority_need(self, device.standing == WAX_AUTHORITY_MEMBER, WAX_NOT_AUTHORIZED,
                   "this device is not in: confirm it first; one that was evicted stays out");
    authority_need(self, grant->role >= 1 && grant->role <= 3, WAX_INVALID,
                   "a member reads, writes, or both");
    member = member_find(self, group, &device);
    before = member.is_there ? member.role : 0;
    /* Who could not read begins with what is written in now. */
    if ((before & WAX_KEYS_READS) == 0) {
        member.from_epoch = group->write_epoch;
    }
    if ((grant->role & WAX_KEYS_WRITES) == 0) {
        member.sender = 0;
    } else if (member.sender == 0) {
        member.sender = next_sender(self, group);
    }
    member.role = grant->role;
    put(self, group, &device, &member, grant->has_history);
    details[2].number = member.sender;
    note_member(self, deed, "grant", &device, details);
    device_touch(self, device.id);
    group_touch(self, group);
    if (!member.is_there) {
        rules_note_join(self, group->id, device.id);
    }
    if ((before & WAX_KEYS_READS) != 0 && (grant->role & WAX_KEYS_READS) == 0) {
        shut_out(self, deed, group);
    }
}

wax_status wax_authority_allow(wax_authority *self, const wax_authority_deed *deed,
                               const wax_authority_grant *grant)
{
    struct group group;

    deed_begin(self);
    group_find(self, grant->group, &group);
    if (self->status == WAX_OK) {
        allow(self, deed, grant, &group);
    }
    return deed_end(self);
}

/* Takes a device out of a group in which it is. */
void member_take_out(wax_authority *self, const wax_authority_deed *deed, struct group *group,
                     const struct device *device)
{
    const struct member member = member_find(self, group, device);

    authority_need(self, member.is_there, WAX_NOT_FOUND, "this device is not in this group");
    ledger_run(self, "DELETE FROM members WHERE group_id=? AND device_id=?",
               (const struct value[]){of_number(group->id), of_number(device->id)});
    device_touch(self, device->id);
    group_touch(self, group);
    rules_note_leave(self, group->id, device->id);
    if ((member.role & WAX_KEYS_READS) != 0) {
        shut_out(self, deed, group);
    }
}

wax_status wax_authority_revoke(wax_authority *self, const wax_authority_deed *deed, wax_bytes name,
                                wax_bytes group_name)
{
    const struct detail details[] = {
        {.name = "group", .text = group_name},
        {.name = NULL              }
    };
    struct device device;
    struct group group;

    deed_begin(self);
    device_find(self, name, &device);
    wax_wipe(device.psk, sizeof device.psk);
    group_find(self, group_name, &group);
    note_member(self, deed, "revoke", &device, details);
    member_take_out(self, deed, &group, &device);
    return deed_end(self);
}

/* A group in which a device is; 0 if none is left. */
static uint64_t any_group(wax_authority *self, const struct device *device)
{
    const struct value by = of_number(device->id);

    return ledger_number(self, "SELECT min(group_id) FROM members WHERE device_id=?", &by);
}

void member_evict(wax_authority *self, const wax_authority_deed *deed, const struct device *device)
{
    struct group group;
    uint64_t id;

    authority_need(self, device->standing != WAX_AUTHORITY_EVICTED, WAX_INVALID,
                   "this device was evicted already");
    note_member(self, deed, "evict", device, NULL);
    ledger_run(self, "UPDATE devices SET standing=2 WHERE id=?",
               (const struct value[]){of_number(device->id)});
    while (self->status == WAX_OK && (id = any_group(self, device)) != 0) {
        group_load(self, id, &group);
        member_take_out(self, deed, &group, device);
    }
    /* Its mailbox is emptied, if it had one. */
    if (device->standing == WAX_AUTHORITY_MEMBER) {
        device_touch(self, device->id);
    }
}

wax_status wax_authority_evict(wax_authority *self, const wax_authority_deed *deed, wax_bytes name)
{
    struct device device;

    deed_begin(self);
    device_find(self, name, &device);
    wax_wipe(device.psk, sizeof device.psk);
    member_evict(self, deed, &device);
    return deed_end(self);
}
