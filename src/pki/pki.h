/* pki: certificates. A small authority that issues, renews and revokes them, and the words for what
 * is wrong with any, made here or elsewhere. Times are seconds since 1970 UTC. */
#ifndef WAX_PKI_H
#define WAX_PKI_H

#include "base/base.h"

/* OpenSSL's EVP_PKEY, STACK_OF(X509), X509 and X509_STORE_CTX, for rooms that use them. */
struct evp_pkey_st;
struct stack_st_X509;
struct x509_st;
struct x509_store_ctx_st;

/* One line of plain English about what failed and what to do next. */
typedef struct wax_problem {
    char text[640];
} wax_problem;

typedef enum wax_pki_role {
    WAX_PKI_CA,     /* signs the others; valid for 10 years unless asked otherwise */
    WAX_PKI_SERVER, /* for a broker; valid for 397 days */
    WAX_PKI_CLIENT, /* for a device or a person; valid for 397 days */
} wax_pki_role;

/* From when to when a certificate is valid. */
typedef struct wax_pki_term {
    int64_t now;
    int64_t not_before; /* 0: an hour before now, because clocks differ */
    int64_t not_after;  /* 0: the role's default, but not beyond the CA's own end */
} wax_pki_term;

/* The folder of an authority holds ca.crt and ca.key, NAME.crt and NAME.key of all it issued,
 * index.txt (what was issued and revoked, in the form of `openssl ca`) and crl.pem. Folders are
 * made with mode 0700, keys with 0600; every file is replaced whole or not at all. */
typedef struct wax_pki_order {
    const char *folder;
    wax_pki_role role;
    const char *file; /* the NAME of its files; NULL: made of `name`. For a CA always "ca". */
    const char *name; /* the common name: 1 to 64 bytes of UTF-8 */
    const char *const
        *hosts; /* for a server: 1 to 64 DNS names and IP addresses it is reached by */
    size_t host_count;
    wax_pki_term term;
} wax_pki_order;

/* Issues a certificate with a new P-256 key. A CA also gets an empty crl.pem.
 * Returns WAX_OK; WAX_INVALID when the order cannot be filled or the files exist already;
 * WAX_NOT_FOUND when the folder holds no CA; WAX_IO. `problem` says why. */
wax_status wax_pki_issue(const wax_pki_order *order, wax_problem *problem) WAX_CHECKED;

/* Writes the NAME under which the files of an order stand: its `file` or `name`, of which only
 * letters, digits and "-_@." stay as they are. */
void wax_pki_name_files(const wax_pki_order *order, char room[static 128]);

/* What becomes of the key when a certificate is renewed. */
typedef enum wax_pki_key {
    WAX_PKI_SAME_KEY,
    WAX_PKI_NEW_KEY,
} wax_pki_key;

/* Issues NAME.crt anew: same names, same uses, another serial number and term. The old certificate
 * stays valid until it ends. A CA keeps its key always, and so does all that it has signed.
 * Returns as wax_pki_issue(); WAX_INVALID also when the old one was revoked and the key stays. */
wax_status wax_pki_renew(const char *folder, const char *name, wax_pki_key key,
                         const wax_pki_term *term, wax_problem *problem) WAX_CHECKED;

/* Revokes every certificate of the subject of NAME.crt, or the one whose serial number (as in
 * index.txt) `name` is, and writes crl.pem anew.
 * Returns as wax_pki_issue(); WAX_NOT_FOUND also when there is nothing of that name. */
wax_status wax_pki_revoke(const char *folder, const char *name, int64_t now,
                          wax_problem *problem) WAX_CHECKED;

/* Writes in plain text what a PEM file holds (certificates, keys, revocation lists), and a line
 * "PROBLEM: ..." for each thing that would keep it from serving MQTT; `problem_count` counts them.
 * A certificate is held against the files beside it: its key, ca.crt, crl.pem.
 * Returns WAX_OK; WAX_IO when it cannot be read and WAX_INVALID when it is no PEM, as `problem`
 * says; WAX_FULL when `out` is. */
wax_status wax_pki_show(const char *path, int64_t now, wax_writer *out, size_t *problem_count,
                        wax_problem *problem) WAX_CHECKED;

