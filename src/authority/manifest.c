/* Manifests: each holds the digest of the one before. */
#include "authority/blind.h"
#include "authority/contents.h"

enum { ROOM_FILTERS, ROOM_SENDERS, ROOM_SIGNERS, ROOM_NAMES = LISTS - 2 };

/* What anybody may read names topics as the broker sees them. */
static wax_keys_list list_blinded(wax_authority *self, const struct group *group)
{
    wax_writer out = wax_writer_over(self->lists + (size_t)ROOM_FILTERS * LIST_SIZE, LIST_SIZE);
    const wax_keys_list list =
        blind_list_filters(self, list_filters(self, group, ROOM_NAMES), &out);

    authority_need(self, out.status == WAX_OK, WAX_INVALID,
                   "this group is too large for one message: divide it");
    return list;
}

void manifest_write(wax_authority *self, const struct group *group, uint64_t version,
                    wax_writer *out)
{
    const struct value by = of_number(group->id);
    const wax_keys_signing signing = {self->own.id, self->own.registrar_secret, NULL};
    sqlite3_stmt *row = ledger_ask(self, "SELECT digest FROM groups WHERE id=?", &by);
    uint8_t previous[WAX_SHA256_SIZE] = {0};
    wax_keys_manifest manifest = {
        .version = version,
        .generation = self->own.generation,
        .name_space = self->own.id,
        .group = group->name_id,
        .name = wax_bytes_of_text(group->name),
        .suite = group->suite,
        .group_class = group->group_class,
        .tag_size = group->tag_size,
        .filters = list_blinded(self, group),
        .write_epoch = group->write_epoch,
        .epoch_s = group->epoch_s,
        .kept = group->kept,
        .keeper = self->own.keeper,
        .senders = list_senders(self, group, ROOM_SENDERS),
        .signers = list_signers(self, group, ROOM_SIGNERS),
        .previous = previous,
        .log_number = self->own.log.number,
    };

    if (ledger_next(self, row)) {
        ledger_column_copy(self, row, 0, previous, sizeof previous);
        ledger_drop(row);
    }
    authority_need(
        self, self->status != WAX_OK || wax_keys_manifest_write(out, &signing, &manifest) == WAX_OK,
        WAX_INVALID, "a manifest could not be written: the group is too large");
}
