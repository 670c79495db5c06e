/* The namespace: made, opened, restored; and its log. */
#include "authority/space.h"
#include "authority/happenings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority/blind.h"
#include "hpke/hpke.h"

static const struct spot *spot_of(const wax_authority *self, struct spot *spot)
{
    *spot = (struct spot){"namespace", 1, self->own.row_version};
    return spot;
}

void space_load(wax_authority *self)
{
    sqlite3_stmt *row = ledger_ask(
        self,
        "SELECT name,prefix,generation,row_version,log_number,log_digest,root,registrar,keeper,"
        "blinding_variant,blinding_hash,secrets FROM namespace",
        NULL);
    struct name_space *own = &self->own;
    uint8_t secrets[NAME_SPACE_SECRETS];
    struct spot spot;
    wax_bytes prefix;

    if (!ledger_next(self, row)) {
        authority_fail(self, WAX_MALFORMED, "the file of the authority holds no namespace");
        return;
    }
    ledger_column_copy(self, row, 0, own->id, sizeof own->id);
    prefix = ledger_column_bytes(row, 1);
    own->prefix_size = prefix.size <= sizeof own->prefix ? prefix.size : 0;
    memcpy(own->prefix, prefix.data, own->prefix_size);
    own->generation = (uint32_t)ledger_column(row, 2);
    own->row_version = ledger_column(row, 3);
    own->log.number = ledger_column(row, 4);
    ledger_column_copy(self, row, 5, own->log.digest, sizeof own->log.digest);
    ledger_column_copy(self, row, 6, own->root, sizeof own->root);
    ledger_column_copy(self, row, 7, own->registrar, sizeof own->registrar);
    ledger_column_copy(self, row, 8, own->keeper, sizeof own->keeper);
    own->blinding_variant = (uint32_t)ledger_column(row, 9);
    own->blinding_hash = (uint32_t)ledger_column(row, 10);
    secret_open(self, spot_of(self, &spot), ledger_column_bytes(row, 11), secrets, sizeof secrets);
    ledger_drop(row);
    memcpy(own->registrar_secret, secrets, 32);
    memcpy(own->keeper_secret, secrets + 32, 32);
    memcpy(own->blinding_key, secrets + 64, 32);
    wax_wipe(secrets, sizeof secrets);
}

static void space_insert(wax_authority *self)
{
    const struct name_space *own = &self->own;
    uint8_t secrets[NAME_SPACE_SECRETS];
    uint8_t stored[NAME_SPACE_SECRETS + SECRET_OVERHEAD];
    struct spot spot;

    memcpy(secrets, own->registrar_secret, 32);
    memcpy(secrets + 32, own->keeper_secret, 32);
    memcpy(secrets + 64, own->blinding_key, 32);
    secret_seal(self, spot_of(self, &spot), wax_bytes_of(secrets, sizeof secrets), stored);
    wax_wipe(secrets, sizeof secrets);
    ledger_run(self, "INSERT INTO namespace VALUES(1,?,?,1,?,0,?,0,0,?,?,?,?,?,?)",
               (const struct value[]){
                   of_blob(own->id, sizeof own->id),
                   of_text(wax_bytes_of(own->prefix, own->prefix_size)),
                   of_number(own->row_version),
                   of_blob(own->log.digest, sizeof own->log.digest),
                   of_blob(own->root, sizeof own->root),
                   of_blob(own->registrar, sizeof own->registrar),
                   of_blob(own->keeper, sizeof own->keeper),
                   of_number(own->blinding_variant),
                   of_number(own->blinding_hash),
                   of_blob(stored, sizeof stored),
               });
}

void deed_begin(wax_authority *self)
{
    ledger_begin(self);
    self->listed_group = 0;
    space_load(self);
}

/* After a failure the namespace is as the file has it. */
wax_status deed_end(wax_authority *self)
{
    const wax_status status = ledger_end(self);

    if (status != WAX_OK) {
        self->status = WAX_OK;
        self->log_step = 0; /* what was given out in this deed was not */
        space_load(self);
        self->status = status;
    }
    return status;
}

