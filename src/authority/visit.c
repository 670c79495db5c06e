/* Tells who is in, and where. */
#include "authority/space.h"

static void visit_devices(wax_authority *self, wax_authority_visitor *visitor)
{
    sqlite3_stmt *row = ledger_ask(self,
                                   "SELECT name,profile,standing,words,firmware,seen_s,version,"
                                   "held_version,held_generation FROM devices ORDER BY name",
                                   NULL);

    while (ledger_next(self, row)) {
        const wax_authority_standing standing = (wax_authority_standing)ledger_column(row, 2);
        const wax_bytes words = ledger_column_bytes(row, 3);
        const wax_authority_device device = {
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

        visitor->device(visitor, &device);
    }
}

static void visit_members(wax_authority *self, wax_authority_visitor *visitor)
{
    sqlite3_stmt *row =
        ledger_ask(self,
                   "SELECT groups.name,devices.name,role,sender,from_epoch,held_epoch,write_epoch,"
                   "announced FROM members JOIN groups ON groups.id=group_id"
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
        };

        visitor->member(visitor, &member);
    }
}

wax_status wax_authority_visit(wax_authority *self, wax_authority_visitor *visitor)
{
    deed_begin(self);
    if (visitor->device != NULL) {
        visit_devices(self, visitor);
    }
    if (visitor->member != NULL) {
        visit_members(self, visitor);
    }
    return deed_end(self);
}
