/* Tells what there is: groups, who is in, and where; the log; a copy of all. */
#include "authority/space.h"

static void visit_groups(wax_authority *self, wax_authority_visitor *visitor)
{
    sqlite3_stmt *row =
        ledger_ask(self,
                   "SELECT name_id,name,suite,class,tag_size,filters,filter_count,epoch_s,kept,"
                   "ack_s,signs,write_epoch,announced,due_s FROM groups ORDER BY name",
                   NULL);

    while (ledger_next(self, row)) {
        uint8_t id[WAX_KEYS_ID_SIZE] = {0};
        const wax_authority_group_state group = {
            .id = id,
            .name = ledger_column_bytes(row, 1),
            .suite = (uint32_t)ledger_column(row, 2),
            .group_class = (uint32_t)ledger_column(row, 3),
            .tag_size = (uint32_t)ledger_column(row, 4),
            .filters = {ledger_column_bytes(row, 5), (uint32_t)ledger_column(row, 6)},
            .epoch_s = (uint32_t)ledger_column(row, 7),
            .kept = (uint32_t)ledger_column(row, 8),
            .ack_s = (uint32_t)ledger_column(row, 9),
            .signs = ledger_column(row, 10) != 0,
            .write_epoch = (uint32_t)ledger_column(row, 11),
            .announced = (uint32_t)ledger_column(row, 12),
            .due_s = ledger_column(row, 13),
        };

        ledger_column_copy(self, row, 0, id, sizeof id);
        visitor->group(visitor, &group);
    }
}

static void count_refusals(wax_authority *self, uint64_t id, wax_authority_device *device)
{
    const struct value values[] = {of_number(id), of_number(WAX_KEYS_BAD_SIGNATURE)};
    sqlite3_stmt *row = ledger_ask(self,
                                   "SELECT kind,total FROM tallies WHERE device_id=? AND group_id=0"
                                   " AND kind BETWEEN 1 AND ?",
                                   values);

    while (ledger_next(self, row)) {
        device->refused[ledger_column(row, 0)] = ledger_column(row, 1);
    }
}

static void visit_devices(wax_authority *self, wax_authority_visitor *visitor)
{
    sqlite3_stmt *row = ledger_ask(self,
                                   "SELECT name,profile,standing,words,firmware,seen_s,version,"
                                   "held_version,held_generation,id FROM devices ORDER BY name",
                                   NULL);

    while (ledger_next(self, row)) {
        const wax_authority_standing standing = (wax_authority_standing)ledger_column(row, 2);
        const wax_bytes words = ledger_column_bytes(row, 3);
        wax_authority_device device = {
            .name = ledger_column_bytes(row, 0),
            .profile = (uint8_t)ledger_column(row, 1),
            .standing = standing,
            .words = standing == WAX_AUTHORITY_PENDING ? words : wax_bytes_of(NULL, 0),
            .firmware = ledger_column_bytes(row, 4),
            .seen_s = ledger_column(row, 5),
            .version = ledger_column(row, 6),
            .held_version = ledger_column(row, 7),
            .generation = (uint32_t)ledger_column(row, 8),
        };

        count_refusals(self, ledger_column(row, 9), &device);
        visitor->device(visitor, &device);
    }
}

static void visit_members(wax_authority *self, wax_authority_visitor *visitor)
{
    sqlite3_stmt *row = ledger_ask(
        self,
        "SELECT groups.name,devices.name,role,sender,from_epoch,held_epoch,write_epoch,"
        "announced,EXISTS(SELECT 1 FROM suspensions s WHERE s.group_id=members.group_id"
        " AND s.device_id=members.device_id) FROM members JOIN groups ON groups.id=group_id"
        " JOIN devices ON devices.id=device_id ORDER BY groups.name,devices.name",
        NULL);

    while (ledger_next(self, row)) {
        const wax_authority_member member = {
            .group = ledger_column_bytes(row, 0),
            .device = ledger_column_bytes(row, 1),
            .role = (uint32_t)ledger_column(row, 2),
            .sender = (uint32_t)ledger_column(row, 3),
            .from_epoch = (uint32_t)ledger_column(row, 4),
            .held_epoch = (uint32_t)ledger_column(row, 5),
            .write_epoch = (uint32_t)ledger_column(row, 6),
            .announced = (uint32_t)ledger_column(row, 7),
            .is_suspended = ledger_column(row, 8) != 0,
        };

        visitor->member(visitor, &member);
    }
}

wax_status wax_authority_visit(wax_authority *self, wax_authority_visitor *visitor)
{
    deed_begin(self);
    if (visitor->group != NULL) {
        visit_groups(self, visitor);
    }
    if (visitor->device != NULL) {
        visit_devices(self, visitor);
    }
    if (visitor->member != NULL) {
        visit_members(self, visitor);
    }
    return deed_end(self);
}

wax_status wax_authority_entry(wax_authority *self, uint64_t number, wax_bytes *entry)
{
    const struct value by = of_number(number);
    wax_writer out = wax_writer_over(self->room, MESSAGE_MAX);
    sqlite3_stmt *row;
    wax_status status;
    bool is_there;

    deed_begin(self);
    row = ledger_ask(self, "SELECT entry FROM log WHERE number=?", &by);
    is_there = ledger_next(self, row);
    if (is_there) {
        wax_write_bytes(&out, ledger_column_bytes(row, 0));
        ledger_drop(row);
    }
    *entry = wax_writer_bytes(&out);
    status = deed_end(self);
    return status == WAX_OK && !is_there ? WAX_NOT_FOUND : status;
}

wax_status wax_authority_copy(wax_authority *self, const char *path)
{
    const struct value by = of_text(wax_bytes_of_text(path));

    self->status = WAX_OK;
    ledger_run(self, "VACUUM INTO ?", &by);
    return self->status;
}