void deed_note(wax_authority *self, const wax_authority_deed *deed, const struct note *note)
{
    uint8_t details[512];
    uint8_t room[1024];
    wax_writer details_out = wax_writer_over(details, sizeof details);
    wax_writer out = wax_writer_over(room, sizeof room);
    const wax_keys_signing by = {self->own.id, self->own.registrar_secret, NULL};
    wax_keys_entry entry = {
        .time_s = deed->now_s,
        .who = deed->who,
        .what = wax_bytes_of_text(note->what),
        .on = note->on,
    };

    if (self->status != WAX_OK) {
        return;
    }
    if (deed->role.size > 0) {
        /* The shortest name of all, and so the first. */
        wax_keys_add_detail(&entry.details, &details_out, WAX_TEXT("as"), deed->role, 0);
    }
    for (const struct detail *detail = note->details; detail != NULL && detail->name != NULL;
         detail++) {
        wax_keys_add_detail(&entry.details, &details_out, wax_bytes_of_text(detail->name),
                            detail->text, detail->number);
    }
    authority_need(self, details_out.status == WAX_OK && deed->who.size > 0, WAX_INVALID,
                   "the log wants to know who does this, in at most 128 bytes");
    if (self->status == WAX_OK &&
        wax_keys_entry_write(&out, &by, &self->own.log, &entry) != WAX_OK) {
        authority_fail(self, WAX_INVALID, "a name is empty, no UTF-8, or longer than 128 bytes");
    }
    ledger_run(self, "INSERT INTO log VALUES(?,?)",
               (const struct value[]){of_number(self->own.log.number), of_blob(room, out.used)});
    ledger_run(self, "UPDATE namespace SET log_number=?,log_digest=?",
               (const struct value[]){of_number(self->own.log.number),
                                      of_blob(self->own.log.digest, sizeof self->own.log.digest)});
}

/* A pair of keys of fresh randomness. */
static void make_pair(wax_authority *self, uint8_t *secret, uint8_t *public_key)
{
    uint8_t seed[WAX_HPKE_SEED_SIZE];

    authority_draw(self, seed, sizeof seed);
    if (self->status == WAX_OK &&
        wax_hpke_pair(wax_bytes_of(seed, sizeof seed), secret, public_key) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
    wax_wipe(seed, sizeof seed);
}

/* Whether the authority can speak below this prefix. */
static bool is_prefix(wax_bytes prefix)
{
    bool holds = prefix.size > 0 && prefix.size <= PREFIX_MAX && prefix.data[0] != '$' &&
                 wax_utf8_is_valid(prefix);

    for (size_t i = 0; holds && i < prefix.size; i++) {
        holds = prefix.data[i] != '+' && prefix.data[i] != '#';
    }
    return holds;
}

static void space_make(wax_authority *self, const wax_authority_founding *founding)
{
    struct name_space *own = &self->own;
    const wax_bytes prefix = founding->prefix.size > 0 ? founding->prefix : WAX_TEXT("wax");

    authority_need(
        self, is_prefix(prefix), WAX_INVALID,
        "the prefix is a topic of 1 to 64 bytes without + and #, and does not begin with $");
    authority_need(self, founding->blinding_variant <= 2 && founding->blinding_hash <= 2,
                   WAX_INVALID, "topics are blinded by variant 1 or 2 and hash 1 or 2");
    authority_need(self, (founding->blinding_variant == 0) == (founding->blinding_hash == 0),
                   WAX_INVALID, "topics are blinded by a variant and a hash, or not at all");
    blind_judge(self, founding);
    if (self->status != WAX_OK) {
        return;
    }
    memcpy(own->prefix, prefix.data, prefix.size);
    own->prefix_size = prefix.size;
    own->generation = 1;
    own->row_version = 1;
    own->blinding_variant = founding->blinding_variant;
    own->blinding_hash = founding->blinding_hash;
    authority_draw(self, own->id, sizeof own->id);
    authority_draw(self, own->blinding_key, sizeof own->blinding_key);
    make_pair(self, own->registrar_secret, own->registrar);
    make_pair(self, own->keeper_secret, own->keeper);
    memcpy(own->root, founding->root != NULL ? founding->root : own->registrar, sizeof own->root);
}

/* An authority without a file yet; NULL when there is no memory. */
static wax_authority *make(const wax_authority_options *options)
{
    wax_authority *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return NULL;
    }
    self->room = malloc(MESSAGE_MAX);
    self->lists = malloc((size_t)LISTS * LIST_SIZE);
    if (self->room == NULL || self->lists == NULL) {
        wax_authority_close(self);
        return NULL;
    }
    memcpy(self->key, options->key, sizeof self->key);
    self->random = options->random;
    return self;
}

