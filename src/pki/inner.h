/* What the files of this room share. */
#ifndef WAX_PKI_INNER_H
#define WAX_PKI_INNER_H

#include "pki/pki.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum {
    PKI_PATH_MAX = 4096,
    PKI_FILE_MAX = 16 << 20, /* of any file read: a bundle of CAs has 0.2 MiB */
    PKI_HOST_MAX = 64,
};

/* problem.c */

/* Writes `problem` and returns `status`. */
wax_status pki_fail(wax_problem *problem, wax_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As pki_fail() with what OpenSSL last complained of; for what should not happen. */
wax_status pki_fail_strangely(wax_problem *problem, const char *doing);

/* file.c */

/* Writes "folder/name" "ending". Returns WAX_OK or WAX_FULL with `problem`. */
wax_status pki_path(char room[static PKI_PATH_MAX], const char *folder, const char *name,
                    const char *ending, wax_problem *problem) WAX_CHECKED;

/* Opens a file for reading; the caller frees the BIO. */
wax_status pki_open(const char *path, BIO **in, wax_problem *problem) WAX_CHECKED;

/* Replaces a file, whole or not at all. */
wax_status pki_replace(const char *path, BIO *contents, unsigned mode,
                       wax_problem *problem) WAX_CHECKED;

/* Makes the folder if need be and keeps other processes from changing it until the descriptor
 * `lock` is closed. */
wax_status pki_lock(const char *folder, int *lock, wax_problem *problem) WAX_CHECKED;

/* index.c */

/* One certificate of index.txt. */
struct entry {
    char state;        /* 'V' valid, 'R' revoked */
    char until[16];    /* ASN.1 time */
    char revoked[16];  /* ASN.1 time, "" for 'V' */
    char serial[44];   /* hexadecimal, even count of digits */
    char subject[512]; /* as X509_NAME_oneline() */
};

struct index {
    struct entry *entries;
    size_t count;
};

wax_status pki_index_read(const char *folder, struct index *index,
                          wax_problem *problem) WAX_CHECKED;
wax_status pki_index_write(const char *folder, const struct index *index,
                           wax_problem *problem) WAX_CHECKED;
void pki_index_release(struct index *index);

/* The entry of a serial number, or NULL. */
struct entry *pki_index_find(const struct index *index, const char *serial);

/* Appends a valid certificate. */
wax_status pki_index_append(struct index *index, X509 *certificate,
                            wax_problem *problem) WAX_CHECKED;

/* The serial number as in index.txt. */
void pki_serial(const X509 *certificate, char room[static 44]);

/* revoke.c */

/* Writes crl.pem from the index. */
wax_status pki_crl_write(const char *folder, const struct index *index, int64_t now,
                         wax_problem *problem) WAX_CHECKED;

/* pair.c */

/* The certificate and key of an authority, or of anyone. */
struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

/* Reads NAME.crt and NAME.key, which belong to each other. */
wax_status pki_pair_read(const char *folder, const char *name, struct authority *pair,
                         wax_problem *problem) WAX_CHECKED;

/* Reads ca.crt and ca.key. */
wax_status pki_authority_read(const char *folder, struct authority *authority,
                              wax_problem *problem) WAX_CHECKED;
void pki_authority_release(struct authority *authority);

/* The digest to sign with: NULL for keys that bring their own (Ed25519). */
const EVP_MD *pki_digest(EVP_PKEY *key);

/* mold.c */

/* Makes a certificate of what is ordered, for the public half of `key`, unsigned. */
wax_status pki_mold(const wax_pki_order *order, EVP_PKEY *key, const struct authority *authority,
                    X509 **certificate, wax_problem *problem) WAX_CHECKED;

/* Gives a copy of the certificate in `old` a new serial number and term, and the public half of the
 * key beside it; unsigned. An authority without a certificate: the copy will sign itself. */
wax_status pki_remold(const struct authority *old, const wax_pki_term *term,
                      const struct authority *authority, X509 **certificate,
                      wax_problem *problem) WAX_CHECKED;

/* words.c */

/* Writes a name as RFC 2253 does, as a C string; cut if there is no room. */
void pki_name(const X509_NAME *name, char *room, size_t size);

/* The time in seconds. */
int64_t pki_seconds(const ASN1_TIME *time);

/* The time in the form of index.txt. */
void pki_stamp(int64_t seconds, char room[static 16]);

#endif
