/* Issues and renews certificates. */
#include "pki/inner.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

static wax_status write_certificate(const char *path, X509 *certificate, wax_problem *problem)
{
    BIO *out = BIO_new(BIO_s_mem());
    wax_status status;

    if (PEM_write_bio_X509(out, certificate) != 1) {
        status = pki_fail_strangely(problem, "writing the certificate");
    } else {
        status = pki_replace(path, out, 0644, problem);
    }
    BIO_free(out);
    return status;
}

/* The memory in between is of a kind that is wiped when it is given back. */
static wax_status write_key(const char *path, EVP_PKEY *key, wax_problem *problem)
{
    BIO *out = BIO_new(BIO_s_secmem());
    wax_status status;

    if (PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) != 1) {
        status = pki_fail_strangely(problem, "writing the key");
    } else {
        status = pki_replace(path, out, 0600, problem);
    }
    BIO_free(out);
    return status;
}

/* Signs and writes down what was made: first the index, so that nothing was ever issued that
 * cannot be revoked. `key` is NULL when its file is there already. */
static wax_status hand_out(const char *folder, const char *name, X509 *certificate, EVP_PKEY *key,
                           wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    struct index index;
    wax_status status = pki_index_read(folder, &index, problem);

    if (status == WAX_OK) {
        status = pki_index_append(&index, certificate, problem);
    }
    if (status == WAX_OK) {
        status = pki_index_write(folder, &index, problem);
    }
    pki_index_release(&index);
    if (status == WAX_OK && key != NULL) {
        status = pki_path(path, folder, name, ".key", problem);
        status = status != WAX_OK ? status : write_key(path, key, problem);
    }
    if (status == WAX_OK) {
        status = pki_path(path, folder, name, ".crt", problem);
    }
    return status != WAX_OK ? status : write_certificate(path, certificate, problem);
}

/* What may mean something to a file system or a shell becomes _. */
void wax_pki_name_files(const wax_pki_order *order, char room[static 128])
{
    const char *name = order->role == WAX_PKI_CA ? "ca" : order->file;

    (void)snprintf(room, 128, "%s", name != NULL ? name : order->name);
    for (size_t i = 0; room[i] != '\0'; i++) {
        if (!isalnum((unsigned char)room[i]) && strchr("-_@", room[i]) == NULL &&
            (room[i] != '.' || i == 0)) {
            room[i] = '_';
        }
    }
}

static wax_status refuse_existing(const char *folder, const char *name, wax_problem *problem)
{
    static const char *const endings[] = {".crt", ".key"};
    char path[PKI_PATH_MAX];

    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        wax_status status = pki_path(path, folder, name, endings[i], problem);
        if (status != WAX_OK) {
            return status;
        }
        if (access(path, F_OK) == 0) {
            return pki_fail(problem, WAX_INVALID,
                            "%s exists and is not overwritten; `wax pki renew %s` issues it anew",
                            path, name);
        }
    }
    return WAX_OK;
}

/* A new CA: the index comes first, because nothing is issued without. */
static wax_status open_house(const char *folder, X509 *certificate, EVP_PKEY *key, int64_t now,
                             wax_problem *problem)
{
    char path[PKI_PATH_MAX];
    struct index index = {NULL, 0};
    wax_status status = pki_index_write(folder, &index, problem);

    if (status == WAX_OK) {
        status = pki_path(path, folder, "ca", ".key", problem);
    }
    if (status == WAX_OK) {
        status = write_key(path, key, problem);
    }
    if (status == WAX_OK) {
        status = pki_path(path, folder, "ca", ".crt", problem);
    }
    if (status == WAX_OK) {
        status = write_certificate(path, certificate, problem);
    }
    return status != WAX_OK ? status : pki_crl_write(folder, &index, now, problem);
}

