/* keys: what the authority tells devices, and devices tell the authority, byte by byte: mailboxes,
 * statuses, enrolments, certificates, manifests and the log. docs/format.md says it for everybody;
 * numbers in brackets are its sections.
 *
 * What came in is looked at where it lies: structs hold views, and lists are walked. Every decoder
 * checks all that it was given before it says WAX_OK, so that walking cannot fail; what it refuses
 * changes nothing that outlives the call. A device links the profile it names and no other. */
#ifndef WAX_KEYS_H
#define WAX_KEYS_H

#include "base/base.h"
#include "crypto/crypto.h"

WAX_C_BEGIN

#define WAX_KEYS_ID_SIZE     8 /* of a namespace, a group, a boot nonce, a serial */
#define WAX_KEYS_SECRET_SIZE 32
#define WAX_KEYS_TOPIC_MAX   255 /* of the topics on which the authority and devices speak */
#define WAX_KEYS_NAME_MAX    128 /* of devices, groups, subjects */
#define WAX_KEYS_SENDER_MAX  0xffffffU
#define WAX_KEYS_CHUNK_SIZE  1024U
#define WAX_KEYS_NONE        UINT32_MAX /* a position that is not there */

/* The most that is added around a mailbox or a status; room for it must be left behind it. */
#define WAX_KEYS_OVERHEAD_MAX 256

/* ---- Lists: encoded items, which were checked and are walked ---- */

/* Items of an array, or pairs of a map, as they stand encoded, and how many. As long as none is
 * read, the same list may be walked again from a copy. */
typedef struct wax_keys_list {
    wax_bytes items;
    uint32_t count;
} wax_keys_list;

/* ---- Profiles: how what is for one device is protected [8] ---- */

/* One of those below; whoever starts the program chooses, and links nothing else. */
typedef struct wax_keys_profile wax_keys_profile;

extern const wax_keys_profile wax_keys_chacha20; /* 1: pre-shared key */
extern const wax_keys_profile wax_keys_ascon;    /* 2: pre-shared key */
extern const wax_keys_profile wax_keys_ccm;      /* 3: pre-shared key */
extern const wax_keys_profile wax_keys_hpke;     /* 16: public keys */

/* 2 once more, for who opens and never seals: a sensor that tells no status. */
extern const wax_keys_profile wax_keys_ascon_opens;

/* The profile with this number; NULL if there is none. Links all of them. */
const wax_keys_profile *wax_keys_profile_find(uint8_t number);

/* Who speaks to whom. The authority's end and the device's differ in whose secret is there. */
typedef struct wax_keys_ends {
    const wax_keys_profile *profile;
    const uint8_t *name_space; /* WAX_KEYS_ID_SIZE */
    wax_bytes topic;           /* WAX_KEYS_TOPIC_MAX at most */
    const uint8_t *psk;        /* profiles 1 to 3: WAX_KEYS_SECRET_SIZE */
    const uint8_t *own_secret; /* profile 16: WAX_P256_SECRET_SIZE; signs, or opens */
    const uint8_t *peer;       /* profile 16: the other's public key; sealed to, or verified */
    wax_bytes seed; /* profile 16, who seals: 32 bytes or more that are never used again */
} wax_keys_ends;

/* ---- Mailbox [8] ---- */

typedef struct wax_keys_blinding {
    const uint8_t *key; /* WAX_KEYS_SECRET_SIZE; NULL: topics are not blinded */
    uint32_t variant;
    uint32_t hash;
    wax_keys_list patterns; /* of texts */
} wax_keys_blinding;

typedef struct wax_keys_mailbox {
    uint64_t version;
    uint32_t generation;
    wax_bytes device;
    wax_keys_list groups;
    const uint8_t *registrar; /* public keys */
    const uint8_t *keeper;
    const uint8_t *boot_nonce; /* NULL if there is none */
    wax_keys_blinding blinding;
} wax_keys_mailbox;

/* What a device may do in a group: bits. */
enum { WAX_KEYS_READS = 1, WAX_KEYS_WRITES = 2 };

