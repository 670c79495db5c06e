/* access: who somebody is (password and PSK files), how fast one may guess, and what they may do
 * (ACL files). The files are Mosquitto's. A table is made from a whole file at once and never
 * changes: a reload parses the new file beside the old table, and the caller swaps them when the
 * new one is good. */
#ifndef WAX_ACCESS_H
#define WAX_ACCESS_H

#include "base/base.h"

WAX_C_BEGIN

/* The largest password, PSK or ACL file. */
#define WAX_ACCESS_TEXT_MAX ((size_t)64 * 1024 * 1024)

/* The longest line of one; a user name alone may have 65,535 bytes. */
#define WAX_ACCESS_LINE_MAX ((size_t)128 * 1024)

/* The largest name or password that MQTT can carry. */
#define WAX_NAME_MAX 65535U

/* Why a file was refused. */
typedef struct wax_access_fault {
    size_t line;       /* where; the first line is 1; 0 means the file as a whole */
    size_t other_line; /* the line before it that it collides with; 0 if none */
    const char *text;  /* what is wrong and what to do about it, as one clause; constant */
} wax_access_fault;

/* ---- Password hashes ---- */

/* Those that password files hold, the best first. The last holds what SCRAM needs as well. */
typedef enum wax_password_form {
    WAX_PASSWORD_ARGON2ID, /* "$argon2id$", since Mosquitto 2.1 */
    WAX_PASSWORD_PBKDF2,   /* "$7$", PBKDF2 with HMAC-SHA-512, since Mosquitto 2.0 */
    WAX_PASSWORD_SHA512,   /* "$6$", one round of SHA-512, until Mosquitto 1.6: cheap to guess */
    WAX_PASSWORD_SCRAM,    /* "SCRAM-SHA-256$", Wax only [RFC 5803] */
} wax_password_form;

#define WAX_PASSWORD_FORM_COUNT 4

/* What is read and written: anything beyond is refused, so that no file makes a login cost without
 * bound. */
enum {
    WAX_PASSWORD_ITERATIONS_MAX = 10000000, /* of PBKDF2 */
    WAX_PASSWORD_MEMORY_MAX_KIB = 1048576,  /* of Argon2id, as are the next two */
    WAX_PASSWORD_PASSES_MAX = 64,
    WAX_PASSWORD_LANES_MAX = 16,
    WAX_PASSWORD_SALT_MIN = 8,
    WAX_PASSWORD_SALT_MAX = 64,
    WAX_PASSWORD_STORED_MAX = 256, /* characters of a hash as the file holds it */
};

/* How to hash a new password. */
typedef struct wax_password_recipe {
    wax_password_form form;
    uint32_t iterations; /* PBKDF2: rounds; Argon2id: passes; SHA-512: unused */
    uint32_t memory_kib; /* Argon2id only, with one lane */
    size_t salt_size;    /* Mosquitto 2.0 reads salts of 12 bytes only, 2.1 of 12 and 64 */
} wax_password_recipe;

/* What this form should cost today. */
wax_password_recipe wax_password_recipe_for(wax_password_form form);

/* Hashes `password` (at most WAX_NAME_MAX bytes) under a fresh random salt and appends it as a
 * password file holds it.
 * Returns WAX_OK; WAX_INVALID when the recipe or the password is beyond the limits above; WAX_FULL
 * when `out` has less room than WAX_PASSWORD_STORED_MAX or memory ran out; WAX_IO without
 * randomness; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_password_hash(const wax_password_recipe *recipe, wax_bytes password,
                             wax_writer *out) WAX_CHECKED;

/* Says which form a stored hash has.
 * Returns WAX_OK, or WAX_MALFORMED when it is none that could be verified: `form` is then as it
 * was.
 */
wax_status wax_password_inspect(wax_bytes stored, wax_password_form *form) WAX_CHECKED;

/* Whether `password` is the one that was hashed. Takes from microseconds to a second and as much
 * memory as the hash asks for: not for the thread of a network loop.
 * Returns WAX_OK if it is; WAX_BAD_LOGIN if not; WAX_MALFORMED when wax_password_inspect() refuses
 * `stored`; WAX_FULL when memory ran out; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_password_verify(wax_bytes stored, wax_bytes password) WAX_CHECKED;

/* What a server must know of a password for SCRAM-SHA-256. [RFC 5802, 3] */
typedef struct wax_scram_secret {
    uint32_t iterations;
    uint8_t salt[WAX_PASSWORD_SALT_MAX];
    size_t salt_size;
    uint8_t stored_key[32];
    uint8_t server_key[32];
} wax_scram_secret;