/* Hands over what was opened, or says why it was not. */
static wax_status hand_over(wax_authority **self, wax_authority *opened,
                            const wax_authority_options *options)
{
    const wax_status status = opened == NULL ? WAX_FULL : opened->status;

    (void)snprintf(options->fault, WAX_AUTHORITY_FAULT_SIZE, "%s",
                   opened == NULL ? "there is no memory left" : opened->fault);
    if (status != WAX_OK) {
        const bool is_half = opened != NULL && opened->made_file;

        wax_authority_close(opened);
        opened = NULL;
        if (is_half) {
            (void)unlink(options->path);
        }
    }
    *self = opened;
    return status;
}

wax_status wax_authority_found(wax_authority **self, const wax_authority_options *options,
                               const wax_authority_deed *deed,
                               const wax_authority_founding *founding)
{
    wax_authority *made = make(options);

    if (made != NULL) {
        space_make(made, founding);
        ledger_open(made, options->path, true);
        rules_open(made);
    }
    if (made != NULL && made->status == WAX_OK) {
        ledger_begin(made);
        space_insert(made);
        blind_insert(made, founding);
        deed_note(made, deed, &(struct note){.what = "create"});
        made->status = ledger_end(made);
        made->made_file = made->status != WAX_OK;
    }
    return hand_over(self, made, options);
}

wax_status wax_authority_open(wax_authority **self, const wax_authority_options *options)
{
    wax_authority *opened = make(options);

    if (opened != NULL) {
        ledger_open(opened, options->path, false);
        rules_open(opened);
    }
    if (opened != NULL && opened->status == WAX_OK) {
        deed_begin(opened);
        ledger_run(opened, "UPDATE namespace SET log_given=log_sent", NULL);
        ledger_run(opened, "UPDATE groups SET given=sent,digest=sent_digest", NULL);
        ledger_run(opened, "UPDATE devices SET given=sent", NULL);
        opened->status = ledger_end(opened);
    }
    return hand_over(self, opened, options);
}

void wax_authority_close(wax_authority *self)
{
    if (self == NULL) {
        return;
    }
    ledger_close(self);
    if (self->room != NULL) {
        wax_wipe(self->room, MESSAGE_MAX);
    }
    if (self->lists != NULL) {
        wax_wipe(self->lists, (size_t)LISTS * LIST_SIZE);
    }
    free(self->room);
    free(self->lists);
    wax_wipe(self, sizeof *self);
    free(self);
}

const char *wax_authority_fault(const wax_authority *self)
{
    return self->fault;
}

wax_authority_identity wax_authority_identify(const wax_authority *self)
{
    const struct name_space *own = &self->own;

    return (wax_authority_identity){
        .name_space = own->id,
        .prefix = wax_bytes_of(own->prefix, own->prefix_size),
        .generation = own->generation,
        .root = own->root,
        .registrar = own->registrar,
        .keeper = own->keeper,
        .log_number = own->log.number,
    };
}

uint64_t wax_authority_admit_until(wax_authority *self, uint64_t until_s)
{
    const uint64_t before_s = self->admit_until_s;

    self->admit_until_s = until_s;
    return before_s;
}
