/* Lists of a group's members. */
#include "authority/contents.h"

static wax_writer room_of(wax_authority *self, unsigned room)
{
    wax_assert(room < LISTS);
    return wax_writer_over(self->lists + (size_t)room * LIST_SIZE, LIST_SIZE);
}

static void need_room(wax_authority *self, const wax_writer *out)
{
    authority_need(self, out->status == WAX_OK, WAX_INVALID,
                   "this group is too large for one message: divide it");
}

wax_keys_list list_filters(wax_authority *self, const struct group *group, unsigned room)
{
    const struct value by = of_number(group->id);
    sqlite3_stmt *row = ledger_ask(self, "SELECT filters,filter_count FROM groups WHERE id=?", &by);
    wax_writer out = room_of(self, room);
    wax_keys_list list = {.count = 0};

    if (ledger_next(self, row)) {
        wax_write_bytes(&out, ledger_column_bytes(row, 0));
        list = (wax_keys_list){wax_writer_bytes(&out), (uint32_t)ledger_column(row, 1)};
        ledger_drop(row);
    }
    need_room(self, &out);
    return list;
}

/* Pairs of first and last: numbers that follow each other are one pair. */
wax_keys_list list_senders(wax_authority *self, const struct group *group, unsigned room)
{
    const struct value by = of_number(group->id);
    sqlite3_stmt *row = ledger_ask(
        self, "SELECT sender FROM members WHERE group_id=? AND sender>0 ORDER BY sender", &by);
    wax_writer out = room_of(self, room);
    wax_keys_list list = {.count = 0};
    uint64_t first = 0;
    uint64_t last = 0;

    while (ledger_next(self, row)) {
        const uint64_t sender = ledger_column(row, 0);

        if (first != 0 && sender != last + 1) {
            wax_keys_add_number(&list, &out, first);
            wax_keys_add_number(&list, &out, last);
        }
        first = first == 0 || sender != last + 1 ? sender : first;
        last = sender;
    }
    if (first != 0) {
        wax_keys_add_number(&list, &out, first);
        wax_keys_add_number(&list, &out, last);
    }
    need_room(self, &out);
    return list;
}

wax_keys_list list_signers(wax_authority *self, const struct group *group, unsigned room)
{
    const struct value by = of_number(group->id);
    sqlite3_stmt *row = NULL;
    wax_writer out = room_of(self, room);
    wax_keys_list list = {.count = 0};
    uint8_t key[WAX_P256_PUBLIC_SIZE];

    if (!group->signs) {
        return list;
    }
    row = ledger_ask(
        self,
        "SELECT sender,public_key FROM members JOIN devices ON id=device_id WHERE group_id=?"
        " AND sender>0 AND profile=16 ORDER BY sender",
        &by);
    while (ledger_next(self, row)) {
        ledger_column_copy(self, row, 1, key, sizeof key);
        wax_keys_add_signer(&list, &out, (uint32_t)ledger_column(row, 0), key);
    }
    need_room(self, &out);
    return list;
}