/* Reads it from a stored hash. Returns WAX_OK, or WAX_NOT_FOUND when the hash has another form. */
wax_status wax_password_scram(wax_bytes stored, wax_scram_secret *secret) WAX_CHECKED;

/* ---- Password files ---- */

/* A growing array, and an index of names; for the inside of this room. */
typedef struct wax_access_array {
    void *items;
    size_t count, capacity;
    size_t item_size;
} wax_access_array;

typedef struct wax_access_index {
    uint32_t *slots; /* 1 + number of the item, 0 where none is */
    size_t slot_count;
} wax_access_index;

/* The users of a password file. Owns all that it points to. */
typedef struct wax_credentials {
    wax_memory *memory;
    uint8_t *text; /* a copy of the file */
    size_t text_size;
    wax_access_array users;
    wax_access_index by_name;
} wax_credentials;

/* Reads a password file: one "user:hash" a line; blank lines and lines that begin with '#' are
 * skipped. Anything else is a fault: a user without a hash, a hash nobody can verify, a user twice.
 * `text` is copied. An empty file is a table in which nobody may log in.
 * Returns WAX_OK, and wax_credentials_close() is owed; WAX_INVALID with `fault` set; WAX_FULL when
 * memory ran out, with `fault` set. Unless WAX_OK nothing stays allocated. */
wax_status wax_credentials_parse(wax_credentials *credentials, wax_memory *memory, wax_bytes text,
                                 wax_access_fault *fault) WAX_CHECKED;

/* Wipes the table and gives its memory back. Also good for one that is all zero. */
void wax_credentials_close(wax_credentials *credentials);

/* How many users there are. */
size_t wax_credentials_count(const wax_credentials *credentials);

/* One login, ready to be verified. */
typedef struct wax_login {
    bool is_known;    /* the table has such a user */
    wax_bytes stored; /* the user's hash or, so that strangers cost as much, somebody else's */
} wax_login;

/* Looks a user up. `stored` borrows from the table: who verifies on another thread copies it first
 * (at most WAX_PASSWORD_STORED_MAX bytes) or keeps the table. */
wax_login wax_credentials_find(const wax_credentials *credentials, wax_bytes user);

/* As wax_password_verify(); for an unknown user it takes about as long and says WAX_BAD_LOGIN. */
wax_status wax_login_verify(const wax_login *login, wax_bytes password) WAX_CHECKED;

/* ---- Verified passwords ---- */

/* What remembers that a password was right, so that many who come back at once need not be hashed
 * anew. It holds no password: only tags under a key that dies with the process. */
typedef struct wax_verified_entry {
    uint8_t tag[32];
    uint64_t until_ms; /* 0: empty */
} wax_verified_entry;

typedef struct wax_verified {
    wax_memory *memory;
    wax_verified_entry *entries;
    size_t count;
    uint8_t key[32];
} wax_verified;

/* Makes room for `count` entries, a multiple of 4; the oldest gives way. `key` is random, secret
 * and copied. Returns WAX_OK, and wax_verified_close() is owed, or WAX_FULL. */
wax_status wax_verified_open(wax_verified *verified, wax_memory *memory, size_t count,
                             const uint8_t key[WAX_AT_LEAST(32)]) WAX_CHECKED;

/* Wipes it and gives its memory back. Also good for one that is all zero. */
void wax_verified_close(wax_verified *verified);

/* Computes the tag that stands for user, stored hash and password together: where one of them
 * changes, so does the tag. Reads nothing but the key: needs no lock.
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_verified_tag(const wax_verified *verified, const wax_bytes parts[WAX_AT_LEAST(3)],
                            uint8_t tag[WAX_AT_LEAST(32)]) WAX_CHECKED;

/* Remembers a tag until then. */
void wax_verified_add(wax_verified *verified, const uint8_t tag[WAX_AT_LEAST(32)], uint64_t now_ms,
                      uint64_t until_ms);

/* Whether the tag is remembered. Compares in constant time. */
bool wax_verified_has(wax_verified *verified, const uint8_t tag[WAX_AT_LEAST(32)], uint64_t now_ms);