typedef struct wax_keys_group {
    const uint8_t *id;
    uint32_t suite;
    uint32_t group_class; /* 0 state, 1 stream */
    uint32_t tag_size;
    uint32_t role;           /* WAX_KEYS_READS and WAX_KEYS_WRITES */
    wax_keys_list filters;   /* of texts */
    uint32_t sender;         /* own number; 0 for who only reads */
    uint32_t write_epoch;    /* 0: nothing is written */
    uint32_t kept;           /* W */
    wax_keys_list epochs;    /* wax_keys_next_epoch() */
    uint32_t first_position; /* WAX_KEYS_NONE: as the device has it */
    wax_keys_list senders;   /* wax_keys_may_send() */
    wax_keys_list signers;   /* wax_keys_signer() */
    wax_keys_list padding;   /* numbers; empty: none */
    bool signs;
    uint32_t chunk_size;
    wax_keys_list floors; /* wax_keys_floor() */
} wax_keys_group;

/* What stands in an epoch's row. */
typedef enum wax_keys_what {
    WAX_KEYS_EPOCH_SECRET,
    WAX_KEYS_SENDER_SECRET, /* SS[0] of the own number */
    WAX_KEYS_CLASS_SECRET,
} wax_keys_what;

typedef struct wax_keys_epoch {
    uint32_t epoch;
    wax_keys_what what;
    const uint8_t *secret; /* WAX_KEYS_SECRET_SIZE */
} wax_keys_epoch;

/* What a device keeps of mailboxes beyond its restarts. `keep` writes both numbers down, and
 * returns only when a loss of power cannot take them back: WAX_OK, or why not. */
typedef struct wax_keys_mark wax_keys_mark;
struct wax_keys_mark {
    uint32_t generation;
    uint64_t version;
    wax_status (*keep)(wax_keys_mark *self, uint32_t generation, uint64_t version);
};

/* Opens a mailbox where it lies: `message` is overwritten, and `mailbox` views it. On WAX_OK its
 * numbers are higher than those of `mark` and have been kept, or the same again.
 * Returns WAX_OK; WAX_MALFORMED for what is no mailbox; WAX_UNTRUSTED for one that is not for this
 * device, or not by its authority; WAX_PROTOCOL_ERROR for one that is older than the last;
 * WAX_UNSPECIFIED_ERROR when the library fails; what `keep` returns. Unless WAX_OK, `mark` is as it
 * was, and `message` may be lost but holds no secret. */
wax_status wax_keys_mailbox_open(wax_keys_mailbox *mailbox, wax_keys_mark *mark,
                                 const wax_keys_ends *ends, uint8_t *message,
                                 size_t size) WAX_CHECKED;

/* Writes a mailbox as the message that stands on `ends->topic`.
 * Returns WAX_OK; WAX_FULL; WAX_INVALID for what no device would take; WAX_UNTRUSTED for a peer
 * that is no public key; WAX_UNSPECIFIED_ERROR. Unless WAX_OK nothing was written. */
wax_status wax_keys_mailbox_seal(wax_writer *out, const wax_keys_ends *ends,
                                 const wax_keys_mailbox *mailbox) WAX_CHECKED;

/* What a device that writes in one group, and reads in none, takes of its mailbox. */
typedef struct wax_keys_writing {
    const uint8_t *group; /* WAX_KEYS_ID_SIZE; NULL: it writes nowhere */
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size; /* these three as they stand there: wax_sealer_start() judges them */
    uint32_t sender;
    uint32_t epoch;
    const uint8_t *secret;   /* WAX_KEYS_SECRET_SIZE: of the sender, at the epoch's start */
    uint32_t first_position; /* nothing below it is used */
} wax_keys_writing;

/* As wax_keys_mailbox_open(), in a quarter of its code: of the first group in which the device
 * writes. What it wants of the rest is not looked at: the authority is believed. */
wax_status wax_keys_writing_open(wax_keys_writing *writing, wax_keys_mark *mark,
                                 const wax_keys_ends *ends, uint8_t *message,
                                 size_t size) WAX_CHECKED;

/* A sender, an epoch and a position from where it is believed. */
typedef struct wax_keys_floor_row {
    uint32_t sender;
    uint32_t epoch;
    uint32_t position;
} wax_keys_floor_row;

