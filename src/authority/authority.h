/* authority: who may do what in a namespace, and the keys for it. It makes epochs, fills mailboxes,
 * writes manifests and keeps the log (docs/format.md, 8 to 10); Registrar and Keeper in one.
 *
 * A machine without a network: deeds and statuses go in, with the time; messages to be published
 * come out one by one. All of it stands in one SQLite file for each namespace, whose secrets are
 * sealed under a key that is kept elsewhere. Each deed is one transaction: it is in the file and
 * in the log, or it never was. What was not published when the process ended is published by the
 * next. One thread uses an authority; several programs must not use one file. */
#ifndef WAX_AUTHORITY_H
#define WAX_AUTHORITY_H

#include "base/base.h"
#include "keys/keys.h"

/* ---- The file ---- */

/* Where randomness comes from. `fill` returns WAX_OK, or why there is none: then nothing is done.
 */
typedef struct wax_authority_random wax_authority_random;
struct wax_authority_random {
    wax_status (*fill)(wax_authority_random *self, void *room, size_t size);
};

#define WAX_AUTHORITY_FAULT_SIZE 200

typedef struct wax_authority_options {
    const char *path;
    const uint8_t *key;           /* WAX_SEAL_KEY_SIZE: seals what is secret in the file */
    wax_authority_random *random; /* outlives the authority */
    char *fault; /* WAX_AUTHORITY_FAULT_SIZE: gets the words when a file does not open */
} wax_authority_options;

typedef struct wax_authority wax_authority;

/* Who does something, by which role, and when; the log says all of it. */
typedef struct wax_authority_deed {
    wax_bytes who;
    wax_bytes role; /* by which it was allowed; empty: none, as for the authority itself */
    uint64_t now_s; /* since 1970 */
} wax_authority_deed;

#define WAX_AUTHORITY_PATTERNS_MAX 64

/* A new namespace. */
typedef struct wax_authority_founding {
    wax_bytes prefix;          /* of the authority's topics; empty: "wax" */
    const uint8_t *root;       /* public key that certifies devices; NULL: the Registrar's own */
    uint32_t blinding_variant; /* 0: topics are not blinded */
    uint32_t blinding_hash;
    const wax_bytes *patterns; /* of variant 2: where wildcards may stand, no two of which match the
                                  same topic. They are the namespace's for good */
    size_t pattern_count;      /* at most WAX_AUTHORITY_PATTERNS_MAX */
} wax_authority_founding;

/* Makes a file for a new namespace and opens it. Where there is one, it is WAX_INVALID.
 * Returns WAX_OK, and wax_authority_close() is owed; otherwise `options->fault` says in words why,
 * and there is no file. */
wax_status wax_authority_found(wax_authority **self, const wax_authority_options *options,
                               const wax_authority_deed *deed,
                               const wax_authority_founding *founding) WAX_CHECKED;

/* Opens what wax_authority_found() made. WAX_NOT_FOUND where there is nothing; WAX_INVALID for
 * another key; WAX_MALFORMED for a file that is something else, damaged, or of another version;
 * WAX_IO; WAX_FULL. */
wax_status wax_authority_open(wax_authority **self,
                              const wax_authority_options *options) WAX_CHECKED;

/* NULL is fine. */
void wax_authority_close(wax_authority *self);

/* Why the last call failed, in words for people. */
const char *wax_authority_fault(const wax_authority *self);

/* The authority as everybody may know it; views live as long as it does. */
typedef struct wax_authority_identity {
    const uint8_t *name_space;
    wax_bytes prefix;
    uint32_t generation;
    const uint8_t *root;
    const uint8_t *registrar;
    const uint8_t *keeper;
    uint64_t log_number;
} wax_authority_identity;

/* Says who it is. */
wax_authority_identity wax_authority_identify(const wax_authority *self);

