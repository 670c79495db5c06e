/* Revokes certificates and lists those that are. */
#include "pki/inner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* Adds one line of the index to the list. */
static bool add_entry(X509_CRL *list, const struct entry *entry)
{
    X509_REVOKED *revoked = X509_REVOKED_new();
    ASN1_TIME *day = ASN1_TIME_new();
    BIGNUM *number = NULL;
    ASN1_INTEGER *serial = NULL;
    bool is_added = false;

    if (BN_hex2bn(&number, entry->serial) > 0) {
        serial = BN_to_ASN1_INTEGER(number, NULL);
    }
    if (revoked != NULL && day != NULL && serial != NULL &&
        ASN1_TIME_set_string(day, entry->revoked) == 1 &&
        X509_REVOKED_set_serialNumber(revoked, serial) == 1 &&
        X509_REVOKED_set_revocationDate(revoked, day) == 1) {
        is_added = X509_CRL_add0_revoked(list, revoked) == 1;
    }
    if (!is_added) {
        X509_REVOKED_free(revoked);
    }
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(day);
    BN_free(number);
    return is_added;
}

/* RFC 5280, 5.2.3: lists are numbered, and the numbers rise. */
static bool add_number(X509_CRL *list, const char *path)
{
    wax_problem ignored;
    BIO *in = NULL;
    X509_CRL *old = NULL;
    ASN1_INTEGER *number = NULL;
    int64_t value = 0;
    bool is_added = false;

    if (pki_open(path, &in, &ignored) == WAX_OK) {
        old = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
        number = old != NULL ? X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL) : NULL;
        if (number == NULL || ASN1_INTEGER_get_int64(&value, number) != 1) {
            value = 0;
        }
        BIO_free(in);
    }
    ERR_clear_error();
    ASN1_INTEGER_free(number);
    X509_CRL_free(old);
    number = ASN1_INTEGER_new();
    if (number != NULL && ASN1_INTEGER_set_int64(number, value + 1) == 1) {
        is_added = X509_CRL_add1_ext_i2d(list, NID_crl_number, number, 0, 0) == 1;
    }
    ASN1_INTEGER_free(number);
    return is_added;
}

static bool add_authority(X509_CRL *list, X509 *issuer)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_added;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, NULL, NULL, list, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    is_added = extension != NULL && X509_CRL_add_ext(list, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* The list holds until its CA ends, since whoever takes it from a file takes the newest there is: a
 * shorter time would only one day lock everybody out. */
static bool fill_list(X509_CRL *list, const struct authority *authority, const struct index *index,
                      int64_t now)
{
    ASN1_TIME *day = ASN1_TIME_set(NULL, (time_t)now - 3600);
    bool is_good =
        day != NULL && X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->certificate)) == 1 &&
        X509_CRL_set1_lastUpdate(list, day) == 1 &&
        X509_CRL_set1_nextUpdate(list, X509_get0_notAfter(authority->certificate)) == 1;

    ASN1_TIME_free(day);
    for (size_t i = 0; is_good && i < index->count; i++) {
        is_good = index->entries[i].state != 'R' || add_entry(list, &index->entries[i]);
    }
    return is_good && add_authority(list, authority->certificate);
}

wax_status pki_crl_write(const char *folder, const struct index *index, int64_t now,
                         wax_problem *problem)
{
    struct authority authority;
    char path[PKI_PATH_MAX];
    X509_CRL *list = NULL;
    BIO *out = NULL;
    wax_status status = pki_path(path, folder, "crl", ".pem", problem);

    if (status == WAX_OK) {
        status = pki_authority_read(folder, &authority, problem);
    }
    if (status != WAX_OK) {
        return status;
    }
    list = X509_CRL_new();
    out = BIO_new(BIO_s_mem());
    if (list == NULL || out == NULL || !fill_list(list, &authority, index, now) ||
        !add_number(list, path) || X509_CRL_sort(list) != 1 ||
        X509_CRL_sign(list, authority.key, pki_digest(authority.key)) <= 0 ||
        PEM_write_bio_X509_CRL(out, list) != 1) {
        status = pki_fail_strangely(problem, "writing the revocation list");
    } else {
        status = pki_replace(path, out, 0644, problem);
    }
    BIO_free(out);
    X509_CRL_free(list);
    pki_authority_release(&authority);
    return status;
}

