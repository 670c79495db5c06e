/* Shows what a PEM file holds, and what is wrong with it. */
#include "pki/inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

enum {
    DAY = 24 * 3600,
    SOON = 30 * DAY,
    WEAK_RSA_BITS = 2048,
    WEAK_SECURITY_BITS = 112,
};

/* What a look at a file needs and finds. */
struct look {
    const char *path;
    int64_t now;
    wax_writer *out;
    size_t problem_count;
};

static void say(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct look *look, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say_values(struct look *look, const char *format, va_list values)
    __attribute__((format(printf, 2, 0)));

static void say_values(struct look *look, const char *format, va_list values)
{
    char line[1200];

    (void)vsnprintf(line, sizeof line, format, values);
    wax_write_bytes(look->out, wax_bytes_of_text(line));
    wax_write_u8(look->out, '\n');
}

static void say(struct look *look, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    say_values(look, format, values);
    va_end(values);
}

static void complain(struct look *look, const char *format, ...)
{
    va_list values;

    look->problem_count++;
    wax_write_bytes(look->out, WAX_TEXT("  PROBLEM: "));
    va_start(values, format);
    say_values(look, format, values);
    va_end(values);
}

static bool is_self_issued(X509 *certificate)
{
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}

static bool is_authority(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0;
}

static bool has_hosts(X509 *certificate)
{
    char hosts[8];

    wax_pki_hosts(certificate, hosts, sizeof hosts);
    return hosts[0] != '\0';
}

/* Whether the certificate may be used so; without any extended key usage it may be for everything.
 */
static bool is_for(X509 *certificate, uint32_t usage)
{
    uint32_t usages = X509_get_extended_key_usage(certificate);

    return usages == UINT32_MAX || (usages & usage) != 0;
}

static void name_uses(X509 *certificate, char *room, size_t size)
{
    const char *usage = "neither servers nor clients";
    bool is_server = is_for(certificate, XKU_SSL_SERVER);
    bool is_client = is_for(certificate, XKU_SSL_CLIENT);

    if (is_authority(certificate)) {
        usage = "signing other certificates (a CA)";
    } else if (is_server && is_client) {
        usage = "servers and clients";
    } else if (is_server) {
        usage = "servers";
    } else if (is_client) {
        usage = "clients";
    }
    (void)snprintf(room, size, "%s", usage);
}

static void name_key(EVP_PKEY *key, char *room, size_t size)
{
    char group[64] = "";
    const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;

    if (key != NULL) {
        (void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    }
    ERR_clear_error();
    (void)snprintf(room, size, "%s%s%s, %d bits", type != NULL ? type : "unknown",
                   group[0] != '\0' ? " " : "", group, key != NULL ? EVP_PKEY_get_bits(key) : 0);
}

/* The SHA-256 of the whole certificate, as `openssl x509 -fingerprint -sha256` shows it. */
static void print_fingerprint(const X509 *certificate, char room[static 100])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    room[0] = '\0';
    if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) {
        return;
    }
    for (unsigned i = 0; i < size && i < 32; i++) {
        (void)snprintf(room + 3 * (size_t)i, 4, "%02X%s", digest[i], i + 1 < size ? ":" : "");
    }
}

static void check_term(struct look *look, const X509 *certificate)
{
    int64_t start = pki_seconds(X509_get0_notBefore(certificate));
    int64_t end = wax_pki_not_after(certificate);
    char day[16];

    if (end < look->now) {
        wax_pki_date(end, day);
        complain(look, "it expired on %s; renew it with `wax pki renew`", day);
    } else if (end < look->now + SOON) {
        say(look, "  it ends in %d days; renew it soon with `wax pki renew`",
            (int)((end - look->now) / DAY));
    }
    if (start > look->now) {
        wax_pki_date(start, day);
        complain(look, "it is valid only from %s on", day);
    }
}

static void check_strength(struct look *look, X509 *certificate)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int digest = NID_undef;

    if (key == NULL) {
        complain(look, "its key is of a kind that OpenSSL does not know");
    } else if (EVP_PKEY_get_security_bits(key) < WEAK_SECURITY_BITS) {
        complain(look, "its key is too small to be safe; use EC P-256, or RSA of %d bits or more",
                 WEAK_RSA_BITS);
    }
    if (X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) == 1 &&
        (digest == NID_md5 || digest == NID_sha1)) {
        complain(look, "it is signed with %s, which is broken; use SHA-256", OBJ_nid2sn(digest));
    }
}

