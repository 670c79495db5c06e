/* index.txt: what was issued and what was revoked, in the form of `openssl ca`: a line per
 * certificate with state, end, day of revocation, serial number, file and subject between tabs. */
#include "pki/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>

enum {
    LINE_MAX_SIZE = 1024,
    ENTRY_MAX = 100000,
    FIELD_COUNT = 6,
};

void pki_index_release(struct index *index)
{
    free(index->entries);
    *index = (struct index){NULL, 0};
}

/* Makes room for one more; NULL when there is none. */
static struct entry *grow(struct index *index)
{
    struct entry *entries;

    if (index->count >= ENTRY_MAX) {
        return NULL;
    }
    entries = realloc(index->entries, (index->count + 1) * sizeof *entries);
    if (entries == NULL) {
        return NULL;
    }
    index->entries = entries;
    entries[index->count] = (struct entry){.state = 'V'};
    index->count++;
    return &entries[index->count - 1];
}

static bool copy_field(char *room, size_t size, const char *field)
{
    int count = snprintf(room, size, "%s", field);

    return count >= 0 && (size_t)count < size;
}

/* Cuts the line at its tabs. */
static bool parse(char *line, struct entry *entry)
{
    char *fields[FIELD_COUNT];
    char *rest = line;

    line[strcspn(line, "\r\n")] = '\0';
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        fields[i] = strsep(&rest, "\t");
        if (fields[i] == NULL) {
            return false;
        }
    }
    /* A reason may follow the day of revocation after a comma; the list does not need it. */
    fields[2][strcspn(fields[2], ",")] = '\0';
    entry->state = fields[0][0];
    return rest == NULL && copy_field(entry->until, sizeof entry->until, fields[1]) &&
           copy_field(entry->revoked, sizeof entry->revoked, fields[2]) &&
           copy_field(entry->serial, sizeof entry->serial, fields[3]) &&
           copy_field(entry->subject, sizeof entry->subject, fields[5]);
}

static wax_status read_lines(BIO *in, const char *path, struct index *index, wax_problem *problem)
{
    char line[LINE_MAX_SIZE];

    while (BIO_gets(in, line, sizeof line) > 0) {
        struct entry *entry = grow(index);
        if (entry == NULL) {
            return pki_fail(problem, WAX_FULL, "%s holds more than %d certificates", path,
                            ENTRY_MAX);
        }
        if (!parse(line, entry)) {
            return pki_fail(problem, WAX_INVALID,
                            "line %zu of %s is not one that `openssl ca` or `wax pki` writes",
                            index->count, path);
        }
    }
    return WAX_OK;
}

wax_status pki_index_read(const char *folder, struct index *index, wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    BIO *in = NULL;
    wax_status status = pki_path(path, folder, "index", ".txt", problem);

    *index = (struct index){NULL, 0};
    if (status == WAX_OK) {
        status = pki_open(path, &in, problem);
    }
    if (status == WAX_OK) {
        status = read_lines(in, path, index, problem);
        BIO_free(in);
    }
    if (status != WAX_OK) {
        pki_index_release(index);
    }
    return status;
}

wax_status pki_index_write(const char *folder, const struct index *index, wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    BIO *out;
    wax_status status = pki_path(path, folder, "index", ".txt", problem);

    if (status != WAX_OK) {
        return status;
    }
    out = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < index->count; i++) {
        const struct entry *entry = &index->entries[i];
        if (BIO_printf(out, "%c\t%s\t%s\t%s\tunknown\t%s\n", entry->state, entry->until,
                       entry->revoked, entry->serial, entry->subject) <= 0) {
            BIO_free(out);
            return pki_fail_strangely(problem, "writing index.txt");
        }
    }
    status = pki_replace(path, out, 0600, problem);
    BIO_free(out);
    return status;
}

struct entry *pki_index_find(const struct index *index, const char *serial)
{
    for (size_t i = 0; i < index->count; i++) {
        if (strcmp(index->entries[i].serial, serial) == 0) {
            return &index->entries[i];
        }
    }
    return NULL;
}

void pki_serial(const X509 *certificate, char room[static 44])
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
    char *digits = number != NULL ? BN_bn2hex(number) : NULL;

    (void)snprintf(room, 44, "%s", digits != NULL ? digits : "");
    OPENSSL_free(digits);
    BN_free(number);
}

wax_status pki_index_append(struct index *index, X509 *certificate, wax_problem *problem)
{
    struct entry *entry = grow(index);

    if (entry == NULL) {
        return pki_fail(problem, WAX_FULL, "index.txt is full: it holds %zu certificates",
                        index->count);
    }
    pki_stamp(wax_pki_not_after(certificate), entry->until);
    pki_serial(certificate, entry->serial);
    (void)X509_NAME_oneline(X509_get_subject_name(certificate), entry->subject,
                            (int)sizeof entry->subject);
    return WAX_OK;
}
