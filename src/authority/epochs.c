/* Epochs in two steps: readers first, writers then; the oldest goes. */
#include "authority/epochs.h"
#include "authority/happenings.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "SELECT id,name_id,name,suite,class,tag_size,epoch_s,kept,ack_s,signs,write_epoch,announced,"  \
    "due_s FROM groups WHERE "

static void take_row(wax_authority *self, sqlite3_stmt *row, struct group *group)
{
    const wax_bytes name = ledger_column_bytes(row, 2);

    *group = (struct group){
        .id = ledger_column(row, 0),
        .suite = (uint32_t)ledger_column(row, 3),
        .group_class = (uint32_t)ledger_column(row, 4),
        .tag_size = (uint32_t)ledger_column(row, 5),
        .epoch_s = (uint32_t)ledger_column(row, 6),
        .kept = (uint32_t)ledger_column(row, 7),
        .ack_s = (uint32_t)ledger_column(row, 8),
        .signs = ledger_column(row, 9) != 0,
        .write_epoch = (uint32_t)ledger_column(row, 10),
        .announced = (uint32_t)ledger_column(row, 11),
        .due_s = ledger_column(row, 12),
    };
    ledger_column_copy(self, row, 1, group->name_id, sizeof group->name_id);
    if (name.size < sizeof group->name) {
        memcpy(group->name, name.data, name.size);
    }
}

static void find(wax_authority *self, const char *sql, struct value by, struct group *group)
{
    sqlite3_stmt *row = ledger_ask(self, sql, &by);

    *group = (struct group){.id = 0};
    if (ledger_next(self, row)) {
        take_row(self, row, group);
        ledger_drop(row);
    } else {
        authority_fail(self, WAX_NOT_FOUND, "there is no group of this name");
    }
}

void group_find(wax_authority *self, wax_bytes name, struct group *group)
{
    find(self, COLUMNS "name=?", of_text(name), group);
}

void group_load(wax_authority *self, uint64_t id, struct group *group)
{
    find(self, COLUMNS "id=?", of_number(id), group);
}

static void touch(wax_authority *self, const struct group *group, uint32_t roles)
{
    const struct value values[] = {of_number(group->id), of_number(roles)};

    ledger_run(self,
               "UPDATE devices SET changed=changed+1 WHERE id IN"
               "(SELECT device_id FROM members WHERE group_id=?1 AND (role&?2)!=0)",
               values);
    ledger_run(self, "UPDATE groups SET changed=changed+1 WHERE id=?1", values);
}

void group_touch(wax_authority *self, const struct group *group)
{
    touch(self, group, WAX_KEYS_READS | WAX_KEYS_WRITES);
}

void group_touch_readers(wax_authority *self, const struct group *group)
{
    touch(self, group, WAX_KEYS_READS);
}

void epoch_secret(wax_authority *self, uint64_t group_id, uint32_t epoch,
                  uint8_t secret[static WAX_KEYS_SECRET_SIZE])
{
    const struct spot spot = {"epochs", group_id, epoch};
    sqlite3_stmt *row = ledger_ask(self, "SELECT secret FROM epochs WHERE group_id=? AND epoch=?",
                                   (const struct value[]){of_number(group_id), of_number(epoch)});

    memset(secret, 0, WAX_KEYS_SECRET_SIZE);
    if (ledger_next(self, row)) {
        secret_open(self, &spot, ledger_column_bytes(row, 0), secret, WAX_KEYS_SECRET_SIZE);
        ledger_drop(row);
    } else {
        authority_fail(self, WAX_MALFORMED, "an epoch is missing in the file of the authority");
    }
}