/* What to look for in the index. */
struct wanted {
    char serial[44];
    char subject[512]; /* "" to go by the serial number alone */
};

static bool is_serial(const char *name)
{
    size_t size = strlen(name);

    return size >= 8 && size <= 40 && strspn(name, "0123456789abcdefABCDEF") == size;
}

/* Hexadecimal digits as index.txt has them: large. */
static void copy_serial(char room[static 44], const char *serial)
{
    size_t i;

    for (i = 0; serial[i] != '\0'; i++) {
        bool is_small = serial[i] >= 'a' && serial[i] <= 'f';
        room[i] = (char)(is_small ? serial[i] - 'a' + 'A' : serial[i]);
    }
    room[i] = '\0';
}

static wax_status read_wanted(const char *folder, const char *name, struct wanted *wanted,
                              wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    STACK_OF(X509) *chain = NULL;
    wax_status status = pki_path(path, folder, name, ".crt", problem);

    *wanted = (struct wanted){"", ""};
    if (status == WAX_OK && access(path, F_OK) != 0 && is_serial(name)) {
        copy_serial(wanted->serial, name);
        return WAX_OK;
    }
    if (status == WAX_OK && access(path, F_OK) != 0) {
        status = pki_fail(problem, WAX_NOT_FOUND, "there is no %s", path);
    }
    if (status == WAX_OK) {
        status = wax_pki_read_chain(path, &chain, problem);
    }
    if (status == WAX_OK) {
        const X509 *certificate = sk_X509_value(chain, 0);
        pki_serial(certificate, wanted->serial);
        (void)X509_NAME_oneline(X509_get_subject_name(certificate), wanted->subject,
                                (int)sizeof wanted->subject);
        sk_X509_pop_free(chain, X509_free);
    }
    return status;
}

/* Marks what is wanted; gives how many of it there were, marked before or now. */
static size_t mark(struct index *index, const struct wanted *wanted, int64_t now)
{
    size_t found_count = 0;

    for (size_t i = 0; i < index->count; i++) {
        struct entry *entry = &index->entries[i];
        bool is_wanted =
            strcmp(entry->serial, wanted->serial) == 0 ||
            (wanted->subject[0] != '\0' && strcmp(entry->subject, wanted->subject) == 0);
        if (!is_wanted) {
            continue;
        }
        found_count++;
        if (entry->state != 'R') {
            entry->state = 'R';
            pki_stamp(now, entry->revoked);
        }
    }
    return found_count;
}

static wax_status strike(const char *folder, const char *name, int64_t now, wax_problem *problem)
{
    struct index index = {NULL, 0};
    struct wanted wanted;
    wax_status status = read_wanted(folder, name, &wanted, problem);

    if (status == WAX_OK) {
        status = pki_index_read(folder, &index, problem);
    }
    if (status == WAX_OK && mark(&index, &wanted, now) == 0) {
        status = pki_fail(problem, WAX_NOT_FOUND,
                          "%s is not in %s/index.txt: it was not issued by the CA of this folder",
                          name, folder);
    }
    if (status == WAX_OK) {
        status = pki_index_write(folder, &index, problem);
    }
    if (status == WAX_OK) {
        status = pki_crl_write(folder, &index, now, problem);
    }
    pki_index_release(&index);
    return status;
}

wax_status wax_pki_revoke(const char *folder, const char *name, int64_t now, wax_problem *problem)
{
    struct authority authority;
    int lock;
    wax_status status = pki_authority_read(folder, &authority, problem);

    if (status != WAX_OK) {
        return status;
    }
    pki_authority_release(&authority);
    status = pki_lock(folder, &lock, problem);
    if (status == WAX_OK) {
        status = strike(folder, name, now, problem);
        (void)close(lock);
    }
    return status;
}
