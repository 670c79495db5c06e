/* What is to be published: whatever others know otherwise than the tables have it. */
#include <stdio.h>
#include <string.h>

#include "authority/contents.h"

/* PREFIX/LETTER and, if there is one, /NAME. */
static wax_bytes make_topic(wax_authority *self, char letter, wax_bytes name)
{
    wax_writer out = wax_writer_over(self->topic, sizeof self->topic);

    wax_write_bytes(&out, wax_bytes_of(self->own.prefix, self->own.prefix_size));
    wax_write_u8(&out, '/');
    wax_write_u8(&out, (uint8_t)letter);
    if (name.size > 0) {
        wax_write_u8(&out, '/');
        wax_write_bytes(&out, name);
    }
    wax_assert(out.status == WAX_OK);
    return wax_writer_bytes(&out);
}

/* An entry goes out in steps: what falls out of those that are kept goes; then it stands under its
 * number; then, if there is no newer one, as the newest. */
enum { DROP = 1, NUMBERED, NEWEST };

/* The step of an entry that comes now. */
static int step_of(const wax_authority *self, uint64_t number)
{
    if (self->log_step != 0) {
        return self->log_step;
    }
    return number > WAX_AUTHORITY_LOG_KEPT ? DROP : NUMBERED;
}

/* PREFIX/l, or PREFIX/l/NUMBER. */
static wax_bytes entry_topic(wax_authority *self, uint64_t number)
{
    char digits[24];
    const int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);

    return make_topic(self, 'l', wax_bytes_of(digits, number == 0 ? 0 : (size_t)size));
}

/* Makes one step, and notes which one is next; behind the last one the entry is given out. */
static void take_step(wax_authority *self, uint64_t number, wax_authority_message *message)
{
    const int step = step_of(self, number);
    const bool is_last = step == NEWEST || (step == NUMBERED && number != self->own.log.number);
    const struct value given = of_number(number);

    if (step == DROP) {
        message->content = wax_bytes_of(NULL, 0);
    }
    message->topic = entry_topic(self, step == DROP       ? number - WAX_AUTHORITY_LOG_KEPT
                                       : step == NUMBERED ? number
                                                          : 0);
    message->mark = is_last ? number : number - 1;
    self->log_step = is_last ? 0 : step + 1;
    if (is_last) {
        ledger_run(self, "UPDATE namespace SET log_given=?", &given);
    }
}

static bool next_entry(wax_authority *self, wax_authority_message *message)
{
    sqlite3_stmt *row =
        ledger_ask(self,
                   "SELECT number,entry FROM log WHERE number>(SELECT log_given FROM "
                   "namespace) ORDER BY number LIMIT 1",
                   NULL);
    wax_writer out = wax_writer_over(self->room, MESSAGE_MAX);
    uint64_t number;

    if (!ledger_next(self, row)) {
        return false;
    }
    number = ledger_column(row, 0);
    wax_write_bytes(&out, ledger_column_bytes(row, 1));
    *message = (wax_authority_message){
        .content = wax_writer_bytes(&out),
        .kind = WAX_AUTHORITY_LOG,
    };
    ledger_drop(row);
    take_step(self, number, message);
    return true;
}