/* ---- Back-off ---- */

/* How those who fail are slowed down. */
typedef struct wax_backoff_rules {
    uint32_t free_count;  /* failures without consequence; UINT32_MAX: no back-off at all */
    uint32_t first_ms;    /* the pause after the next one; it doubles with each */
    uint32_t most_ms;     /* the longest pause */
    uint32_t line_ms;     /* who would wait longer for a turn is sent away */
    uint64_t forget_ms;   /* after so long without a failure all is forgiven */
    uint32_t pending_max; /* attempts of one name under way at once */
} wax_backoff_rules;

/* One who is counted. */
typedef struct wax_backoff_entry {
    uint64_t name; /* a keyed hash; 0: empty */
    uint64_t last_ms;
    uint64_t turn_ms; /* when the next attempt may be judged */
    uint32_t failure_count;
    uint32_t pending_count;
} wax_backoff_entry;

/* Failures by name: an address, or a user. Two names may share an entry by chance: one in 2^64. */
typedef struct wax_backoff {
    wax_memory *memory;
    wax_backoff_entry *entries;
    size_t count;
    uint64_t key[2];
} wax_backoff;

/* Makes room for `count` names, a multiple of 4; who has failed longest ago gives way. Returns
 * WAX_OK, and wax_backoff_close() is owed, or WAX_FULL. */
wax_status wax_backoff_open(wax_backoff *backoff, wax_memory *memory, size_t count,
                            const uint64_t key[WAX_AT_LEAST(2)]) WAX_CHECKED;
void wax_backoff_close(wax_backoff *backoff);

/* The pause that the name's next attempt has to make, for a name whose attempts cannot stand in one
 * line, because strangers could fill it. */
uint32_t wax_backoff_pause_ms(const wax_backoff *backoff, const wax_backoff_rules *rules,
                              wax_bytes name, uint64_t now_ms);

/* Begins an attempt of the name: after `*wait_ms` it is its turn, one after the other with a pause
 * between them. Returns WAX_OK, and wax_backoff_leave() is owed; WAX_SERVER_BUSY when it would wait
 * too long, or when too many are under way. */
wax_status wax_backoff_enter(wax_backoff *backoff, const wax_backoff_rules *rules, wax_bytes name,
                             uint64_t now_ms, uint32_t *wait_ms) WAX_CHECKED;

/* Ends an attempt that was begun. */
void wax_backoff_leave(wax_backoff *backoff, wax_bytes name);

/* Counts a failure. */
void wax_backoff_fail(wax_backoff *backoff, const wax_backoff_rules *rules, wax_bytes name,
                      uint64_t now_ms);

/* ---- PSK files: the pre-shared keys of TLS ---- */

enum {
    WAX_PSK_IDENTITY_MAX = 255, /* bytes */
    WAX_PSK_KEY_MIN = 16,       /* bytes; shorter ones are guessed: RFC 9257, section 6 */
    WAX_PSK_KEY_MAX = 256,
};

/* The keys of a PSK file. Owns all that it points to. */
typedef struct wax_psks {
    wax_memory *memory;
    uint8_t *text; /* a copy of the file, the keys in it decoded */
    size_t text_size;
    wax_access_array keys;
    wax_access_index by_identity;
} wax_psks;

/* Reads a PSK file: one "identity:key" a line, the key in hexadecimal; blank lines and lines that
 * begin with '#' are skipped. Anything else is a fault: no key, a key of an odd number of digits or
 * of fewer than `key_size_min` bytes (1 to WAX_PSK_KEY_MIN) or more than WAX_PSK_KEY_MAX, an
 * identity longer than WAX_PSK_IDENTITY_MAX, an identity twice. `text` is copied; the caller wipes
 * its own. An empty file is a table that knows nobody.
 * Returns as wax_credentials_parse(); wax_psks_close() is owed. */
wax_status wax_psks_parse(wax_psks *psks, wax_memory *memory, wax_bytes text, size_t key_size_min,
                          wax_access_fault *fault) WAX_CHECKED;

/* Wipes the table and gives its memory back. Also good for one that is all zero. */
void wax_psks_close(wax_psks *psks);

/* How many identities there are. */
size_t wax_psks_count(const wax_psks *psks);