/* What goes wrong most often when certificates are made by hand. */
static void check_form(struct look *look, X509 *certificate)
{
    uint32_t flags = X509_get_extension_flags(certificate);
    bool is_server = is_for(certificate, XKU_SSL_SERVER);

    if ((flags & EXFLAG_INVALID) != 0) {
        complain(look, "its extensions are damaged");
    }
    if (is_authority(certificate)) {
        if ((X509_get_key_usage(certificate) & X509v3_KU_KEY_CERT_SIGN) == 0) {
            complain(look, "it is a CA, but its key usage lacks keyCertSign");
        }
        return;
    }
    if (!is_server && !is_for(certificate, XKU_SSL_CLIENT)) {
        complain(look, "its extended key usage lacks both serverAuth and clientAuth");
    }
    if (is_server && !has_hosts(certificate)) {
        complain(look, "it has no SAN (subjectAltName), so it is for no host: a server needs its "
                       "names and addresses there, the common name does not count");
    }
    if (is_self_issued(certificate) && X509_self_signed(certificate, 1) != 1) {
        complain(look, "its subject is the same as its CA's, so it seems to be signed by itself; "
                       "give the two different names");
    } else if (is_self_issued(certificate)) {
        complain(look, "it is signed by itself, not by a CA; each client must trust exactly it");
    }
}

/* Writes the path of the file `name` beside the one looked at; false when there is none. */
static bool find_beside(const struct look *look, const char *name, char room[static PKI_PATH_MAX])
{
    const char *slash = strrchr(look->path, '/');
    int folder_size = slash != NULL ? (int)(slash - look->path) + 1 : 0;
    int size = snprintf(room, PKI_PATH_MAX, "%.*s%s", folder_size, look->path, name);

    return size > 0 && size < PKI_PATH_MAX && access(room, F_OK) == 0;
}

static void check_key(struct look *look, const X509 *certificate)
{
    const char *slash = strrchr(look->path, '/');
    const char *name = slash != NULL ? slash + 1 : look->path;
    const char *point = strrchr(name, '.');
    char file[256];
    char path[PKI_PATH_MAX];
    wax_problem problem;
    EVP_PKEY *key = NULL;

    (void)snprintf(file, sizeof file, "%.*s.key", point != NULL ? (int)(point - name) : 200, name);
    if (!find_beside(look, file, path)) {
        say(look, "  key file:    none beside it (%s)", file);
        return;
    }
    if (wax_pki_read_key(path, NULL, &key, &problem) != WAX_OK) {
        say(look, "  key file:    %s", problem.text);
    } else if (X509_check_private_key(certificate, key) != 1) {
        complain(look, "%s does not belong to it", path);
    } else {
        say(look, "  key file:    %s belongs to it", path);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
}

static void check_authority(struct look *look, X509 *certificate)
{
    char path[PKI_PATH_MAX];
    wax_problem problem;
    STACK_OF(X509) *chain = NULL;
    X509 *issuer;

    if (!find_beside(look, "ca.crt", path) ||
        wax_pki_read_chain(path, &chain, &problem) != WAX_OK) {
        return;
    }
    issuer = sk_X509_value(chain, 0);
    if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_get_issuer_name(certificate)) == 0 &&
        X509_verify(certificate, X509_get0_pubkey(issuer)) != 1) {
        complain(look, "it names the CA in %s as its issuer, but that CA did not sign it", path);
    }
    ERR_clear_error();
    sk_X509_pop_free(chain, X509_free);
}

static void check_revocation(struct look *look, X509 *certificate)
{
    char path[PKI_PATH_MAX];
    wax_problem problem;
    BIO *in;
    X509_CRL *list;
    X509_REVOKED *entry = NULL;
    char day[16];

    if (!find_beside(look, "crl.pem", path) || pki_open(path, &in, &problem) != WAX_OK) {
        return;
    }
    list = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);
    if (list != NULL && X509_CRL_get0_by_cert(list, &entry, certificate) == 1) {
        wax_pki_date(pki_seconds(X509_REVOKED_get0_revocationDate(entry)), day);
        complain(look, "it was revoked on %s", day);
    }
    ERR_clear_error();
    X509_CRL_free(list);
    BIO_free(in);
}

