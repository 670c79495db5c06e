/* What an authority is made of. Functions that take one do nothing once its status is not WAX_OK:
 * a deed reads in one line, and is looked at once, when it ends. */
#ifndef WAX_AUTHORITY_INNER_H
#define WAX_AUTHORITY_INNER_H

#include "authority/authority.h"

#include <sqlite3.h>

enum {
    PREFIX_MAX = 64,
    NAME_SPACE_SECRETS = 96,
    MESSAGE_MAX = 1 << 20,
    FAULT_SIZE = 200,
    LISTS = 8,
    LIST_SIZE = 1 << 20,
    STATEMENTS = 192
};

/* The namespace as it stands in its only row. */
struct name_space {
    uint8_t id[WAX_KEYS_ID_SIZE];
    uint8_t prefix[PREFIX_MAX];
    size_t prefix_size;
    uint32_t generation;
    uint64_t row_version;
    wax_keys_followed log; /* its newest entry */
    uint8_t root[WAX_P256_PUBLIC_SIZE];
    uint8_t registrar[WAX_P256_PUBLIC_SIZE];
    uint8_t keeper[WAX_P256_PUBLIC_SIZE];
    uint32_t blinding_variant;
    uint32_t blinding_hash;
    uint8_t registrar_secret[WAX_P256_SECRET_SIZE];
    uint8_t keeper_secret[WAX_P256_SECRET_SIZE];
    uint8_t blinding_key[WAX_KEYS_SECRET_SIZE];
};

/* A statement as SQLite has compiled it; `sql` is a literal, told by its place. */
struct statement {
    const char *sql;
    sqlite3_stmt *compiled;
};

/* What all members of a group are told. */
struct common {
    wax_keys_list filters;
    wax_keys_list senders;
    wax_keys_list signers;
};

struct wax_authority {
    sqlite3 *handle;
    struct statement statements[STATEMENTS]; /* kept from use to use; empty places behind */
    uint8_t key[WAX_SEAL_KEY_SIZE];
    wax_authority_random *random;
    wax_status status;
    bool made_file; /* which is not whole yet */
    char fault[WAX_AUTHORITY_FAULT_SIZE];
    struct name_space own;
    uint64_t admit_until_s;
    uint64_t listens_s; /* since when statuses come; 0: they do not */
    uint8_t topic[WAX_KEYS_TOPIC_MAX];
    uint8_t *room;         /* MESSAGE_MAX, for what is being made */
    uint8_t *lists;        /* LISTS of LIST_SIZE, for the lists in it */
    struct common common;  /* in the rooms of mailboxes, for as long as a deed lasts */
    uint64_t listed_group; /* whose they are; 0: nobody's */
    int log_step;          /* of the entry that is being given out; 0: its first */
    uint64_t last_mailbox; /* the device whose mailbox was made last: the next is behind it */
};

/* Notes the first failure, with its words; `fault` may be NULL for the status's own. */
void authority_fail(wax_authority *self, wax_status status, const char *fault);

/* Fails unless the claim holds. */
void authority_need(wax_authority *self, bool holds, wax_status status, const char *fault);

/* Random bytes. */
void authority_draw(wax_authority *self, void *room, size_t size);

#endif
