/* Devices come in: by a pre-shared key, by a certificate, by words that somebody compared. */
#include "authority/devices.h"

#include <string.h>

enum { MARK_SIZE = 16, PROFILE_PUBLIC = 16 };

#define COLUMNS                                                                                    \
    "SELECT id,name,profile,standing,public_key,psk,count,boot_nonce,version,changed,"             \
    "fresh_generation,fresh_version FROM devices WHERE "

static void take_row(wax_authority *self, sqlite3_stmt *row, struct device *device)
{
    const struct spot spot = {"devices", ledger_column(row, 0), 1};
    const wax_bytes name = ledger_column_bytes(row, 1);
    const wax_bytes psk = ledger_column_bytes(row, 5);

    *device = (struct device){
        .id = spot.row,
        .profile = (uint8_t)ledger_column(row, 2),
        .standing = (wax_authority_standing)ledger_column(row, 3),
        .has_public_key = ledger_column_bytes(row, 4).size > 0,
        .count = ledger_column(row, 6),
        .has_boot_nonce = ledger_column_bytes(row, 7).size > 0,
        .version = ledger_column(row, 8),
        .changed = ledger_column(row, 9),
        .fresh_generation = (uint32_t)ledger_column(row, 10),
        .fresh_version = ledger_column(row, 11),
    };
    if (name.size < sizeof device->name) {
        memcpy(device->name, name.data, name.size);
    }
    if (device->has_public_key) {
        ledger_column_copy(self, row, 4, device->public_key, sizeof device->public_key);
    }
    if (device->has_boot_nonce) {
        ledger_column_copy(self, row, 7, device->boot_nonce, sizeof device->boot_nonce);
    }
    if (psk.size > 0) {
        secret_open(self, &spot, psk, device->psk, sizeof device->psk);
    }
}

static bool find(wax_authority *self, const char *sql, struct value by, struct device *device)
{
    sqlite3_stmt *row = ledger_ask(self, sql, &by);

    *device = (struct device){.id = 0};
    if (!ledger_next(self, row)) {
        return false;
    }
    take_row(self, row, device);
    ledger_drop(row);
    return true;
}

void device_find(wax_authority *self, wax_bytes name, struct device *device)
{
    if (!find(self, COLUMNS "name=?", of_text(name), device)) {
        authority_fail(self, WAX_NOT_FOUND, "there is no device of this name: enrol it first");
    }
}

void device_load(wax_authority *self, uint64_t id, struct device *device)
{
    if (!find(self, COLUMNS "id=?", of_number(id), device)) {
        authority_fail(self, WAX_NOT_FOUND, "there is no such device");
    }
}

void device_touch(wax_authority *self, uint64_t id)
{
    const struct value by = of_number(id);

    ledger_run(self, "UPDATE devices SET changed=changed+1 WHERE id=?", &by);
}

wax_keys_ends device_ends(wax_authority *self, const struct device *device, char letter,
                          uint8_t *topic)
{
    wax_writer out = wax_writer_over(topic, WAX_KEYS_TOPIC_MAX);

    wax_write_bytes(&out, wax_bytes_of(self->own.prefix, self->own.prefix_size));
    wax_write_u8(&out, '/');
    wax_write_u8(&out, (uint8_t)letter);
    wax_write_u8(&out, '/');
    wax_write_bytes(&out, wax_bytes_of_text(device->name));
    wax_assert(out.status == WAX_OK);
    return (wax_keys_ends){
        .profile = wax_keys_profile_find(device->profile),
        .name_space = self->own.id,
        .topic = wax_writer_bytes(&out),
        .psk = device->psk,
        .own_secret = self->own.keeper_secret,
        .peer = device->public_key,
    };
}

/* A character of a topic's last level; none that does something to who reads it on a terminal. */
static bool is_of_name(const uint8_t *at, const uint8_t *end)
{
    const bool is_control =
        at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at + 1 < end && at[1] < 0xa0);

    return !is_control && at[0] != '/' && at[0] != '+' && at[0] != '#';
}

/* Strangers name themselves. */
static bool is_name(wax_bytes name)
{
    const uint8_t *end = name.data + name.size;
    bool holds = name.size > 0 && name.size <= WAX_KEYS_NAME_MAX && wax_utf8_is_valid(name);

    for (const uint8_t *at = name.data; holds && at < end; at++) {
        holds = is_of_name(at, end);
    }
    return holds;
}

/* Tells keys apart without showing them: of secret ones only who has the file's key can compute it.
 */