/* Reads all certificates of a PEM file, in order, into a stack that the caller frees.
 * Returns WAX_OK with at least one; WAX_IO or WAX_INVALID, as `problem` says. */
wax_status wax_pki_read_chain(const char *path, struct stack_st_X509 **chain,
                              wax_problem *problem) WAX_CHECKED;

/* Reads the private key of a PEM file; the caller frees it. A key under a passphrase needs
 * `passphrase_file`, whose first line is the passphrase; otherwise it may be NULL. Never asks on a
 * terminal. Returns as wax_pki_read_chain(). */
wax_status wax_pki_read_key(const char *path, const char *passphrase_file, struct evp_pkey_st **key,
                            wax_problem *problem) WAX_CHECKED;

/* Reads a private key on P-256, and a public one ("PUBLIC KEY"), of a PEM file, as the room crypto
 * has them. Return as wax_pki_read_key(); WAX_INVALID also for another curve. */
wax_status wax_pki_read_p256(const char *path, const char *passphrase_file,
                             uint8_t secret[static 32], wax_problem *problem) WAX_CHECKED;
wax_status wax_pki_read_p256_public(const char *path, uint8_t public_key[static 65],
                                    wax_problem *problem) WAX_CHECKED;

/* Makes a key on P-256: the private one in the file `path`, for the owner alone, the public one in
 * "path.pub". Returns WAX_OK; WAX_INVALID when a file is there already; WAX_FULL; WAX_IO. */
wax_status wax_pki_make_p256(const char *path, wax_problem *problem) WAX_CHECKED;

/* Whether this process can read the file or folder at `path`. If not, returns WAX_IO, and `problem`
 * says who owns it, its mode, who we are, and the one command that mends it. */
wax_status wax_pki_check_readable(const char *path, wax_problem *problem) WAX_CHECKED;

/* Writes the first common name of the subject, as a C string.
 * Returns WAX_OK; WAX_NOT_FOUND when there is none; WAX_UNTRUSTED when it is no well-formed UTF-8
 * or holds control characters, U+0000 among them; WAX_FULL. */
wax_status wax_pki_common_name(const struct x509_st *certificate, char *room,
                               size_t size) WAX_CHECKED;

/* Writes one of the names in the certificate's SAN - a DNS name, an e-mail address or a URI -,
 * counted from 0, as a C string. Returns WAX_OK; WAX_NOT_FOUND behind the last; WAX_UNTRUSTED when
 * it is empty or holds anything but printable ASCII, U+0000 among it; WAX_FULL. */
wax_status wax_pki_name(const struct x509_st *certificate, size_t number, char *room,
                        size_t size) WAX_CHECKED;

/* Computes the SHA-256 of the public key as a SubjectPublicKeyInfo in DER, the same in every
 * certificate of this key [RFC 7469, 2.4]. Returns WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status wax_pki_key_digest(const struct x509_st *certificate,
                              uint8_t digest[static 32]) WAX_CHECKED;

/* Writes the subject as RFC 2253 does, e.g. "CN=pump,O=Plant", as a C string. Returns WAX_OK or
 * WAX_FULL. */
wax_status wax_pki_subject(const struct x509_st *certificate, char *room, size_t size) WAX_CHECKED;

/* Writes the DNS names and addresses a certificate is for, as in "broker.local, 10.0.0.5", as a C
 * string; cut if there is no room, "" if there are none. */
void wax_pki_hosts(const struct x509_st *certificate, char *room, size_t size);

/* When the certificate ends. */
int64_t wax_pki_not_after(const struct x509_st *certificate);

/* Writes a day as in 2026-11-01. */
void wax_pki_date(int64_t seconds, char room[static 16]);

/* Whose certificate is judged, and by what. */
typedef struct wax_pki_case {
    const char *whose;     /* "server" or "client" */
    const char *host;      /* the name or address the server was asked for; NULL: none */
    const char *authority; /* where the trusted CAs come from, as in "cafile /etc/wax/ca.crt" */
    const char *crlfile;   /* NULL: none */
} wax_pki_case;

/* Says why OpenSSL refused a certificate, from within its verify callback. */
void wax_pki_explain(struct x509_store_ctx_st *verdict, const wax_pki_case *about,
                     wax_problem *problem);

#endif
