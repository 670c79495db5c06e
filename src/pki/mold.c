/* What goes into a certificate. */
#include "pki/inner.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/rand.h>

enum {
    HOUR = 3600,
    DAY = 24 * HOUR,
    SERIAL_BITS = 128,
};

static const int64_t default_terms[] = {
    [WAX_PKI_CA] = (int64_t)3650 * DAY,
    [WAX_PKI_SERVER] = (int64_t)397 * DAY,
    [WAX_PKI_CLIENT] = (int64_t)397 * DAY,
};

struct extension {
    wax_pki_role role;
    int kind;
    const char *value;
};

/* RFC 5280, 4.2.1. */
/* clang-format off */
static const struct extension extensions[] = {
    {WAX_PKI_CA,     NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {WAX_PKI_CA,     NID_key_usage,         "critical,keyCertSign,cRLSign"},
    {WAX_PKI_SERVER, NID_basic_constraints, "critical,CA:FALSE"},
    {WAX_PKI_SERVER, NID_key_usage,         "critical,digitalSignature"},
    {WAX_PKI_SERVER, NID_ext_key_usage,     "serverAuth"},
    {WAX_PKI_CLIENT, NID_basic_constraints, "critical,CA:FALSE"},
    {WAX_PKI_CLIENT, NID_key_usage,         "critical,digitalSignature"},
    {WAX_PKI_CLIENT, NID_ext_key_usage,     "clientAuth"},
};
/* clang-format on */

static bool add_extension(X509 *certificate, const X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;
    bool is_added;

    X509V3_set_ctx_nodb(&context);
    /* OpenSSL 3.0 only reads the certificates, but its prototype does not say so. */
    X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    if (extension == NULL) {
        return false;
    }
    is_added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

/* Both name the keys, so that a verifier finds the right one among CAs of the same name. */
static bool add_key_identifiers(X509 *certificate, const X509 *issuer)
{
    return add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

static bool add_role(X509 *certificate, wax_pki_role role)
{
    for (size_t i = 0; i < WAX_COUNT(extensions); i++) {
        if (extensions[i].role == role &&
            !add_extension(certificate, certificate, extensions[i].kind, extensions[i].value)) {
            return false;
        }
    }
    return true;
}

static bool is_dns_name(const char *host)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*";
    size_t size = strlen(host);

    return size > 0 && size <= 253 && host[0] != '.' && host[0] != '-' &&
           strspn(host, allowed) == size;
}

/* Appends a DNS name or an address; which of both it is, its form tells. */
static bool append_host(GENERAL_NAMES *names, const char *host)
{
    uint8_t address[16];
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value;
    int kind = GEN_DNS;
    const void *bytes = host;
    size_t size = strlen(host);

    if (inet_pton(AF_INET, host, address) == 1) {
        kind = GEN_IPADD;
        bytes = address;
        size = 4;
    } else if (inet_pton(AF_INET6, host, address) == 1) {
        kind = GEN_IPADD;
        bytes = address;
        size = 16;
    }
    value = kind == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)size) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, kind, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static wax_status check_hosts(const wax_pki_order *order, wax_problem *problem)
{
    uint8_t address[16];

    if (order->host_count > PKI_HOST_MAX || (order->role == WAX_PKI_SERVER && !order->host_count)) {
        return pki_fail(
            problem, WAX_INVALID,
            "a server's certificate needs 1 to %d names or addresses that clients reach "
            "it by",
            PKI_HOST_MAX);
    }
    for (size_t i = 0; i < order->host_count; i++) {
        const char *host = order->hosts[i];
        if (inet_pton(AF_INET6, host, address) != 1 && !is_dns_name(host)) {
            return pki_fail(problem, WAX_INVALID,
                            "'%s' is neither a DNS name nor an address; write a name with other "
                            "letters in its xn-- form, and an address without port or brackets",
                            host);
        }
    }
    return WAX_OK;
}

static bool add_hosts(X509 *certificate, const wax_pki_order *order)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool is_added = names != NULL;

    for (size_t i = 0; is_added && i < order->host_count; i++) {
        is_added = append_host(names, order->hosts[i]);
    }
    if (is_added && order->host_count > 0) {
        is_added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    }
    GENERAL_NAMES_free(names);
    return is_added;
}

/* RFC 5280, 4.1.2.2: positive, at most 20 bytes, and not to be foreseen. */
static bool set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();
    bool is_set = number != NULL &&
                  BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;

    BN_free(number);
    return is_set;
}