static void make_mark(wax_authority *self, wax_bytes key, uint8_t mark[static WAX_SHA256_SIZE])
{
    const wax_bytes parts[] = {WAX_TEXT("wax authority mark"), key};

    if (wax_crypto_hmac_sha256(wax_bytes_of(self->key, sizeof self->key), parts, WAX_COUNT(parts),
                               mark) != WAX_OK) {
        authority_fail(self, WAX_UNSPECIFIED_ERROR, NULL);
    }
}

/* What is to become a device. */
struct newcomer {
    wax_bytes name;
    uint8_t profile;
    wax_authority_standing standing;
    wax_bytes key;   /* a public key, or a pre-shared one */
    wax_bytes words; /* that are to be compared */
};

static void insert(wax_authority *self, const struct newcomer *newcomer)
{
    const uint64_t id = ledger_number(self, "SELECT coalesce(max(id),0)+1 FROM devices", NULL);
    const struct spot spot = {"devices", id, 1};
    const bool is_public = newcomer->profile == PROFILE_PUBLIC;
    const struct value by_name = of_text(newcomer->name);
    uint8_t mark[WAX_SHA256_SIZE] = {0};
    uint8_t psk[WAX_KEYS_SECRET_SIZE + SECRET_OVERHEAD];
    struct value by_mark;

    authority_need(self, is_name(newcomer->name), WAX_INVALID,
                   "a device's name is a text of 1 to 128 bytes without /, + and #, and without "
                   "control characters");
    make_mark(self, newcomer->key, mark);
    by_mark = of_blob(mark, MARK_SIZE);
    authority_need(
        self, ledger_number(self, "SELECT count(*) FROM devices WHERE name=?", &by_name) == 0,
        WAX_NOT_AUTHORIZED, "there is, or was, another device of this name: take another name");
    authority_need(self,
                   ledger_number(self, "SELECT count(*) FROM devices WHERE mark=?", &by_mark) == 0,
                   WAX_NOT_AUTHORIZED,
                   "another device has, or had, this key: each device needs one of its own");
    if (self->status == WAX_OK && !is_public) {
        secret_seal(self, &spot, newcomer->key, psk);
    }
    ledger_run(self,
               "INSERT INTO devices(id,name,profile,standing,mark,public_key,words,psk,changed)"
               " VALUES(?,?,?,?,?,?,?,?,?)",
               (const struct value[]){
                   of_number(id),
                   by_name,
                   of_number(newcomer->profile),
                   of_number(newcomer->standing),
                   by_mark,
                   of_blob(newcomer->key.data, is_public ? newcomer->key.size : 0),
                   of_text(newcomer->words),
                   of_blob(psk, is_public ? 0 : sizeof psk),
                   of_number(newcomer->standing == WAX_AUTHORITY_MEMBER ? 1 : 0),
               });
}

static void note_device(wax_authority *self, const wax_authority_deed *deed, wax_bytes device,
                        const char *how)
{
    const struct detail details[] = {
        {.name = "by", .text = wax_bytes_of_text(how)},
        {.name = NULL           }
    };

    deed_note(self, deed, &(struct note){"enrol", device, details});
}

wax_status wax_authority_enrol_psk(wax_authority *self, const wax_authority_deed *deed,
                                   wax_bytes device, uint8_t profile, const uint8_t *psk)
{
    const struct newcomer newcomer = {
        .name = device,
        .profile = profile,
        .standing = WAX_AUTHORITY_MEMBER,
        .key = wax_bytes_of(psk, WAX_KEYS_SECRET_SIZE),
    };

    deed_begin(self);
    authority_need(self, profile >= 1 && profile <= 3, WAX_INVALID,
                   "pre-shared keys are for profiles 1, 2 and 3");
    insert(self, &newcomer);
    note_device(self, deed, device, "psk");
    return deed_end(self);
}

/* Whether the enrolment has a certificate, which must then hold. */
static bool is_certified(wax_authority *self, const wax_keys_enrolment *enrolment, uint64_t now_s)
{
    const wax_keys_chain chain = {
        .name_space = self->own.id,
        .root = self->own.root,
        .certifier = enrolment->certifier,
        .certificate = enrolment->certificate,
        .may = WAX_KEYS_IS_DEVICE,
        .now_s = now_s,
    };
    wax_keys_certificate certificate;

    if (self->status != WAX_OK || enrolment->certificate.size == 0) {
        return false;
    }
    authority_need(
        self,
        wax_keys_chain_check(&chain, &certificate) == WAX_OK &&
            wax_bytes_equal(certificate.subject, enrolment->device) &&
            memcmp(certificate.public_key, enrolment->public_key, WAX_P256_PUBLIC_SIZE) == 0,
        WAX_UNTRUSTED, "the device's certificate does not hold");
    return true;
}

