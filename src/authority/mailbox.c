/* Mailboxes: to each what it may have, and nothing else. */
#include <string.h>

#include "authority/blind.h"
#include "authority/contents.h"
#include "authority/derive.h"
#include "authority/suspend.h"

/* Manifests use the first three. */
enum { ROOM_GROUPS, ROOM_EPOCHS, ROOM_COMMON = 3 };

/* What a device is in a group. */
struct membership {
    uint64_t group_id;
    uint32_t role;
    uint32_t sender;
    uint32_t from_epoch;
    uint32_t last_epoch; /* nothing newer */
    bool has_history;
};

/* What of an epoch a member may have: false if nothing. */
static bool may_have(const struct group *group, const struct membership *member, uint32_t epoch,
                     wax_keys_what *what)
{
    if ((member->role & WAX_KEYS_READS) == 0) {
        *what = WAX_KEYS_SENDER_SECRET;
        return epoch == group->write_epoch;
    }
    if (epoch >= member->from_epoch) {
        *what = WAX_KEYS_EPOCH_SECRET;
        return true;
    }
    if (member->sender != 0 && epoch == group->write_epoch && group->group_class != 0) {
        *what = WAX_KEYS_SENDER_SECRET;
        return true;
    }
    *what = WAX_KEYS_CLASS_SECRET;
    return member->has_history && group->group_class == 0;
}

/* The secret of a row of epochs, as far as the member may have it. */
static void secret_of(wax_authority *self, const struct group *group,
                      const struct membership *member, wax_keys_epoch *row, uint8_t *secret)
{
    uint8_t whole[WAX_KEYS_SECRET_SIZE];
    const struct epoch epoch = {(uint8_t)group->suite, (uint8_t)group->group_class, group->name_id,
                                row->epoch, whole};

    epoch_secret(self, group->id, row->epoch, whole);
    if (row->what == WAX_KEYS_EPOCH_SECRET) {
        memcpy(secret, whole, sizeof whole);
    } else if (row->what == WAX_KEYS_SENDER_SECRET) {
        derive_sender(self, &epoch, member->sender, secret);
    } else {
        derive_class(self, &epoch, secret);
    }
    wax_wipe(whole, sizeof whole);
    row->secret = secret;
}

/* Whoever is suspended writes no more, once the others write in what it may not have; who only
 * wrote is left with nothing. */
static void hold_back(wax_authority *self, const struct group *group, struct membership *member,
                      const struct device *device)
{
    member->last_epoch = suspended_from(self, group->id, device->id);
    if (member->last_epoch < group->write_epoch) {
        member->last_epoch = (member->role & WAX_KEYS_READS) != 0 ? member->last_epoch : 0;
        member->role = WAX_KEYS_READS;
        member->sender = 0;
    }
}

static wax_keys_list list_epochs(wax_authority *self, const struct group *group,
                                 const struct membership *member)
{
    const struct value by = of_number(group->id);
    /* No more than a mailbox takes: with 255 kept, the oldest gives way to one that is announced.
     */
    sqlite3_stmt *row = ledger_ask(self,
                                   "SELECT epoch FROM (SELECT epoch FROM epochs WHERE group_id=?"
                                   " ORDER BY epoch DESC LIMIT 255) ORDER BY epoch",
                                   &by);
    wax_writer out = wax_writer_over(self->lists + (size_t)ROOM_EPOCHS * LIST_SIZE, LIST_SIZE);
    wax_keys_list list = {.count = 0};
    uint8_t secret[WAX_KEYS_SECRET_SIZE] = {0};

    while (ledger_next(self, row)) {
        wax_keys_epoch epoch = {.epoch = (uint32_t)ledger_column(row, 0)};

        if (epoch.epoch <= member->last_epoch &&
            may_have(group, member, epoch.epoch, &epoch.what)) {
            secret_of(self, group, member, &epoch, secret);
            wax_keys_add_epoch(&list, &out, &epoch);
        }
    }
    wax_wipe(secret, sizeof secret);
    return list;
}

/* Wipes what a room holds; after a failure nobody knows how much that is. */
static void wipe_room(wax_authority *self, unsigned room, size_t used)
{
    wax_wipe(self->lists + (size_t)room * LIST_SIZE, self->status == WAX_OK ? used : LIST_SIZE);
}

/* The lists that all members of a group are told: in a deed in which many mailboxes are made, they
 * are made once. */