/* Makes the next epoch's secret and stores it. */
static uint32_t epoch_make(wax_authority *self, const struct group *group)
{
    const struct value by = of_number(group->id);
    const uint64_t epoch = ledger_number(self, "SELECT next_epoch FROM groups WHERE id=?", &by);
    const struct spot spot = {"epochs", group->id, epoch};
    uint8_t secret[WAX_KEYS_SECRET_SIZE];
    uint8_t stored[WAX_KEYS_SECRET_SIZE + SECRET_OVERHEAD];

    authority_need(self, epoch > 0 && epoch < UINT32_MAX, WAX_INVALID,
                   "this group has no epochs left: make a new one");
    authority_draw(self, secret, sizeof secret);
    secret_seal(self, &spot, wax_bytes_of(secret, sizeof secret), stored);
    wax_wipe(secret, sizeof secret);
    ledger_run(self, "INSERT INTO epochs VALUES(?,?,?)",
               (const struct value[]){of_number(group->id), of_number(epoch),
                                      of_blob(stored, sizeof stored)});
    ledger_run(self, "UPDATE groups SET next_epoch=next_epoch+1 WHERE id=?", &by);
    return (uint32_t)epoch;
}

static void note_epoch(wax_authority *self, const wax_authority_deed *deed, const char *what,
                       const struct group *group, uint32_t epoch)
{
    const struct detail details[] = {
        {.name = "epoch", .number = epoch},
        {.name = NULL              }
    };

    deed_note(self, deed, &(struct note){what, wax_bytes_of_text(group->name), details});
}

void epoch_announce(wax_authority *self, const wax_authority_deed *deed, struct group *group)
{
    if (self->status != WAX_OK || group->announced != 0) {
        return;
    }
    group->announced = epoch_make(self, group);
    group->due_s = deed->now_s + group->ack_s;
    ledger_run(self, "UPDATE groups SET announced=?,due_s=? WHERE id=?",
               (const struct value[]){of_number(group->announced), of_number(group->due_s),
                                      of_number(group->id)});
    note_epoch(self, deed, "rotate", group, group->announced);
    group_touch_readers(self, group);
}

/* Of the epochs that were written in, the W newest stay; but none that somebody who was shut out
 * since knows. */
static void retire(wax_authority *self, const wax_authority_deed *deed, const struct group *group)
{
    const struct value values[] = {of_number(group->id), of_number(group->write_epoch),
                                   of_number(group->kept)};
    const uint64_t known =
        ledger_number(self,
                      "SELECT coalesce(max(epoch),0) FROM epochs WHERE group_id=?1 AND epoch<"
                      "(SELECT since FROM groups WHERE id=?1 AND since<=?2)",
                      values);
    const uint64_t too_many =
        ledger_number(self,
                      "SELECT epoch FROM epochs WHERE group_id=?1 AND epoch<=?2"
                      " ORDER BY epoch DESC LIMIT 1 OFFSET ?3",
                      values);
    const uint64_t newest_gone = known > too_many ? known : too_many;

    if (newest_gone > 0) {
        ledger_run(self, "DELETE FROM epochs WHERE group_id=? AND epoch<=?",
                   (const struct value[]){of_number(group->id), of_number(newest_gone)});
        note_epoch(self, deed, "retire", group, (uint32_t)newest_gone);
    }
}

void epoch_activate(wax_authority *self, const wax_authority_deed *deed, struct group *group)
{
    authority_need(self, group->announced != 0, WAX_INVALID,
                   "no epoch is announced in this group: rotate it first");
    if (self->status != WAX_OK) {
        return;
    }
    group->write_epoch = group->announced;
    group->announced = 0;
    group->due_s = group->epoch_s == 0 ? 0 : deed->now_s + group->epoch_s;
    ledger_run(self, "UPDATE groups SET write_epoch=?,announced=0,due_s=? WHERE id=?",
               (const struct value[]){of_number(group->write_epoch), of_number(group->due_s),
                                      of_number(group->id)});
    note_epoch(self, deed, "activate", group, group->write_epoch);
    rules_note_epoch(self, group->id);
    retire(self, deed, group);
    group_touch(self, group);
}