/* Reads an enrolment; the same again finds the device. */
static bool is_known(wax_authority *self, const wax_keys_enrolment *enrolment,
                     struct device *device)
{
    return self->status == WAX_OK &&
           find(self, COLUMNS "name=?", of_text(enrolment->device), device) &&
           device->has_public_key &&
           memcmp(device->public_key, enrolment->public_key, WAX_P256_PUBLIC_SIZE) == 0;
}

static void take_in(wax_authority *self, const wax_authority_deed *deed,
                    const wax_keys_enrolment *enrolment, struct newcomer *newcomer)
{
    newcomer->name = enrolment->device;
    newcomer->profile = PROFILE_PUBLIC;
    newcomer->key = wax_bytes_of(enrolment->public_key, WAX_P256_PUBLIC_SIZE);
    newcomer->standing = WAX_AUTHORITY_MEMBER;
    if (is_certified(self, enrolment, deed->now_s)) {
        insert(self, newcomer);
        note_device(self, deed, enrolment->device, "certificate");
        return;
    }
    authority_need(
        self, deed->now_s < self->admit_until_s, WAX_NOT_AUTHORIZED,
        "strangers are not let in now: give the device a certificate, or admit strangers for "
        "some minutes");
    authority_need(self,
                   ledger_number(self, "SELECT count(*) FROM devices WHERE standing=0", NULL) <
                       WAX_AUTHORITY_PENDING_MAX,
                   WAX_NOT_AUTHORIZED,
                   "256 devices wait to be confirmed already: confirm them, or evict those that "
                   "nobody knows");
    newcomer->standing = WAX_AUTHORITY_PENDING;
    insert(self, newcomer);
}

wax_status wax_authority_enrol(wax_authority *self, const wax_authority_deed *deed,
                               wax_bytes device, wax_bytes message, wax_authority_verdict *verdict)
{
    wax_keys_enrolment enrolment;
    struct newcomer newcomer = {.profile = PROFILE_PUBLIC};
    struct device known = {.id = 0};

    *verdict = (wax_authority_verdict){.standing = WAX_AUTHORITY_PENDING};
    deed_begin(self);
    authority_need(self, wax_keys_enrolment_read(&enrolment, self->own.id, message) == WAX_OK,
                   WAX_UNTRUSTED, "the enrolment is not signed by the key that it names");
    authority_need(self, self->status != WAX_OK || wax_bytes_equal(enrolment.device, device),
                   WAX_UNTRUSTED, "the enrolment is for another device than its topic says");
    authority_need(self,
                   self->status != WAX_OK ||
                       wax_keys_words(self->own.id, &enrolment, verdict->words) == WAX_OK,
                   WAX_UNSPECIFIED_ERROR, NULL);
    newcomer.words = wax_bytes_of_text(verdict->words);
    if (is_known(self, &enrolment, &known)) {
        newcomer.standing = known.standing;
        authority_need(self, known.standing != WAX_AUTHORITY_EVICTED, WAX_NOT_AUTHORIZED,
                       "this device was evicted: it needs a new name and a new key");
        ledger_run(self, "UPDATE devices SET words=? WHERE id=?",
                   (const struct value[]){of_text(newcomer.words), of_number(known.id)});
    } else if (self->status == WAX_OK) {
        take_in(self, deed, &enrolment, &newcomer);
    }
    verdict->standing = newcomer.standing;
    wax_wipe(known.psk, sizeof known.psk); /* another device of this name may have one */
    return deed_end(self);
}

wax_status wax_authority_confirm(wax_authority *self, const wax_authority_deed *deed,
                                 wax_bytes device, wax_bytes words)
{
    struct device known;
    struct value by;

    deed_begin(self);
    device_find(self, device, &known);
    wax_wipe(known.psk, sizeof known.psk);
    authority_need(self, known.standing == WAX_AUTHORITY_PENDING, WAX_INVALID,
                   "this device waits for no confirmation");
    by = of_number(known.id);
    authority_need(
        self,
        ledger_number(self, "SELECT count(*) FROM devices WHERE id=? AND words=?",
                      (const struct value[]){by, of_text(words)}) == 1,
        WAX_UNTRUSTED,
        "these are not the words of this device: somebody may be between it and you, do not let "
        "it in");
    ledger_run(self, "UPDATE devices SET standing=1,changed=changed+1 WHERE id=?", &by);
    note_device(self, deed, device, "words");
    return deed_end(self);
}