/* ---- Deeds ----
 *
 * All return WAX_OK; WAX_INVALID for what cannot be; WAX_NOT_FOUND for a device or group that is
 * not there; WAX_NOT_AUTHORIZED for what is not allowed; WAX_UNTRUSTED for a proof that does not
 * hold; WAX_MALFORMED when the file is damaged; WAX_IO, WAX_FULL or WAX_UNSPECIFIED_ERROR when
 * disk, memory or library fail. Unless WAX_OK nothing was changed, and wax_authority_fault() says
 * why. */

#define WAX_AUTHORITY_KEPT_DEFAULT  8
#define WAX_AUTHORITY_EPOCH_DEFAULT 86400
#define WAX_AUTHORITY_ACK_DEFAULT   300

typedef struct wax_authority_group {
    wax_bytes name;
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size;
    const wax_bytes *filters;
    size_t filter_count;
    uint32_t epoch_s; /* how long an epoch lasts; 0: until somebody rotates */
    uint32_t kept;    /* W */
    uint32_t ack_s;   /* how long the readers have to take a new epoch, before it is used */
    bool signs;       /* writers with keys of their own sign each message */
} wax_authority_group;

/* Makes a group, with its first epoch. Returns its id in `id`. */
wax_status wax_authority_add_group(wax_authority *self, const wax_authority_deed *deed,
                                   const wax_authority_group *group,
                                   uint8_t id[static WAX_KEYS_ID_SIZE]) WAX_CHECKED;

/* Takes in a device with a pre-shared key of WAX_KEYS_SECRET_SIZE, for profile 1, 2 or 3. A key
 * that another device has, or had, is refused, as is the name of one that was evicted. */
wax_status wax_authority_enrol_psk(wax_authority *self, const wax_authority_deed *deed,
                                   wax_bytes device, uint8_t profile,
                                   const uint8_t *psk) WAX_CHECKED;

/* Whether a device is in. */
typedef enum wax_authority_standing {
    WAX_AUTHORITY_PENDING, /* somebody must compare the words and confirm */
    WAX_AUTHORITY_MEMBER,
    WAX_AUTHORITY_EVICTED,
} wax_authority_standing;

/* What an enrolment came to. */
typedef struct wax_authority_verdict {
    wax_authority_standing standing;
    char words[WAX_KEYS_WORDS_SIZE]; /* what its owner must see on the device */
} wax_authority_verdict;

/* Devices that may wait to be confirmed: strangers name as many as they like. */
#define WAX_AUTHORITY_PENDING_MAX 256

/* Judges an enrolment that came for `device`. With a certificate that the root answers for, the
 * device is in. Without one it is pending, if strangers are let in now and not too many wait; else
 * it is WAX_NOT_AUTHORIZED. The same again changes nothing. */
wax_status wax_authority_enrol(wax_authority *self, const wax_authority_deed *deed,
                               wax_bytes device, wax_bytes message,
                               wax_authority_verdict *verdict) WAX_CHECKED;

/* Strangers may enrol until then; 0: not at all, as at first. Holds until the process ends. Returns
 * what held before. */
uint64_t wax_authority_admit_until(wax_authority *self, uint64_t until_s);

/* Takes a pending device in: somebody has compared the words, and gives them as proof. */
wax_status wax_authority_confirm(wax_authority *self, const wax_authority_deed *deed,
                                 wax_bytes device, wax_bytes words) WAX_CHECKED;

typedef struct wax_authority_grant {
    wax_bytes device;
    wax_bytes group;  /* name */
    uint32_t role;    /* WAX_KEYS_READS and WAX_KEYS_WRITES */
    bool has_history; /* in class state: what is retained from earlier epochs may be read */
} wax_authority_grant;

/* Lets a device into a group, from the epoch that is written in now. A role that it has is
 * replaced; who may no longer read gets nothing of the next epoch, which begins at once. */
wax_status wax_authority_allow(wax_authority *self, const wax_authority_deed *deed,
                               const wax_authority_grant *grant) WAX_CHECKED;

