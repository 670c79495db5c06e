/* Roles: the table of verbs, and the file that names who has which. */
#include "tools/keys_roles.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LINE_SIZE = 256 };

/* Looking hands out no secret and no power. What is asked for day by day - devices come, go, and
 * get new keys - is the operator's, and so are keys for devices, and what tells which token stands
 * for which topic. What there is to be sealed, and what concerns the whole, is the admin's. */
/* clang-format off */
const struct keys_right keys_rights[] = {
    {"group list", KEYS_VIEWER,   false},
    {"group show", KEYS_VIEWER,   false},
    {"rule list",  KEYS_VIEWER,   false},
    {"rule show",  KEYS_VIEWER,   false},
    {"rule try",   KEYS_VIEWER,   false},
    {"status",     KEYS_VIEWER,   false},
    {"audit",      KEYS_VIEWER,   false},
    {"public",     KEYS_VIEWER,   false},
    {"enrol",      KEYS_OPERATOR, false},
    {"admit",      KEYS_OPERATOR, false},
    {"confirm",    KEYS_OPERATOR, false},
    {"grant",      KEYS_OPERATOR, false},
    {"revoke",     KEYS_OPERATOR, false},
    {"evict",      KEYS_OPERATOR, false},
    {"rotate",     KEYS_OPERATOR, false},
    {"suspend",    KEYS_OPERATOR, false},
    {"resume",     KEYS_OPERATOR, false},
    {"resend",     KEYS_OPERATOR, false},
    {"acl",        KEYS_OPERATOR, false},
    {"unblind",    KEYS_OPERATOR, false},
    {"group add",  KEYS_ADMIN,    false},
    {"rule add",   KEYS_ADMIN,    false},
    {"rule enable", KEYS_ADMIN,   false},
    {"rule disable", KEYS_ADMIN,  false},
    {"rule remove", KEYS_ADMIN,   false},
    {"recover",    KEYS_ADMIN,    false},
    {"export",     KEYS_ADMIN,    true },
    {NULL,         KEYS_ADMIN,    true }, /* of who is in no row */
};
/* clang-format on */

const struct keys_right *keys_right_of(const char *verb)
{
    const struct keys_right *right = keys_rights;

    while (right->verb != NULL && strcmp(right->verb, verb) != 0) {
        right++;
    }
    return right;
}

static const char *const role_names[] = {"nobody", "viewer", "operator", "admin"};

const char *keys_role_name(enum keys_role role)
{
    return role_names[role];
}

/* --- Who a line names --- */

static bool is_account(const struct keys_caller *caller, const char *name)
{
    char uid[16];

    (void)snprintf(uid, sizeof uid, "%u", caller->uid);
    return strcmp(uid, name) == 0 ||
           (caller->account != NULL && strcmp(caller->account, name) == 0);
}

static bool has_common_name(const struct keys_caller *caller, const char *name)
{
    return strcmp(caller->common_name, name) == 0;
}