static bool next_manifest(wax_authority *self, wax_authority_message *message)
{
    sqlite3_stmt *row = ledger_ask(
        self, "SELECT id,changed,version FROM groups WHERE given<changed ORDER BY id LIMIT 1",
        NULL);
    wax_writer out = wax_writer_over(self->room, MESSAGE_MAX);
    char digits[2 * WAX_KEYS_ID_SIZE + 1];
    uint8_t digest[WAX_SHA256_SIZE] = {0};
    struct group group;
    uint64_t version;

    if (!ledger_next(self, row)) {
        return false;
    }
    *message = (wax_authority_message){
        .kind = WAX_AUTHORITY_MANIFEST,
        .row = ledger_column(row, 0),
        .mark = ledger_column(row, 1),
    };
    version = ledger_column(row, 2) + 1;
    ledger_drop(row);
    group_load(self, message->row, &group);
    wax_hex_encode(wax_bytes_of(group.name_id, WAX_KEYS_ID_SIZE), digits);
    message->topic = make_topic(self, 'm', wax_bytes_of_text(digits));
    manifest_write(self, &group, version, &out);
    message->content = wax_writer_bytes(&out);
    if (self->status == WAX_OK && wax_crypto_sha256(&message->content, 1, digest) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
    ledger_run(self, "UPDATE groups SET given=?,version=?,digest=? WHERE id=?",
               (const struct value[]){of_number(message->mark), of_number(version),
                                      of_blob(digest, sizeof digest), of_number(message->row)});
    return true;
}

/* The next device with a mailbox to be made, behind the last one and then from the start: so that
 * not all that are done are looked through for each. 0 if there is none. */
static uint64_t find_mailbox(wax_authority *self)
{
    static const char sql[] = "SELECT id FROM devices WHERE id>? AND given<changed AND standing<>0 "
                              "ORDER BY id LIMIT 1";
    const struct value behind = of_number(self->last_mailbox);
    const struct value all = of_number(0);
    const uint64_t id = ledger_number(self, sql, &behind);

    return id != 0 || self->last_mailbox == 0 ? id : ledger_number(self, sql, &all);
}

/* The version is in the file before anybody sees it. */
static bool next_mailbox(wax_authority *self, wax_authority_message *message)
{
    const uint64_t id = find_mailbox(self);
    wax_writer out = wax_writer_over(self->room, MESSAGE_MAX);
    uint8_t topic[WAX_KEYS_TOPIC_MAX];
    struct device device;

    self->last_mailbox = id;
    if (self->status != WAX_OK || id == 0) {
        return false;
    }
    device_load(self, id, &device);
    mailbox_write(self, &device, device.version + 1, &out, topic);
    wax_wipe(device.psk, sizeof device.psk);
    *message = (wax_authority_message){
        .topic = make_topic(self, 'k', wax_bytes_of_text(device.name)),
        .content = wax_writer_bytes(&out),
        .kind = WAX_AUTHORITY_MAILBOX,
        .row = id,
        .mark = device.changed,
    };
    ledger_run(self, "UPDATE devices SET given=?,version=version+1 WHERE id=?",
               (const struct value[]){of_number(message->mark), of_number(id)});
    return true;
}

static bool next(wax_authority *self, wax_authority_message *message)
{
    return next_entry(self, message) || next_manifest(self, message) || next_mailbox(self, message);
}

wax_status wax_authority_next(wax_authority *self, wax_authority_message *message)
{
    bool is_one;
    wax_status status;

    deed_begin(self);
    is_one = next(self, message);
    status = deed_end(self);
    if (status == WAX_OK && !is_one) {
        status = WAX_NOT_FOUND;
    }
    if (status != WAX_OK) {
        *message = (wax_authority_message){.mark = 0};
    }
    return status;
}

/* Moves a message into the caller's room. */
static wax_bytes move(wax_writer *room, wax_bytes bytes)
{
    const size_t at = room->used;

    wax_write_bytes(room, bytes);
    return wax_bytes_of(room->data + at, bytes.size);
}

static void fill(wax_authority *self, wax_authority_batch *batch)
{
    const size_t largest = (size_t)MESSAGE_MAX + WAX_KEYS_TOPIC_MAX;
    wax_writer room = wax_writer_over(batch->room, batch->room_size);

    authority_need(self, batch->size > 0 && batch->room_size >= largest, WAX_INVALID,
                   "the room for messages is too small");
    while (self->status == WAX_OK && batch->count < batch->size &&
           batch->room_size - room.used >= largest) {
        wax_authority_message *message = &batch->messages[batch->count];

        if (!next(self, message)) {
            return;
        }
        message->topic = move(&room, message->topic);
        message->content = move(&room, message->content);
        batch->count++;
    }
}

wax_status wax_authority_next_batch(wax_authority *self, wax_authority_batch *batch)
{
    wax_status status;

    batch->count = 0;
    deed_begin(self);
    fill(self, batch);
    status = deed_end(self);
    if (status != WAX_OK) {
        batch->count = 0;
    }
    return status == WAX_OK && batch->count == 0 ? WAX_NOT_FOUND : status;
}

wax_status wax_authority_sent_batch(wax_authority *self, const wax_authority_message *messages,
                                    size_t count)
{
    static const char *const sql[] = {
        [WAX_AUTHORITY_LOG] = "UPDATE namespace SET log_sent=max(log_sent,?1)",
        [WAX_AUTHORITY_MANIFEST] =
            "UPDATE groups SET sent=max(sent,?1),"
            "sent_digest=CASE given WHEN ?1 THEN digest ELSE sent_digest END "
            "WHERE id=?2",
        [WAX_AUTHORITY_MAILBOX] = "UPDATE devices SET sent=max(sent,?1) WHERE id=?2",
    };

    deed_begin(self);
    for (size_t i = 0; i < count; i++) {
        ledger_run(self, sql[messages[i].kind],
                   (const struct value[]){of_number(messages[i].mark), of_number(messages[i].row)});
    }
    return deed_end(self);
}

wax_status wax_authority_sent(wax_authority *self, const wax_authority_message *message)
{
    return wax_authority_sent_batch(self, message, 1);
}

/* Of the log those that are kept come again, and one at least. */
wax_status wax_authority_resend(wax_authority *self)
{
    const struct value kept = of_number(WAX_AUTHORITY_LOG_KEPT);

    deed_begin(self);
    self->log_step = 0;
    ledger_run(self,
               "UPDATE namespace SET log_given=max(0,log_number-?1),"
               "log_sent=max(0,log_number-?1)",
               &kept);
    ledger_run(self, "UPDATE groups SET given=0,sent=0", NULL);
    ledger_run(self, "UPDATE devices SET given=0,sent=0 WHERE version>0", NULL);
    return deed_end(self);
}