/* Takes the next from a list: each says whether there was one. */
bool wax_keys_next_group(wax_keys_list *groups, wax_keys_group *group);
bool wax_keys_next_epoch(wax_keys_list *epochs, wax_keys_epoch *epoch);
bool wax_keys_next_text(wax_keys_list *texts, wax_bytes *text);
bool wax_keys_next_number(wax_keys_list *numbers, uint64_t *number);
bool wax_keys_next_signer(wax_keys_list *signers, uint32_t *sender, const uint8_t **public_key);
bool wax_keys_next_floor(wax_keys_list *floors, wax_keys_floor_row *row);

/* Whether a sender may write in a group. */
bool wax_keys_may_send(const wax_keys_list *senders, uint32_t sender);

/* The public key under which a sender signs; NULL if it does not. */
const uint8_t *wax_keys_signer(const wax_keys_list *signers, uint32_t sender);

/* What a newcomer believes of a sender at least; false if anything. */
bool wax_keys_floor(const wax_keys_list *floors, uint32_t sender, uint32_t *epoch,
                    uint32_t *position);

/* Appends one more to a list that is being made: `list->items` is what `out` holds. */
void wax_keys_add_group(wax_keys_list *list, wax_writer *out, const wax_keys_group *group);
void wax_keys_add_epoch(wax_keys_list *list, wax_writer *out, const wax_keys_epoch *epoch);
void wax_keys_add_text(wax_keys_list *list, wax_writer *out, wax_bytes text);
void wax_keys_add_number(wax_keys_list *list, wax_writer *out, uint64_t number);
void wax_keys_add_signer(wax_keys_list *list, wax_writer *out, uint32_t sender,
                         const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)]);

/* Likewise, a row of floors. */
void wax_keys_add_floor(wax_keys_list *list, wax_writer *out, const wax_keys_floor_row *row);

/* ---- Status [9] ---- */

/* What a device has refused. */
typedef enum wax_keys_refusal {
    WAX_KEYS_REPLAY = 1,
    WAX_KEYS_GAP,
    WAX_KEYS_ROLLBACK,
    WAX_KEYS_NOT_OPENED,
    WAX_KEYS_UNSEALED,
    WAX_KEYS_OLD_EPOCH,
    WAX_KEYS_BAD_SIGNATURE,
} wax_keys_refusal;

typedef struct wax_keys_status {
    uint64_t count;
    const uint8_t *boot_nonce;
    uint32_t generation;
    uint64_t version;               /* 0: it holds no mailbox yet */
    wax_bytes firmware;             /* empty if unknown */
    const uint8_t *firmware_digest; /* WAX_SHA256_SIZE; NULL if unknown */
    wax_keys_list newest;           /* wax_keys_next_newest() */
    wax_keys_list refusals;         /* wax_keys_next_refusal() */
    wax_keys_list sealed;           /* wax_keys_next_sealed(); empty: it does not tell */
} wax_keys_status;

/* What a device has sealed since its start. */
typedef struct wax_keys_sealed {
    const uint8_t *group; /* WAX_KEYS_ID_SIZE */
    uint64_t messages;
    uint64_t bytes; /* of what was sealed, before it was */
} wax_keys_sealed;

/* As their namesakes of mailboxes; WAX_PROTOCOL_ERROR when the count is below `last_count`: equal
 * is the same again. */
wax_status wax_keys_status_seal(wax_writer *out, const wax_keys_ends *ends,
                                const wax_keys_status *status) WAX_CHECKED;
wax_status wax_keys_status_open(wax_keys_status *status, uint64_t last_count,
                                const wax_keys_ends *ends, uint8_t *message,
                                size_t size) WAX_CHECKED;

/* The next group of a status, and the newest epoch of it that the device holds; the next kind of
 * refusal, and how many. Each says whether there was one. */
bool wax_keys_next_newest(wax_keys_list *newest, const uint8_t **group, uint32_t *epoch);
bool wax_keys_next_refusal(wax_keys_list *refusals, uint64_t *kind, uint64_t *count);
bool wax_keys_next_sealed(wax_keys_list *sealed, wax_keys_sealed *row);

/* Appends one more. */
void wax_keys_add_newest(wax_keys_list *list, wax_writer *out,
                         const uint8_t group[WAX_AT_LEAST(WAX_KEYS_ID_SIZE)], uint32_t epoch);
void wax_keys_add_refusal(wax_keys_list *list, wax_writer *out, wax_keys_refusal kind,
                          uint64_t count);
