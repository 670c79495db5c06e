/* The file of a device's identity: a name and a value on each line. */
#include "tools/identity.h"
#include "os/os.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 65536, NOT_THERE = 0xffff };

struct row {
    const char *name;
    size_t place;
    size_t size; /* of the bytes; of the room for a text */
    size_t has;  /* the place of the flag that says it is there; NOT_THERE: it has none */
    bool is_text;
    bool is_needed;
    const char *what;
};

/* clang-format off */
#define AT(field) offsetof(struct identity, field), sizeof(((struct identity *)0)->field)
static const struct row rows[] = {
    {"namespace", AT(name_space),   NOT_THERE,                                false, true,  "16 hexadecimal digits"},
    {"prefix",    AT(prefix),       NOT_THERE,                                true,  true,  "the topic under which the authority speaks"},
    {"device",    AT(device),       NOT_THERE,                                true,  true,  "the name of the device"},
    {"profile",   AT(profile_name), NOT_THERE,                                true,  true,  "chacha20, ascon, ccm or hpke"},
    {"psk",       AT(psk),          offsetof(struct identity, has_psk),       false, false, "64 hexadecimal digits"},
    {"secret",    AT(secret),       offsetof(struct identity, has_secret),    false, false, "64 hexadecimal digits"},
    {"keeper",    AT(keeper),       offsetof(struct identity, has_keeper),    false, false, "130 hexadecimal digits"},
    {"registrar", AT(registrar),    offsetof(struct identity, has_registrar), false, false, "130 hexadecimal digits"},
    {"firmware",  AT(firmware),     NOT_THERE,                                true,  false, "a version, as 1.4.2"},
    {"state",     AT(state),        NOT_THERE,                                true,  false, "a folder"},
};
/* clang-format on */

static const struct {
    const char *name;
    const wax_keys_profile *profile;
} profiles[] = {
    {"chacha20", &wax_keys_chacha20},
    {"ascon",    &wax_keys_ascon   },
    {"ccm",      &wax_keys_ccm     },
    {"hpke",     &wax_keys_hpke    },
};

static bool take_value(struct identity *identity, const struct row *row, wax_bytes value)
{
    uint8_t *place = (uint8_t *)identity + row->place;

    if (row->is_text) {
        if (value.size == 0 || value.size >= row->size) {
            return false;
        }
        memcpy(place, value.data, value.size);
        place[value.size] = '\0';
    } else if (value.size != 2 * row->size || !wax_hex_decode(value, place)) {
        return false;
    }
    if (row->has != NOT_THERE) {
        *((bool *)((uint8_t *)identity + row->has)) = true;
    }
    return true;
}

static wax_bytes trim(wax_bytes text)
{
    while (text.size > 0 && strchr(" \t\r", text.data[0]) != NULL) {
        text = wax_bytes_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && strchr(" \t\r", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    return text;
}

/* Cuts the first word, up to a blank, off the line. */
static wax_bytes first_word(wax_bytes *line)
{
    size_t size = 0;
    wax_bytes word;

    while (size < line->size && strchr(" \t", line->data[size]) == NULL) {
        size++;
    }
    word = wax_bytes_of(line->data, size);
    *line = trim(wax_bytes_of(line->data + size, line->size - size));
    return word;
}

/* The row of this name; as many as there are: none has it. */
static size_t find_row(wax_bytes name)
{
    size_t at = 0;

    while (at < WAX_COUNT(rows) && !wax_bytes_equal(name, wax_bytes_of_text(rows[at].name))) {
        at++;
    }
    return at;
}

static bool take_line(struct identity *identity, wax_bytes line, bool *seen, char *fault,
                      size_t fault_size)
{
    wax_bytes name = first_word(&line);
    size_t at = find_row(name);

    if (at == WAX_COUNT(rows)) {
        (void)snprintf(fault, fault_size, "there is no `%.*s` in such a file",
                       (int)(name.size > 40 ? 40 : name.size), (const char *)name.data);
        return false;
    }
    seen[at] = take_value(identity, &rows[at], line);
    if (!seen[at]) {
        (void)snprintf(fault, fault_size, "behind `%s` comes %s", rows[at].name, rows[at].what);
    }
    return seen[at];
}

static bool take_lines(struct identity *identity, wax_bytes content, bool *seen, char *fault,
                       size_t fault_size)
{
    unsigned number = 0;

    while (content.size > 0) {
        const uint8_t *end = memchr(content.data, '\n', content.size);
        size_t size = end == NULL ? content.size : (size_t)(end - content.data);
        wax_bytes line = trim(wax_bytes_of(content.data, size));
        char why[200];

        number++;
        size += end == NULL ? 0 : 1;
        content = wax_bytes_of(content.data + size, content.size - size);
        if (line.size != 0 && line.data[0] != '#' &&
            !take_line(identity, line, seen, why, sizeof why)) {
            (void)snprintf(fault, fault_size, "line %u: %s", number, why);
            return false;
        }
    }
    return true;
}

static bool fail(char *fault, size_t fault_size, const char *words)
{
    (void)snprintf(fault, fault_size, "%s", words);
    return false;
}

/* Whether what is there makes sense together. */
static bool check(struct identity *identity, const bool *seen, char *fault, size_t fault_size)
{
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].is_needed && !seen[i]) {
            (void)snprintf(fault, fault_size, "a line is missing: `%s`, %s", rows[i].name,
                           rows[i].what);
            return false;
        }
    }
    for (size_t i = 0; i < WAX_COUNT(profiles); i++) {
        if (strcmp(identity->profile_name, profiles[i].name) == 0) {
            identity->profile = profiles[i].profile;
        }
    }
    if (identity->profile == NULL) {
        return fail(fault, fault_size, "behind `profile` comes chacha20, ascon, ccm or hpke");
    }
    if (identity->profile == &wax_keys_hpke) {
        return (identity->has_secret && identity->has_keeper) ||
               fail(fault, fault_size, "profile hpke wants the lines `secret` and `keeper`");
    }
    return identity->has_psk ||
           fail(fault, fault_size, "this profile wants the line `psk`, a pre-shared key");
}