void epoch_settle(wax_authority *self, const wax_authority_deed *deed, struct group *group)
{
    const struct value values[] = {of_number(group->id), of_number(group->announced)};

    if (self->status == WAX_OK && group->announced != 0 &&
        ledger_number(
            self,
            "SELECT count(*) FROM members m WHERE group_id=? AND (role&1)!=0 AND held_epoch<?"
            " AND NOT EXISTS(SELECT 1 FROM suspensions s WHERE s.group_id=m.group_id"
            " AND s.device_id=m.device_id)",
            values) == 0) {
        epoch_activate(self, deed, group);
    }
}

wax_status wax_authority_rotate(wax_authority *self, const wax_authority_deed *deed, wax_bytes name)
{
    struct group group;

    deed_begin(self);
    group_find(self, name, &group);
    authority_need(self, group.announced == 0, WAX_INVALID,
                   "an epoch is announced already: activate it, or wait until its readers have it");
    epoch_announce(self, deed, &group);
    epoch_settle(self, deed, &group);
    return deed_end(self);
}

wax_status wax_authority_activate(wax_authority *self, const wax_authority_deed *deed,
                                  wax_bytes name)
{
    struct group group;

    deed_begin(self);
    group_find(self, name, &group);
    epoch_activate(self, deed, &group);
    return deed_end(self);
}

/* The group that is due first, until `now_s`: 0 if none. */
static uint64_t due(wax_authority *self, uint64_t now_s)
{
    const struct value by = of_number(now_s);

    return ledger_number(
        self, "SELECT id FROM groups WHERE due_s>0 AND due_s<=? ORDER BY due_s LIMIT 1", &by);
}

wax_status wax_authority_tick(wax_authority *self, uint64_t now_s, uint64_t *next_s)
{
    const wax_authority_deed deed = {.who = WAX_TEXT("authority"), .now_s = now_s};
    uint64_t id;
    uint64_t first;

    deed_begin(self);
    while (self->status == WAX_OK && (id = due(self, now_s)) != 0) {
        struct group group;

        group_load(self, id, &group);
        if (group.announced != 0) {
            epoch_activate(self, &deed, &group);
        } else {
            epoch_announce(self, &deed, &group);
            epoch_settle(self, &deed, &group);
        }
    }
    first = ledger_number(self, "SELECT min(due_s) FROM groups WHERE due_s>0", NULL);
    *next_s = first == 0 ? WAX_NEVER : first;
    return deed_end(self);
}

/* More than an authority makes between two backups. */
enum { STRIDE = 65536 };

wax_status wax_authority_restored(wax_authority *self, const wax_authority_deed *deed)
{
    const struct value stride = of_number(STRIDE);
    struct detail details[] = {{.name = "generation"}, {.name = NULL}};
    uint64_t id = 0;

    deed_begin(self);
    authority_need(self, self->own.generation < UINT32_MAX, WAX_INVALID,
                   "there are no generations left");
    ledger_run(self, "UPDATE namespace SET generation=generation+1", NULL);
    self->own.generation++;
    details[0].number = self->own.generation;
    deed_note(self, deed, &(struct note){.what = "restore", .details = details});
    ledger_run(self, "UPDATE groups SET next_epoch=next_epoch+?1,next_sender=next_sender+?1",
               &stride);
    ledger_run(self, "UPDATE devices SET changed=changed+1", NULL);
    while ((id = ledger_number(self, "SELECT min(id) FROM groups WHERE id>?",
                               (const struct value[]){of_number(id)})) != 0) {
        struct group group;

        group_load(self, id, &group);
        /* What was announced may have been written in since: it is not announced twice. */
        ledger_run(self, "UPDATE groups SET announced=0 WHERE id=?",
                   (const struct value[]){of_number(id)});
        group.announced = 0;
        epoch_announce(self, deed, &group);
        epoch_settle(self, deed, &group);
    }
    return deed_end(self);
}