/* Takes the device `name` out of a group; or out of all, for good. Where it could read, the next
 * epoch begins at once: its readers have `ack_s` to take it. When that epoch is written in, all
 * older ones of the group go: the device still knows their secrets, and could forge with them. What
 * a reader has not fetched by then it never opens. */
wax_status wax_authority_revoke(wax_authority *self, const wax_authority_deed *deed, wax_bytes name,
                                wax_bytes group_name) WAX_CHECKED;
wax_status wax_authority_evict(wax_authority *self, const wax_authority_deed *deed,
                               wax_bytes name) WAX_CHECKED;

/* Lets the device `name` go on that has its key, and lost all that it had written down. Where it
 * writes it gets a number that nobody had: under the old one it is refused from now on. Where it
 * reads a group of class stream it gets what begins with the next epoch, and nothing before, since
 * it no longer knows what of that came: one is announced, unless one is. Its statuses count anew,
 * and those from before are refused. */
wax_status wax_authority_recover(wax_authority *self, const wax_authority_deed *deed,
                                 wax_bytes name) WAX_CHECKED;

/* Announces a new epoch to a group's readers. It is written in when all have it, or after `ack_s`,
 * or when wax_authority_activate() says so; the oldest goes when there are more than W. One that
 * is announced already is WAX_INVALID. */
wax_status wax_authority_rotate(wax_authority *self, const wax_authority_deed *deed,
                                wax_bytes name) WAX_CHECKED;
wax_status wax_authority_activate(wax_authority *self, const wax_authority_deed *deed,
                                  wax_bytes name) WAX_CHECKED;

/* To be called once after the file came back from a backup: raises the generation, so that devices
 * believe it again; no epoch and no sender number that was given since the backup comes again, and
 * all groups rotate. */
wax_status wax_authority_restored(wax_authority *self, const wax_authority_deed *deed) WAX_CHECKED;

/* ---- Rules: deeds that are done when something holds ----
 *
 * A rule looks for groups and devices of which something holds, and does something to each, once
 * until it holds anew. It is remembered in the file, and so is what it did. What it does is in the
 * log, by who "rule NAME", behind an entry `rule` that says why. */

#define WAX_AUTHORITY_RULES_MAX 100

typedef struct wax_authority_rule {
    wax_bytes name;   /* 1 to 64 bytes */
    wax_bytes when;   /* every TIME, messages N, bytes N, join, leave, silent TIME, alarm N, replays
                         N, rollbacks N, forgeries N, firmware VERSION */
    wax_bytes act;    /* notify, rotate, rekey, suspend, revoke, evict */
    wax_bytes groups; /* patterns with * ? [a-z]; empty: all */
    wax_bytes devices;
    wax_bytes at_most; /* as 3/day; empty: the action's own limit */
    bool is_dry;       /* it says what it would do, and does nothing */
} wax_authority_rule;

/* Makes a rule, which begins to look now: what was before does not count. */
wax_status wax_authority_add_rule(wax_authority *self, const wax_authority_deed *deed,
                                  const wax_authority_rule *wanted) WAX_CHECKED;

/* Takes it away; whom it suspended stays so. */
wax_status wax_authority_remove_rule(wax_authority *self, const wax_authority_deed *deed,
                                     wax_bytes name) WAX_CHECKED;

/* One that is enabled begins anew. */
wax_status wax_authority_enable_rule(wax_authority *self, const wax_authority_deed *deed,
                                     wax_bytes name, bool is_enabled) WAX_CHECKED;

/* Ends what rules suspended of a device: its newest keys go to it again. */
wax_status wax_authority_resume(wax_authority *self, const wax_authority_deed *deed,
                                wax_bytes name) WAX_CHECKED;

/* A rule as it stands. */
typedef struct wax_authority_rule_state {
    wax_authority_rule rule; /* without `at_most` */
    bool is_enabled;
    bool is_held;  /* its limit is reached */
    uint32_t most; /* times in `period_s` */
    uint32_t period_s;
    uint64_t fired;
    uint64_t fired_s; /* 0: never */
} wax_authority_rule_state;