bool tools_identity_read(struct identity *identity, const char *path, char *fault,
                         size_t fault_size)
{
    bool seen[WAX_COUNT(rows)] = {false};
    char why[300];
    wax_bytes content;
    bool is_good;

    *identity = (struct identity){.profile = NULL};
    if (wax_file_read(path, FILE_MAX, &content, fault, fault_size) != WAX_OK) {
        return false;
    }
    (void)snprintf(identity->state, sizeof identity->state, "%s.state", path);
    is_good = take_lines(identity, content, seen, why, sizeof why) &&
              check(identity, seen, why, sizeof why);
    wax_wipe((void *)(uintptr_t)content.data, content.size);
    wax_file_free(&content);
    if (!is_good) {
        (void)snprintf(fault, fault_size, "%s: %s", path, why);
        tools_identity_discard(identity);
    }
    return is_good;
}

size_t tools_identity_show(const struct identity *identity, char text[static IDENTITY_TEXT_SIZE])
{
    size_t used = (size_t)snprintf(text, IDENTITY_TEXT_SIZE,
                                   "# Who this device is. Whoever has this file is this device.\n");
    char digits[2 * WAX_P256_PUBLIC_SIZE + 1];

    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const uint8_t *place = (const uint8_t *)identity + rows[i].place;
        bool is_there = rows[i].has == NOT_THERE
                            ? place[0] != 0 || !rows[i].is_text
                            : *((const bool *)((const uint8_t *)identity + rows[i].has));

        if (!is_there) {
            continue;
        }
        if (!rows[i].is_text) {
            wax_assert(rows[i].size <= WAX_P256_PUBLIC_SIZE);
            wax_hex_encode(wax_bytes_of(place, rows[i].size), digits);
        }
        used += (size_t)snprintf(text + used, IDENTITY_TEXT_SIZE - used, "%s %s\n", rows[i].name,
                                 rows[i].is_text ? (const char *)place : digits);
    }
    wax_wipe(digits, sizeof digits);
    return used;
}

bool tools_identity_write(const struct identity *identity, const char *path, char *fault,
                          size_t fault_size)
{
    char text[IDENTITY_TEXT_SIZE];
    size_t used = tools_identity_show(identity, text);
    bool is_written = wax_file_replace(path, wax_bytes_of(text, used), fault, fault_size) == WAX_OK;

    wax_wipe(text, sizeof text);
    return is_written;
}

/* What a namespace makes known has the lines of an identity that are not the device's. */
bool tools_identity_read_public(struct identity *identity, const char *path, char *fault,
                                size_t fault_size)
{
    bool seen[WAX_COUNT(rows)] = {false};
    char why[300] = "";
    wax_bytes content;
    bool is_good;

    *identity = (struct identity){.profile = NULL};
    if (wax_file_read(path, FILE_MAX, &content, fault, fault_size) != WAX_OK) {
        return false;
    }
    is_good = take_lines(identity, content, seen, why, sizeof why) &&
              ((seen[0] && seen[1] && identity->has_keeper && identity->has_registrar) ||
               fail(why, sizeof why,
                    "it wants the lines namespace, prefix, keeper and registrar, as "
                    "`wax keys public` prints them"));
    wax_file_free(&content);
    if (!is_good) {
        (void)snprintf(fault, fault_size, "%s: %s", path, why);
    }
    return is_good;
}

void tools_identity_discard(struct identity *identity)
{
    wax_wipe(identity, sizeof *identity);
}