static bool has_name(const struct keys_caller *caller, const char *name)
{
    for (size_t i = 0; i < caller->name_count; i++) {
        if (strcmp(caller->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_key(const struct keys_caller *caller, const char *name)
{
    char digits[2 * WAX_SHA256_SIZE + 1];

    wax_hex_encode(wax_bytes_of(caller->key_digest, WAX_SHA256_SIZE), digits);
    return strcasecmp(digits, name) == 0;
}

static const struct kind {
    const char *word;
    bool has_certificate;
    bool (*is_named)(const struct keys_caller *caller, const char *name);
} kinds[] = {
    {"user", false, is_account     },
    {"cn",   true,  has_common_name},
    {"san",  true,  has_name       },
    {"spki", true,  has_key        },
};

/* --- Lines --- */

/* Cuts the first word off. */
static char *cut_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");

    *rest = end + strspn(end, " \t");
    *end = '\0';
    return word;
}

static enum keys_role role_of(const char *word)
{
    for (size_t i = KEYS_VIEWER; i <= KEYS_ADMIN; i++) {
        if (strcmp(role_names[i], word) == 0) {
            return (enum keys_role)i;
        }
    }
    return KEYS_NOBODY;
}

static const struct kind *kind_of(const char *word)
{
    for (size_t i = 0; i < WAX_COUNT(kinds); i++) {
        if (strcmp(kinds[i].word, word) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* Reads `ROLE KIND NAME`. Returns what is wrong with it; NULL: nothing. */
static const char *take_line(char *line, const struct keys_caller *caller,
                             struct keys_standing *standing)
{
    const enum keys_role role = role_of(cut_word(&line));
    const struct kind *kind = kind_of(cut_word(&line));
    const char *name = line;
    uint8_t digest[WAX_SHA256_SIZE];
    size_t size = strlen(line);

    while (size > 0 && strchr(" \t\r", line[size - 1]) != NULL) {
        line[--size] = '\0';
    }
    if (role == KEYS_NOBODY) {
        return "it begins with viewer, operator or admin";
    }
    if (kind == NULL) {
        return "behind the role comes user, cn, san or spki";
    }
    if (size == 0 || size > KEYS_ROLE_NAME_MAX || !wax_utf8_is_valid(wax_bytes_of(name, size))) {
        return "it ends with a name of 1 to 100 bytes";
    }
    if (kind->is_named == has_key && (size != (size_t)2 * WAX_SHA256_SIZE ||
                                      !wax_hex_decode(wax_bytes_of(name, size), digest))) {
        return "behind spki come 64 hexadecimal digits: the SHA-256 of the public key";
    }
    if (standing->role == KEYS_NOBODY && kind->has_certificate == caller->has_certificate &&
        kind->is_named(caller, name)) {
        standing->role = role;
        (void)snprintf(standing->who, sizeof standing->who, "%s%s%s",
                       kind->has_certificate ? kind->word : "", kind->has_certificate ? ":" : "",
                       kind->has_certificate || caller->account == NULL ? name : caller->account);
    }
    return NULL;
}

/* Takes the next line out of `text`. False for one that is too long, or holds U+0000. */
static bool next_line(wax_bytes *text, char line[static LINE_SIZE])
{
    const uint8_t *end = memchr(text->data, '\n', text->size);
    const size_t size = end == NULL ? text->size : (size_t)(end - text->data);
    const size_t used = size + (end == NULL ? 0 : 1);
    const bool is_good = size < LINE_SIZE && memchr(text->data, '\0', size) == NULL;

    if (is_good) {
        memcpy(line, text->data, size);
        line[size] = '\0';
    }
    *text = wax_bytes_of(text->data + used, text->size - used);
    return is_good;
}

bool keys_roles_load(const char *path, wax_bytes *text, char *fault, size_t fault_size)
{
    struct stat status = {.st_mode = 0};

    if (stat(path, &status) == 0 && (status.st_mode & S_IWOTH) != 0) {
        (void)snprintf(fault, fault_size, "%s: anybody may write to it; say chmod o-w", path);
        return false;
    }
    return wax_file_read(path, KEYS_ROLES_FILE_MAX, text, fault, fault_size) == WAX_OK;
}

bool keys_roles_find(wax_bytes text, const struct keys_caller *caller,
                     struct keys_standing *standing, char *fault, size_t fault_size)
{
    const char *wrong = NULL;

    *standing = (struct keys_standing){.role = KEYS_NOBODY};
    for (unsigned number = 1; text.size > 0 && wrong == NULL; number++) {
        char line[LINE_SIZE];
        const bool is_good = next_line(&text, line);
        char *rest = line + (is_good ? strspn(line, " \t\r") : 0);

        if (!is_good) {
            wrong = "it is too long, or no text";
        } else if (rest[0] != '\0' && rest[0] != '#') {
            wrong = take_line(rest, caller, standing);
        }
        if (wrong != NULL) {
            (void)snprintf(fault, fault_size,
                           "line %u: %s; lines are as in `operator cn night-shift`", number, wrong);
            *standing = (struct keys_standing){.role = KEYS_NOBODY};
        }
    }
    return wrong == NULL;
}