static void list_common(wax_authority *self, const struct group *group)
{
    struct common *common = &self->common;

    if (self->listed_group != group->id) {
        common->filters = list_filters(self, group, ROOM_COMMON);
        common->senders = list_senders(self, group, ROOM_COMMON + 1);
        common->signers = list_signers(self, group, ROOM_COMMON + 2);
        self->listed_group = group->id;
    }
}

static void add_group(wax_authority *self, const struct device *device, struct membership *member,
                      wax_keys_list *groups, wax_writer *out)
{
    struct group group;
    wax_keys_group written;

    group_load(self, member->group_id, &group);
    if (self->status != WAX_OK) {
        return;
    }
    list_common(self, &group);
    hold_back(self, &group, member, device);
    written = (wax_keys_group){
        .id = group.name_id,
        .suite = group.suite,
        .group_class = group.group_class,
        .tag_size = group.tag_size,
        .role = member->role,
        .filters = self->common.filters,
        .sender = member->sender,
        .write_epoch = member->sender != 0 ? group.write_epoch : 0,
        .kept = group.kept,
        .epochs = list_epochs(self, &group, member),
        .first_position = WAX_KEYS_NONE,
        .senders = self->common.senders,
        .signers = self->common.signers,
        .signs = group.signs && device->has_public_key && member->sender != 0,
        .chunk_size = WAX_KEYS_CHUNK_SIZE,
    };
    wax_keys_add_group(groups, out, &written);
    wipe_room(self, ROOM_EPOCHS, written.epochs.items.size);
}

static wax_keys_list list_groups(wax_authority *self, const struct device *device)
{
    const struct value by = of_number(device->id);
    sqlite3_stmt *row = ledger_ask(self,
                                   "SELECT group_id,role,sender,from_epoch,has_history FROM members"
                                   " WHERE device_id=? ORDER BY group_id",
                                   &by);
    wax_writer out = wax_writer_over(self->lists + (size_t)ROOM_GROUPS * LIST_SIZE, LIST_SIZE);
    wax_keys_list list = {.count = 0};

    while (ledger_next(self, row)) {
        struct membership member = {
            .group_id = ledger_column(row, 0),
            .role = (uint32_t)ledger_column(row, 1),
            .sender = (uint32_t)ledger_column(row, 2),
            .from_epoch = (uint32_t)ledger_column(row, 3),
            .has_history = ledger_column(row, 4) != 0,
        };

        add_group(self, device, &member, &list, &out);
    }
    authority_need(self, out.status == WAX_OK, WAX_INVALID,
                   "this device is in too many groups for one mailbox: take it out of some");
    return list;
}

static wax_keys_mailbox describe(wax_authority *self, const struct device *device, uint64_t version)
{
    wax_keys_mailbox mailbox = {
        .version = version,
        .generation = self->own.generation,
        .device = wax_bytes_of_text(device->name),
        .groups = list_groups(self, device),
        .registrar = self->own.registrar,
        .keeper = self->own.keeper,
        .boot_nonce = device->has_boot_nonce ? device->boot_nonce : NULL,
    };

    /* Who is in no group needs no names of topics. */
    if (self->own.blinding_variant != 0 && mailbox.groups.count > 0) {
        mailbox.blinding = (wax_keys_blinding){
            .key = self->own.blinding_key,
            .variant = self->own.blinding_variant,
            .hash = self->own.blinding_hash,
            .patterns = blind_list_patterns(self),
        };
    }
    return mailbox;
}

void mailbox_write(wax_authority *self, const struct device *device, uint64_t version,
                   wax_writer *out, uint8_t *topic)
{
    wax_keys_ends ends = device_ends(self, device, 'k', topic);
    const wax_keys_mailbox mailbox = describe(self, device, version);
    uint8_t seed[WAX_KEYS_SECRET_SIZE];

    authority_draw(self, seed, sizeof seed);
    ends.seed = wax_bytes_of(seed, sizeof seed);
    authority_need(
        self, self->status != WAX_OK || wax_keys_mailbox_seal(out, &ends, &mailbox) == WAX_OK,
        WAX_INVALID, "a mailbox could not be sealed: it is too large, or its key is none");
    wax_wipe(seed, sizeof seed);
    wipe_room(self, ROOM_GROUPS, mailbox.groups.items.size);
}