static void describe(struct look *look, X509 *certificate)
{
    char text[512];
    char serial[44];
    char fingerprint[100];
    char since[16];
    char until[16];

    pki_name(X509_get_subject_name(certificate), text, sizeof text);
    say(look, "certificate of %s", text[0] != '\0' ? text : "(no name)");
    pki_name(X509_get_issuer_name(certificate), text, sizeof text);
    say(look, "  issued by:   %s", text);
    wax_pki_date(pki_seconds(X509_get0_notBefore(certificate)), since);
    wax_pki_date(wax_pki_not_after(certificate), until);
    say(look, "  valid:       %s to %s", since, until);
    name_uses(certificate, text, sizeof text);
    say(look, "  for:         %s", text);
    wax_pki_hosts(certificate, text, sizeof text);
    if (text[0] != '\0') {
        say(look, "  hosts:       %s", text);
    }
    name_key(X509_get0_pubkey(certificate), text, sizeof text);
    say(look, "  key:         %s", text);
    pki_serial(certificate, serial);
    say(look, "  serial:      %s", serial);
    print_fingerprint(certificate, fingerprint);
    say(look, "  SHA-256:     %s", fingerprint);
}

static void show_certificate(struct look *look, X509 *certificate, bool is_first)
{
    describe(look, certificate);
    check_term(look, certificate);
    check_strength(look, certificate);
    check_form(look, certificate);
    if (is_first) {
        check_key(look, certificate);
    }
    check_authority(look, certificate);
    check_revocation(look, certificate);
}

static void show_list(struct look *look, X509_CRL *list)
{
    char text[512];
    char since[16];
    char until[16];
    int64_t end = pki_seconds(X509_CRL_get0_nextUpdate(list));
    int revoked_count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(list)); /* -1: no field */

    pki_name(X509_CRL_get_issuer(list), text, sizeof text);
    say(look, "revocation list of %s", text);
    wax_pki_date(pki_seconds(X509_CRL_get0_lastUpdate(list)), since);
    wax_pki_date(end, until);
    say(look, "  valid:       %s to %s", since, until);
    say(look, "  revoked:     %d", revoked_count > 0 ? revoked_count : 0);
    if (end != 0 && end < look->now) {
        complain(look, "it is out of date since %s: nobody it concerns can connect; write it anew",
                 until);
    }
}

static void show_key(struct look *look, EVP_PKEY *key)
{
    char text[128];
    struct stat about;

    name_key(key, text, sizeof text);
    say(look, "private key, %s", text);
    if (stat(look->path, &about) == 0 && (about.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
        complain(look, "everybody can read it (mode %04o); `chmod 600 %s`",
                 (unsigned)about.st_mode & 07777U, look->path);
    }
    if (EVP_PKEY_get_security_bits(key) < WEAK_SECURITY_BITS) {
        complain(look, "it is too small to be safe; use EC P-256");
    }
}

/* A file may hold several things, in any order. */
static void show_all(struct look *look, const STACK_OF(X509_INFO) * things)
{
    bool is_first = true;

    for (int i = 0; i < sk_X509_INFO_num(things); i++) {
        const X509_INFO *thing = sk_X509_INFO_value(things, i);
        if (thing->x509 != NULL) {
            show_certificate(look, thing->x509, is_first);
            is_first = false;
        }
        if (thing->crl != NULL) {
            show_list(look, thing->crl);
        }
        if (thing->x_pkey != NULL && thing->x_pkey->dec_pkey != NULL) {
            show_key(look, thing->x_pkey->dec_pkey);
        }
    }
}

/* OpenSSL asks on the terminal if there is no such function. */
static int give_no_passphrase(char *room, int size, int is_writing, void *self)
{
    (void)room;
    (void)size;
    (void)is_writing;
    (void)self;
    return -1;
}

wax_status wax_pki_show(const char *path, int64_t now, wax_writer *out, size_t *problem_count,
                        wax_problem *problem)
{
    struct look look = {path, now, out, 0};
    STACK_OF(X509_INFO) * things;
    BIO *in;
    wax_status status = pki_open(path, &in, problem);

    *problem_count = 0;
    if (status != WAX_OK) {
        return status;
    }
    things = PEM_X509_INFO_read_bio(in, NULL, give_no_passphrase, NULL);
    BIO_free(in);
    ERR_clear_error();
    if (things == NULL || sk_X509_INFO_num(things) == 0) {
        status = pki_fail(problem, WAX_INVALID,
                          "%s holds no certificate, open key or revocation list in PEM form", path);
    } else {
        show_all(&look, things);
        status = out->status;
        *problem_count = look.problem_count;
    }
    sk_X509_INFO_pop_free(things, X509_INFO_free);
    return status;
}