/* Whom to tell of each; views live as long as the call. */
typedef struct wax_authority_rule_visitor wax_authority_rule_visitor;
struct wax_authority_rule_visitor {
    void (*rule)(wax_authority_rule_visitor *self, const wax_authority_rule_state *rule);
};

/* Tells of all rules, in the order in which they were made. It may not call the authority. */
wax_status wax_authority_visit_rules(wax_authority *self,
                                     wax_authority_rule_visitor *visitor) WAX_CHECKED;

/* Who is told in words what rules do: one line, which lives as long as the call. */
typedef struct wax_authority_teller wax_authority_teller;
struct wax_authority_teller {
    void (*tell)(wax_authority_teller *self, const char *line);
};

/* Does what rules want done now, each in a transaction of its own; what cannot be done is told.
 * `next_s` as that of wax_authority_tick(). `teller` may be NULL. Statuses as of deeds. */
wax_status wax_authority_act(wax_authority *self, uint64_t now_s, wax_authority_teller *teller,
                             uint64_t *next_s) WAX_CHECKED;

/* Tells what a rule would do now, enabled or not and whatever its limit, and does nothing. */
wax_status wax_authority_try_rule(wax_authority *self, uint64_t now_s, wax_bytes name,
                                  wax_authority_teller *teller) WAX_CHECKED;

/* Since when statuses reach the authority; 0: they do not, as at first. No device is silent for
 * longer than that. */
void wax_authority_listen(wax_authority *self, uint64_t since_s);

/* ---- What there is ---- */

typedef struct wax_authority_device {
    wax_bytes name;
    uint8_t profile;
    wax_authority_standing standing;
    wax_bytes words;    /* of who is pending */
    wax_bytes firmware; /* empty if unknown */
    uint64_t seen_s;    /* 0: never */
    uint64_t version;   /* of the mailbox given out last */
    uint64_t held_version;
    uint32_t generation;                          /* of the mailbox it holds */
    uint64_t refused[WAX_KEYS_BAD_SIGNATURE + 1]; /* since it came in, by wax_keys_refusal */
} wax_authority_device;

typedef struct wax_authority_member {
    wax_bytes group; /* name */
    wax_bytes device;
    uint32_t role;
    uint32_t sender; /* 0: it only reads */
    uint32_t from_epoch;
    uint32_t held_epoch;  /* the newest that it told to have */
    uint32_t write_epoch; /* these two are the group's */
    uint32_t announced;   /* 0: none */
    bool is_suspended;    /* it gets no newer epoch */
} wax_authority_member;

/* A group as it was made, and how it stands. */
typedef struct wax_authority_group_state {
    const uint8_t *id;
    wax_bytes name;
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size;
    wax_keys_list filters; /* of texts */
    uint32_t epoch_s;
    uint32_t kept;
    uint32_t ack_s;
    bool signs;
    uint32_t write_epoch;
    uint32_t announced; /* 0: none */
    uint64_t due_s;     /* when it is written in, or else the next is announced; 0: never */
} wax_authority_group_state;

/* Whom to tell of each; views live as long as the call. */
typedef struct wax_authority_visitor wax_authority_visitor;
struct wax_authority_visitor {
    void (*group)(wax_authority_visitor *self, const wax_authority_group_state *group);
    void (*device)(wax_authority_visitor *self, const wax_authority_device *device);
    void (*member)(wax_authority_visitor *self, const wax_authority_member *member);
};

/* Tells of all groups, then of all devices, and then of all members, by name: of what the visitor
 * has a function for. It may not call the authority. Statuses as of deeds. */
wax_status wax_authority_visit(wax_authority *self, wax_authority_visitor *visitor) WAX_CHECKED;

/* The entry of the log with this number, as it was signed; it lives until the next call. Whether it
 * holds is for the caller to verify, under the Registrar's key. WAX_NOT_FOUND behind the last one;
 * statuses as of deeds. */