/* The key of an identity, borrowed from the table; empty when it is unknown. No byte of any key is
 * looked at, so that the time this takes tells nothing about them. */
wax_bytes wax_psks_find(const wax_psks *psks, wax_bytes identity);

/* Decodes a key from hexadecimal into `room`, which may be where the digits stand, and writes its
 * size. Returns NULL, or what is wrong with the key, as one clause; constant. */
const char *wax_psk_decode(wax_bytes digits, size_t key_size_min, uint8_t *room, size_t *size);

/* ---- Topic filters ---- */

/* Whether a valid filter matches a valid topic name. A filter that begins with a wildcard does not
 * match a topic that begins with '$' [MQTT-4.7.2-1]; bytes are compared as they are [MQTT-4.7.3-4].
 */
bool wax_filter_matches(wax_bytes filter, wax_bytes topic);

/* Whether there is a topic that both valid filters match. */
bool wax_filter_overlaps(wax_bytes one, wax_bytes other);

/* Whether the valid filter `wide` matches every topic that `narrow` matches. */
bool wax_filter_covers(wax_bytes wide, wax_bytes narrow);

/* ---- ACL files ---- */

/* Who asks. */
typedef struct wax_access_identity {
    wax_bytes user;
    bool has_user; /* without a user name one is anonymous, which is not the empty name */
    wax_bytes client_id;
} wax_access_identity;

/* What one may want to do with a topic; rules hold several as bits. */
typedef enum wax_action {
    WAX_ACTION_READ = 1,  /* be sent its messages */
    WAX_ACTION_WRITE = 2, /* publish to it, with a will too */
} wax_action;

typedef struct wax_rules_section {
    wax_bytes name;
    size_t first, count; /* of the table's rules; those that deny come first */
} wax_rules_section;

/* The rules of an ACL file. Owns all that it points to. */
typedef struct wax_rules {
    wax_memory *memory;
    uint8_t *text; /* a copy of the file */
    size_t text_size;
    wax_access_array rules;    /* by section, those that deny before those that grant */
    wax_access_array sections; /* anonymous, patterns, then a user each */
    wax_access_index by_user;
    bool uses_client_id, uses_user; /* some pattern holds %c, %u */
} wax_rules;

/* Reads an ACL file:
 *     topic [read|write|readwrite|deny] FILTER     for the user above; before any, for the
 * anonymous user NAME pattern [read|write|readwrite|deny] FILTER   for everybody; %c is the client
 * id, %u the user Without an access word, readwrite is meant; a filter with a blank in it needs the
 * word, as does one that is called like it. Blank lines and lines that begin with '#' are skipped;
 * anything else is a fault. `text` is copied. An empty file denies everything. Returns WAX_OK, and
 * wax_rules_close() is owed; WAX_INVALID with `fault` set; WAX_FULL when memory ran out, with
 * `fault` set. Unless WAX_OK nothing stays allocated. */
wax_status wax_rules_parse(wax_rules *rules, wax_memory *memory, wax_bytes text,
                           wax_access_fault *fault) WAX_CHECKED;

/* Gives the table's memory back. Also good for one that is all zero. */
void wax_rules_close(wax_rules *rules);

/* The line of this number, without the blanks around it, for people; empty if there is none. */
wax_bytes wax_rules_line(const wax_rules *rules, size_t number);

/* Whether somebody of this name can be let in at all under these rules (NULL: no ACL file). Never
 * with a '+' or '#' in the user name or the client id, for in a pattern it would become a wildcard;
 * nor with a '/' where a pattern puts the name into a topic, for it would reach into the topics of
 * another. The broker refuses such a CONNECT. */
bool wax_identity_is_safe(const wax_rules *rules, const wax_access_identity *identity);

/* ---- Roles ---- */

/* What an ACL of a role speaks of; Mosquitto's dynamic security has the same six. */
typedef enum wax_acl_type {
    WAX_ACL_SEND,                /* publish to a topic */
    WAX_ACL_RECEIVE,             /* be sent messages of a topic */
    WAX_ACL_SUBSCRIBE_LITERAL,   /* subscribe to exactly this filter */
    WAX_ACL_SUBSCRIBE_PATTERN,   /* subscribe to a filter that this one covers */
    WAX_ACL_UNSUBSCRIBE_LITERAL, /* and to unsubscribe */
    WAX_ACL_UNSUBSCRIBE_PATTERN,
} wax_acl_type;

