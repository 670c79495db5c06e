/* Who may give which orders to a running authority: three roles, what each verb of `wax keys` takes
 * of them, and the file that gives them to accounts and certificates. */
#ifndef WAX_TOOLS_KEYS_ROLES_H
#define WAX_TOOLS_KEYS_ROLES_H

#include "keys/keys.h"

/* Each may what those before it may. */
enum keys_role {
    KEYS_NOBODY,
    KEYS_VIEWER,   /* looks */
    KEYS_OPERATOR, /* lets devices in and out, and hands out their keys */
    KEYS_ADMIN,    /* decides what groups there are, and has the whole */
};

enum {
    KEYS_ROLE_NAMES_MAX = 16,    /* of a certificate that are looked at */
    KEYS_ROLE_NAME_MAX = 100,    /* bytes of a name in the file */
    KEYS_ROLES_FILE_MAX = 65536, /* bytes */
};

/* "viewer", "operator", "admin"; "nobody". */
const char *keys_role_name(enum keys_role role);

/* What a verb takes. */
struct keys_right {
    const char *verb;
    enum keys_role least;
    bool is_owners; /* only for the authority's account and root: it writes a file as they may */
};

/* A row for each verb that a running authority carries out; the last one has no verb. */
extern const struct keys_right keys_rights[];

/* The row of a verb; that of a verb without one is the owner's. */
const struct keys_right *keys_right_of(const char *verb);

/* What has been proven of whoever asks. */
struct keys_caller {
    bool has_certificate; /* came by TLS; else from an account of this host */
    unsigned uid;
    const char *account;
    char common_name[257]; /* "": none */
    uint8_t key_digest[WAX_SHA256_SIZE];
    char names[KEYS_ROLE_NAMES_MAX][256]; /* of the certificate's SAN */
    size_t name_count;
};

/* What the file makes of them. */
struct keys_standing {
    enum keys_role role;
    char who[WAX_KEYS_NAME_MAX + 1]; /* for the log: "anna", "cn:ops", "san:...", "spki:..." */
};

/* Reads the file; on true its text is the caller's, given back by wax_file_free(). False, with
 * words in `fault`, when it cannot be read, or when anybody may write to it. */
bool keys_roles_load(const char *path, wax_bytes *text, char *fault, size_t fault_size);

/* Looks a caller up in the file's text: the first line that names them counts; who is in none is
 * KEYS_NOBODY. False, with words in `fault`, when any line is wrong: then it is nobody, too. */
bool keys_roles_find(wax_bytes text, const struct keys_caller *caller,
                     struct keys_standing *standing, char *fault, size_t fault_size);

#endif
