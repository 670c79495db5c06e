/* Password files: who may log in, and with what. */
#include "access/access.h"

#include "access/array.h"
#include "access/lines.h"

struct user {
    wax_bytes name; /* first: the index looks here */
    wax_bytes stored;
    size_t line;
};

/* Takes a line apart; says what is wrong with it, or NULL. */
static const char *read_user(const wax_line *line, struct user *user)
{
    wax_bytes rest = line->text;
    wax_password_form form;
    const char *fault = wax_line_fault(line);

    if (fault != NULL) {
        return fault;
    }
    user->name = wax_line_trim(wax_line_cut(&rest, ':'));
    user->stored = wax_line_trim(rest);
    user->line = line->number;
    if (rest.data == NULL) {
        return "there is no ':' between a user name and a password hash: write the line with "
               "'wax passwd' or begin it with '#'";
    }
    if (user->name.size == 0) {
        return "the user name is missing: write one before the ':' or delete the line";
    }
    if (user->name.size > WAX_NAME_MAX) {
        return "the user name is longer than the 65,535 bytes that MQTT can carry";
    }
    if (user->stored.size == 0) {
        return "the user has no password hash, which would let anybody in: set a password with "
               "'wax passwd'";
    }
    if (wax_password_inspect(user->stored, &form) != WAX_OK) {
        return "the password hash is none of $argon2id$, $7$, $6$ and SCRAM-SHA-256$, is damaged, "
               "or "
               "costs more than is allowed: set the password again with 'wax passwd'; if the file "
               "holds plain "
               "passwords, hash them with 'wax passwd -U'";
    }
    return NULL;
}

static wax_status refuse(wax_access_fault *fault, size_t line, const char *text)
{
    *fault = (wax_access_fault){.line = line, .text = text};
    return WAX_INVALID;
}

static wax_status run_short(wax_access_fault *fault)
{
    *fault = (wax_access_fault){.text = "there is not enough memory for the file"};
    return WAX_FULL;
}

static wax_status read_users(wax_credentials *credentials, wax_access_fault *fault)
{
    wax_lines lines = wax_lines_over(wax_bytes_of(credentials->text, credentials->text_size));
    wax_line line;

    while (wax_lines_next(&lines, &line)) {
        struct user user = {0};
        struct user *added;
        const char *text = read_user(&line, &user);

        if (text != NULL) {
            return refuse(fault, line.number, text);
        }
        added = wax_access_array_append(&credentials->users, credentials->memory);
        if (added == NULL) {
            return run_short(fault);
        }
        *added = user;
    }
    return WAX_OK;
}

static wax_status index_users(wax_credentials *credentials, wax_access_fault *fault)
{
    const size_t count = credentials->users.count;

    if (wax_access_index_open(&credentials->by_name, credentials->memory, count) != WAX_OK) {
        return run_short(fault);
    }
    for (size_t i = 0; i < count; i++) {
        const struct user *user = wax_access_array_at(&credentials->users, i);
        uint32_t *slot =
            wax_access_index_slot(&credentials->by_name, &credentials->users, user->name);

        if (*slot != 0) {
            const struct user *before = wax_access_array_at(&credentials->users, *slot - 1U);

            *fault = (wax_access_fault){
                .line = user->line,
                .other_line = before->line,
                .text = "the user is there twice: delete the line that is not meant",
            };
            return WAX_INVALID;
        }
        *slot = (uint32_t)i + 1U;
    }
    return WAX_OK;
}

wax_status wax_credentials_parse(wax_credentials *credentials, wax_memory *memory, wax_bytes text,
                                 wax_access_fault *fault)
{
    wax_status status;

    *fault = (wax_access_fault){.text = ""};
    *credentials = (wax_credentials){
        .memory = memory,
        .text_size = text.size,
        .users.item_size = sizeof(struct user),
    };
    if (text.size > WAX_ACCESS_TEXT_MAX) {
        return refuse(fault, 0, "the file is larger than 64 MiB: is it a password file?");
    }
    credentials->text = wax_access_text_copy(memory, text);
    status = credentials->text == NULL ? run_short(fault) : read_users(credentials, fault);
    if (status == WAX_OK) {
        status = index_users(credentials, fault);
    }
    if (status != WAX_OK) {
        wax_credentials_close(credentials);
    }
    return status;
}

void wax_credentials_close(wax_credentials *credentials)
{
    wax_access_array_close(&credentials->users, credentials->memory);
    wax_access_index_close(&credentials->by_name, credentials->memory);
    wax_access_text_close(credentials->memory, credentials->text, credentials->text_size);
    *credentials = (wax_credentials){0};
}

size_t wax_credentials_count(const wax_credentials *credentials)
{
    return credentials->users.count;
}

wax_login wax_credentials_find(const wax_credentials *credentials, wax_bytes user)
{
    const wax_access_array *users = &credentials->users;
    const struct user *found;
    uint32_t slot;

    if (users->count == 0) {
        return (wax_login){0};
    }
    slot = *wax_access_index_slot(&credentials->by_name, users, user);
    /* The same stranger always meets the same hash, so that asking twice tells nothing. */
    found = wax_access_array_at(users, slot != 0 ? slot - 1U : wax_access_hash(user, users->count));
    return (wax_login){.is_known = slot != 0, .stored = found->stored};
}

wax_status wax_login_verify(const wax_login *login, wax_bytes password)
{
    wax_status status = WAX_BAD_LOGIN;

    if (login->stored.size > 0) {
        status = wax_password_verify(login->stored, password);
    }
    return login->is_known ? status : WAX_BAD_LOGIN;
}