static wax_status set_term(X509 *certificate, const wax_pki_term *term, int64_t usual_term,
                           const X509 *issuer, wax_problem *problem)
{
    int64_t end = term->not_after != 0 ? term->not_after : term->now + usual_term;
    int64_t start = term->not_before != 0 ? term->not_before : term->now - HOUR;
    int64_t limit = issuer != NULL ? wax_pki_not_after(issuer) : INT64_MAX;
    char day[16];

    /* One that has already ended began some time before. */
    if (term->not_before == 0 && end <= start) {
        start = end - usual_term;
    }
    if (term->not_after == 0 && end > limit) {
        end = limit;
    }
    wax_pki_date(limit, day);
    if (limit <= term->now && term->not_after == 0) {
        return pki_fail(problem, WAX_INVALID, "the CA itself expired on %s; `wax pki renew ca`",
                        day);
    }
    if (end > limit) {
        return pki_fail(problem, WAX_INVALID,
                        "no certificate may outlive its CA, which ends on %s; ask for less, or "
                        "`wax pki renew ca` first",
                        day);
    }
    if (end <= start) {
        return pki_fail(problem, WAX_INVALID, "the certificate would end before it begins");
    }
    if (ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)start) == NULL ||
        ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)end) == NULL) {
        return pki_fail(problem, WAX_INVALID, "there is no such day in a certificate");
    }
    return WAX_OK;
}

static bool set_subject(X509 *certificate, const char *name)
{
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
}

static wax_status check_name(const char *name, wax_problem *problem)
{
    wax_bytes bytes = wax_bytes_of_text(name);

    if (bytes.size == 0 || bytes.size > 64 || !wax_utf8_is_valid(bytes)) {
        return pki_fail(problem, WAX_INVALID,
                        "the name '%.80s' is not 1 to 64 bytes of UTF-8; give a shorter one by "
                        "--name",
                        name);
    }
    return WAX_OK;
}

static bool fill(X509 *certificate, const wax_pki_order *order, EVP_PKEY *key, const X509 *issuer)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           set_subject(certificate, order->name) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 &&
           X509_set_pubkey(certificate, key) == 1 && add_role(certificate, order->role) &&
           add_hosts(certificate, order) && add_key_identifiers(certificate, issuer);
}

wax_status pki_mold(const wax_pki_order *order, EVP_PKEY *key, const struct authority *authority,
                    X509 **certificate, wax_problem *problem)
{
    const X509 *issuer = authority->certificate;
    wax_status status = check_name(order->name, problem);

    *certificate = NULL;
    if (status == WAX_OK) {
        status = check_hosts(order, problem);
    }
    if (status != WAX_OK) {
        return status;
    }
    *certificate = X509_new();
    if (*certificate == NULL ||
        !fill(*certificate, order, key, issuer != NULL ? issuer : *certificate)) {
        status = pki_fail_strangely(problem, "making the certificate");
    } else {
        status = set_term(*certificate, &order->term, default_terms[order->role], issuer, problem);
    }
    if (status != WAX_OK) {
        X509_free(*certificate);
        *certificate = NULL;
    }
    return status;
}

static void drop_extension(X509 *certificate, int kind)
{
    int place = X509_get_ext_by_NID(certificate, kind, -1);

    if (place >= 0) {
        X509_EXTENSION_free(X509_delete_ext(certificate, place));
    }
}

static bool refill(X509 *certificate, EVP_PKEY *key, const X509 *issuer)
{
    drop_extension(certificate, NID_subject_key_identifier);
    drop_extension(certificate, NID_authority_key_identifier);
    return set_serial(certificate) && X509_set_pubkey(certificate, key) == 1 &&
           add_key_identifiers(certificate, issuer != NULL ? issuer : certificate);
}

wax_status pki_remold(const struct authority *old, const wax_pki_term *term,
                      const struct authority *authority, X509 **certificate, wax_problem *problem)
{
    wax_pki_role role = authority->certificate == NULL ? WAX_PKI_CA : WAX_PKI_SERVER;
    wax_status status = WAX_OK;

    *certificate = X509_dup(old->certificate);
    if (*certificate == NULL || !refill(*certificate, old->key, authority->certificate)) {
        status = pki_fail_strangely(problem, "renewing the certificate");
    } else {
        status = set_term(*certificate, term, default_terms[role], authority->certificate, problem);
    }
    if (status != WAX_OK) {
        X509_free(*certificate);
        *certificate = NULL;
    }
    return status;
}