void wax_keys_add_sealed(wax_keys_list *list, wax_writer *out, const wax_keys_sealed *row);

/* ---- What is signed: COSE_Sign1 with ES256 [RFC 9052, 4.2] [8] [10] ---- */

#define WAX_KEYS_KID_SIZE 8

/* What a signature is bound to besides the payload: external data in two parts. */
typedef struct wax_keys_bound {
    wax_bytes label;
    wax_bytes rest;
} wax_keys_bound;

/* A name for a public key: the first bytes of its SHA-256.
 * Returns WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status wax_keys_kid(const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                        uint8_t kid[WAX_AT_LEAST(WAX_KEYS_KID_SIZE)]) WAX_CHECKED;

/* Signs the payload that stands in `out` from `start` on, and puts the COSE_Sign1 in its place.
 * Returns WAX_OK; WAX_FULL; WAX_INVALID when `secret` is none; WAX_UNSPECIFIED_ERROR. Unless WAX_OK
 * the payload is gone. */
wax_status wax_keys_sign(wax_writer *out, size_t start, const wax_keys_bound *bound,
                         const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)]) WAX_CHECKED;

/* Verifies a COSE_Sign1 and gives a view of its payload.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED when it is not by this key or not bound so;
 * WAX_UNSPECIFIED_ERROR. */