static wax_status make(const wax_pki_order *order, const char *name,
                       const struct authority *authority, wax_problem *problem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = NULL;
    EVP_PKEY *signer = authority->key != NULL ? authority->key : key;
    wax_status status;

    if (key == NULL) {
        return pki_fail_strangely(problem, "making a key");
    }
    status = pki_mold(order, key, authority, &certificate, problem);
    if (status == WAX_OK && X509_sign(certificate, signer, pki_digest(signer)) <= 0) {
        status = pki_fail_strangely(problem, "signing the certificate");
    }
    if (status == WAX_OK && order->role != WAX_PKI_CA) {
        status = hand_out(order->folder, name, certificate, key, problem);
    } else if (status == WAX_OK) {
        status = open_house(order->folder, certificate, key, order->term.now, problem);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    return status;
}

wax_status wax_pki_issue(const wax_pki_order *order, wax_problem *problem)
{
    struct authority authority = {NULL, NULL};
    char name[128];
    int lock;
    wax_status status = pki_lock(order->folder, &lock, problem);

    if (status != WAX_OK) {
        return status;
    }
    wax_pki_name_files(order, name);
    ERR_clear_error();
    status = refuse_existing(order->folder, name, problem);
    if (status == WAX_OK && order->role != WAX_PKI_CA) {
        status = pki_authority_read(order->folder, &authority, problem);
    }
    if (status == WAX_OK) {
        status = make(order, name, &authority, problem);
    }
    pki_authority_release(&authority);
    (void)close(lock);
    return status;
}

/* Whether `old` may be renewed with its key: not when it was revoked, for then the key was. */
static wax_status check_standing(const char *folder, const X509 *old, wax_pki_key key,
                                 wax_problem *problem)
{
    struct index index;
    char serial[44];
    const struct entry *entry;
    wax_status status = pki_index_read(folder, &index, problem);

    if (status != WAX_OK) {
        return status;
    }
    pki_serial(old, serial);
    entry = pki_index_find(&index, serial);
    if (entry != NULL && entry->state == 'R' && key == WAX_PKI_SAME_KEY) {
        status = pki_fail(problem, WAX_INVALID,
                          "this certificate was revoked, so its key is not trusted; renew it with "
                          "--new-key");
    }
    pki_index_release(&index);
    return status;
}

static wax_status renew_leaf(const char *folder, const char *name, wax_pki_key key,
                             const wax_pki_term *term, wax_problem *problem)
{
    struct authority authority = {NULL, NULL};
    struct authority old = {NULL, NULL};
    EVP_PKEY *fresh = NULL;
    X509 *certificate = NULL;
    wax_status status = pki_authority_read(folder, &authority, problem);

    if (status == WAX_OK) {
        status = pki_pair_read(folder, name, &old, problem);
    }
    if (status == WAX_OK && X509_verify(old.certificate, authority.key) != 1) {
        status =
            pki_fail(problem, WAX_INVALID, "%s.crt was not issued by the CA in %s", name, folder);
    }
    if (status == WAX_OK) {
        status = check_standing(folder, old.certificate, key, problem);
    }
    if (status == WAX_OK && key == WAX_PKI_NEW_KEY) {
        fresh = EVP_EC_gen("P-256");
        status = fresh != NULL ? WAX_OK : pki_fail_strangely(problem, "making a key");
    }
    if (status == WAX_OK) {
        status = pki_remold(&(struct authority){old.certificate, fresh != NULL ? fresh : old.key},
                            term, &authority, &certificate, problem);
    }
    if (status == WAX_OK && X509_sign(certificate, authority.key, pki_digest(authority.key)) <= 0) {
        status = pki_fail_strangely(problem, "signing the certificate");
    }
    if (status == WAX_OK) {
        status = hand_out(folder, name, certificate, fresh, problem);
    }
    X509_free(certificate);
    EVP_PKEY_free(fresh);
    pki_authority_release(&old);
    pki_authority_release(&authority);
    return status;
}

static wax_status renew_authority(const char *folder, wax_pki_key key, const wax_pki_term *term,
                                  wax_problem *problem)
{
    static const struct authority itself = {NULL, NULL};
    struct authority old;
    X509 *certificate = NULL;
    char path[PKI_PATH_MAX];
    wax_status status = pki_authority_read(folder, &old, problem);

    if (status == WAX_OK && key == WAX_PKI_NEW_KEY) {
        status = pki_fail(problem, WAX_INVALID,
                          "a CA with a new key is another CA: make it in another folder, and name "
                          "both in cafile until all certificates are of the new one");
    }
    if (status == WAX_OK) {
        status = pki_remold(&old, term, &itself, &certificate, problem);
    }
    if (status == WAX_OK && X509_sign(certificate, old.key, pki_digest(old.key)) <= 0) {
        status = pki_fail_strangely(problem, "signing the certificate");
    }
    if (status == WAX_OK) {
        status = pki_path(path, folder, "ca", ".crt", problem);
        status = status != WAX_OK ? status : write_certificate(path, certificate, problem);
    }
    X509_free(certificate);
    pki_authority_release(&old);
    return status;
}

wax_status wax_pki_renew(const char *folder, const char *name, wax_pki_key key,
                         const wax_pki_term *term, wax_problem *problem)
{
    int lock;
    wax_status status = pki_lock(folder, &lock, problem);

    if (status != WAX_OK) {
        return status;
    }
    ERR_clear_error();
    if (strcmp(name, "ca") == 0) {
        status = renew_authority(folder, key, term, problem);
    } else {
        status = renew_leaf(folder, name, key, term, problem);
    }
    (void)close(lock);
    return status;
}