#define WAX_ACL_TYPE_COUNT 6

/* What somebody may want, for which there is a default where no ACL speaks. */
typedef enum wax_right {
    WAX_RIGHT_SEND,
    WAX_RIGHT_RECEIVE,
    WAX_RIGHT_SUBSCRIBE,
    WAX_RIGHT_UNSUBSCRIBE,
} wax_right;

#define WAX_RIGHT_COUNT 4

/* One ACL. In a topic that is no literal, %c is the client id and %u the user. */
typedef struct wax_acl {
    wax_bytes topic;
    bool is_allowed;
} wax_acl;

/* A role: its ACLs by type, those of the highest priority first. */
typedef struct wax_access_role {
    const wax_acl *acls[WAX_ACL_TYPE_COUNT];
    size_t counts[WAX_ACL_TYPE_COUNT];
    bool refuses_wildcards; /* what it lets subscribe to has no '+' and no '#' */
} wax_access_role;

/* What dynamic security knows of one user: the roles in the order in which they are asked. */
typedef struct wax_standing {
    const wax_access_role *const *roles;
    size_t role_count;
    bool is_known;                  /* not: dynamic security says nothing about this user */
    bool names_client_id;           /* some topic holds %c */
    bool names_user;                /* some topic holds %u */
    bool defaults[WAX_RIGHT_COUNT]; /* where no ACL speaks; never for $CONTROL */
} wax_standing;

/* What one connection may do: rules with one identity's part of them already found. Borrows the
 * rules, the standing and the identity. */
typedef struct wax_access {
    const wax_rules *rules;       /* NULL: no ACL file */
    const wax_rules_section *own; /* NULL: no rules for this user */
    const wax_standing *standing; /* NULL: no dynamic security */
    const wax_access_identity *identity;
    bool may_use_patterns;
    bool is_barred; /* the name would reach into topics of others: no role helps */
} wax_access;

/* Prepares the answers for one connection. `rules` NULL means that there is no ACL file and
 * everything is allowed but what is reserved. */
wax_access wax_rules_for(const wax_rules *rules, const wax_access_identity *identity);

/* Puts the connection under dynamic security too. The standing must outlive `access`, or be
 * replaced before. */
void wax_access_stand(wax_access *access, const wax_standing *standing);

/* Whether this name may come in under these roles: a client id or user with a '/' must not stand
 * where some role puts it into a topic. As wax_identity_is_safe() for an ACL file. */
bool wax_standing_is_safe(const wax_standing *standing, const wax_access_identity *identity);

/* Whether the connection may do this with the topic of a message. In this order:
 *   1. Reserved: nobody writes to "$SYS", but for the state of a bridge; "$CONTROL" wants an ACL
 *      file or a role that grants it; "$share" is no topic.
 *   2. Roles, if there is a standing: the first ACL that matches decides, else the default. Who is
 *      not known there has no right but those of an ACL file.
 *   3. The user's lines, or the anonymous ones: those that deny, then those that grant.
 *   4. Patterns: those that deny, then those that grant. So a user's grant beats a pattern's deny.
 *   5. Nothing spoke: denied.
 * With both an ACL file and roles, both must allow.
 * A topic that begins with '$' is matched only by a line whose filter begins with '$'.
 * `line`, if not NULL, becomes the number of the line that decided, 0 if none did. */
bool wax_access_judge(const wax_access *access, wax_action action, wax_bytes topic, size_t *line);

/* Whether the connection could read any topic that the valid `filter` (without "$share/name/")
 * matches. True does not promise that it may read them all: every delivery is judged. */
bool wax_access_may_subscribe(const wax_access *access, wax_bytes filter);

/* Whether the roles let the connection subscribe to exactly this valid filter (without
 * "$share/name/"), or end its subscription. An ACL file has no say in this. True where there is no
 * standing. In each role its literal ACLs speak before its patterns. Of a shared subscription
 * `shared` is the whole, "$share/name/filter": an ACL that speaks of that decides first, since
 * Mosquitto asks for nothing else. Otherwise it is empty. */
bool wax_standing_lets_subscribe(const wax_access *access, wax_bytes filter, wax_bytes shared);
bool wax_standing_lets_unsubscribe(const wax_access *access, wax_bytes filter, wax_bytes shared);

WAX_C_END

#endif