wax_status wax_keys_verify(wax_bytes signed_bytes, const wax_keys_bound *bound,
                           const uint8_t public_key[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                           wax_bytes *payload) WAX_CHECKED;

/* Who signs what for which namespace: a secret to sign with, or a public key to verify by. */
typedef struct wax_keys_signing {
    const uint8_t *name_space;
    const uint8_t *secret;
    const uint8_t *public_key;
} wax_keys_signing;

/* ---- Certificates [10] ---- */

/* What a certificate lets its subject be: bits. */
enum {
    WAX_KEYS_IS_DEVICE = 1,
    WAX_KEYS_IS_REGISTRAR = 2,
    WAX_KEYS_IS_KEEPER = 4,
    WAX_KEYS_CERTIFIES = 8,
};

typedef struct wax_keys_certificate {
    wax_bytes subject;
    const uint8_t *public_key;
    uint32_t may;
    const uint8_t *serial;
    uint64_t valid_from_s; /* since 1970 */
    uint64_t valid_until_s;
} wax_keys_certificate;

/* Writes a certificate, signed by `by->secret`. Returns WAX_OK, WAX_FULL, WAX_INVALID or
 * WAX_UNSPECIFIED_ERROR; unless WAX_OK nothing was written. */
wax_status wax_keys_certificate_write(wax_writer *out, const wax_keys_signing *by,
                                      const wax_keys_certificate *certificate) WAX_CHECKED;

/* What is wanted of a chain of certificates. */
typedef struct wax_keys_chain {
    const uint8_t *name_space;
    const uint8_t *root; /* public key */
    wax_bytes
        certifier; /* the certificate by the root that signed `certificate`; empty: the root */
    wax_bytes certificate;
    uint32_t may;   /* what the subject must be allowed, all of it */
    uint64_t now_s; /* since 1970; 0 without a clock: then no time is too late or too early */
} wax_keys_chain;

/* Checks a chain of one or two certificates and reads the last. The certifier must be allowed to
 * certify, and gives nothing that it has not.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED; WAX_UNSPECIFIED_ERROR. */
wax_status wax_keys_chain_check(const wax_keys_chain *chain,
                                wax_keys_certificate *certificate) WAX_CHECKED;

/* ---- Enrolment [9] ---- */

#define WAX_KEYS_ENROL_NONCE_SIZE 16
#define WAX_KEYS_WORDS_SIZE       24 /* with the final zero */

typedef struct wax_keys_enrolment {
    wax_bytes device;
    const uint8_t *public_key;
    const uint8_t *nonce;
    wax_bytes certificate; /* empty: trust on first use */
    wax_bytes certifier;   /* empty: the root */
} wax_keys_enrolment;

/* Writes an enrolment, signed by the device's own key `by->secret`. Statuses as for certificates.
 */
wax_status wax_keys_enrolment_write(wax_writer *out, const wax_keys_signing *by,
                                    const wax_keys_enrolment *enrolment) WAX_CHECKED;

/* Reads one and checks that whoever made it has the key that it names: no more than that.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED; WAX_UNSPECIFIED_ERROR. */
wax_status wax_keys_enrolment_read(wax_keys_enrolment *enrolment,
                                   const uint8_t name_space[WAX_AT_LEAST(WAX_KEYS_ID_SIZE)],
                                   wax_bytes signed_bytes) WAX_CHECKED;

/* The words that people compare, with the final zero. Returns WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status wax_keys_words(const uint8_t name_space[WAX_AT_LEAST(WAX_KEYS_ID_SIZE)],
                          const wax_keys_enrolment *enrolment,
                          char words[WAX_AT_LEAST(WAX_KEYS_WORDS_SIZE)]) WAX_CHECKED;

/* ---- Manifest [10] ---- */

typedef struct wax_keys_manifest {
    uint64_t version;
    uint32_t generation;
    const uint8_t *name_space;
    const uint8_t *group;
    wax_bytes name;
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size;
    wax_keys_list filters;
    uint32_t write_epoch;
    uint32_t epoch_s; /* 0: no limit */
    uint32_t kept;
    const uint8_t *keeper;
    wax_keys_list senders;
    wax_keys_list signers;
    wax_keys_list padding;
    const uint8_t *previous; /* WAX_SHA256_SIZE */
    uint64_t log_number;
} wax_keys_manifest;

/* How far a chain was followed, of manifests or of the log. Zeroed: nothing of it is known, and
 * what comes first is believed. */
typedef struct wax_keys_followed {
    uint64_t number; /* of the entry, or version of the manifest */
    uint32_t generation;
    uint8_t digest[WAX_SHA256_SIZE];
} wax_keys_followed;

/* Writes a manifest, signed by the Registrar. Statuses as for certificates. */
wax_status wax_keys_manifest_write(wax_writer *out, const wax_keys_signing *by,
                                   const wax_keys_manifest *manifest) WAX_CHECKED;

/* A manifest as it came. */
typedef struct wax_keys_posted {
    wax_bytes topic;
    wax_bytes content;
} wax_keys_posted;

/* Reads a manifest that follows `followed`, or the same again, and moves `followed` on.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED, also for another namespace or group than its topic
 * says; WAX_PROTOCOL_ERROR for one that does not follow; WAX_UNSPECIFIED_ERROR. Unless WAX_OK,
 * `followed` is as it was. */
wax_status wax_keys_manifest_read(wax_keys_manifest *manifest, const wax_keys_signing *by,
                                  wax_keys_followed *followed,
                                  const wax_keys_posted *posted) WAX_CHECKED;

/* ---- Log [10] ---- */

typedef struct wax_keys_entry {
    uint64_t number;
    const uint8_t *previous; /* WAX_SHA256_SIZE */
    uint64_t time_s;         /* since 1970 */
    wax_bytes who;
    wax_bytes what;
    wax_bytes on;
    wax_keys_list details; /* wax_keys_next_detail() */
} wax_keys_entry;

/* Writes the entry behind `followed` - whose number and digest it takes from there - signed by the
 * Registrar, and moves `followed` on. Statuses as for certificates. */
wax_status wax_keys_entry_write(wax_writer *out, const wax_keys_signing *by,
                                wax_keys_followed *followed,
                                const wax_keys_entry *entry) WAX_CHECKED;

/* Reads the entry behind `followed`, or the same again, and moves `followed` on.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED; WAX_PROTOCOL_ERROR for an entry that does not
 * continue the chain; WAX_UNSPECIFIED_ERROR. Unless WAX_OK, `followed` is as it was. */
wax_status wax_keys_entry_read(wax_keys_entry *entry, const wax_keys_signing *by,
                               wax_keys_followed *followed, wax_bytes signed_bytes) WAX_CHECKED;

/* The next detail: a text, or else a number. Says whether there was one. */
bool wax_keys_next_detail(wax_keys_list *details, wax_bytes *name, wax_bytes *text,
                          uint64_t *number);

/* Appends a detail: a number when `text` is empty. Names must ascend, shorter ones first. */
void wax_keys_add_detail(wax_keys_list *list, wax_writer *out, wax_bytes name, wax_bytes text,
                         uint64_t number);

WAX_C_END

#endif