wax_status wax_authority_entry(wax_authority *self, uint64_t number, wax_bytes *entry) WAX_CHECKED;

/* Appends to `out` what a broker sees instead of a topic, or of a filter, which is the same where
 * topics are not blinded. WAX_BAD_FILTER for what is no filter, or has a wildcard where the
 * namespace has none; WAX_INVALID; WAX_FULL; WAX_UNSPECIFIED_ERROR. */
wax_status wax_authority_blind(wax_authority *self, wax_bytes filter, wax_writer *out) WAX_CHECKED;

/* Writes a copy of the file to `path`, where there must be nothing, as it stands now: with its
 * secrets sealed under the same key. Statuses as of deeds. */
wax_status wax_authority_copy(wax_authority *self, const char *path) WAX_CHECKED;

/* ---- What happens by itself ---- */

/* Takes a status that came for the device `name`, and overwrites `message`. A new epoch that all
 * readers have is written in from then on. Statuses as of deeds; WAX_PROTOCOL_ERROR for one that is
 * older than the last. */
wax_status wax_authority_hear(wax_authority *self, uint64_t now_s, wax_bytes name, uint8_t *message,
                              size_t size) WAX_CHECKED;

/* Does what is due: rotates, activates; rules act by wax_authority_act(). `next_s` is when it wants
 * to be called again at the latest, WAX_NEVER if nothing is to come. */
wax_status wax_authority_tick(wax_authority *self, uint64_t now_s, uint64_t *next_s) WAX_CHECKED;

/* ---- What is to be published, retained, with QoS 1 ---- */

/* How many entries of the log stay at the broker, each under its number, for followers who were
 * away. */
#define WAX_AUTHORITY_LOG_KEPT 1024

enum wax_authority_kind {
    WAX_AUTHORITY_LOG, /* empty: an entry that is not kept any more goes */
    WAX_AUTHORITY_MANIFEST,
    WAX_AUTHORITY_MAILBOX,
};

typedef struct wax_authority_message {
    wax_bytes topic; /* both live until the next call */
    wax_bytes content;
    enum wax_authority_kind kind; /* these three say which it is */
    uint64_t row;
    uint64_t mark;
} wax_authority_message;

/* Makes the next message: entries of the log in order, each under its number and the newest under
 * none, too; then manifests, then mailboxes. One that was given out comes again only when it
 * changed, or after a restart.
 * Returns WAX_OK; WAX_NOT_FOUND when there is none; statuses as of deeds. */
wax_status wax_authority_next(wax_authority *self, wax_authority_message *message) WAX_CHECKED;

/* Several messages at once. The caller's room holds them: as long as it stays, so do they. */
#define WAX_AUTHORITY_BATCH_ROOM (4U << 20) /* a room that always holds one message at least */
typedef struct wax_authority_batch {
    wax_authority_message *messages; /* room for `size` of them */
    size_t size;
    uint8_t *room;
    size_t room_size; /* WAX_AUTHORITY_BATCH_ROOM at least */
    size_t count;     /* how many were made */
} wax_authority_batch;

/* Makes the next messages, as wax_authority_next() would one by one, in one transaction: as many as
 * there are, and as there is room for.
 * Returns WAX_OK, with at least one; WAX_NOT_FOUND when there is none; WAX_INVALID for a room that
 * is too small; statuses as of deeds: then none was made. The room holds no secrets. */
wax_status wax_authority_next_batch(wax_authority *self, wax_authority_batch *batch) WAX_CHECKED;

/* The broker has them all: as wax_authority_sent() for each, in one transaction. */
wax_status wax_authority_sent_batch(wax_authority *self, const wax_authority_message *messages,
                                    size_t count) WAX_CHECKED;

/* The broker has it. What was not told so is given out again after a restart. */
wax_status wax_authority_sent(wax_authority *self,
                              const wax_authority_message *message) WAX_CHECKED;

/* All comes again, as for a broker that lost what it retained. */
wax_status wax_authority_resend(wax_authority *self) WAX_CHECKED;

#endif
