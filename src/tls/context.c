/* What a context is made of. */
#include "tls/inner.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
    DAY = 24 * 3600,
    STRONG_BITS = 128,
};

/* Forward secrecy, and AEAD first. Devices with old TLS stacks still find a CBC suite at the end.
 */
static const char usual_ciphers[] =
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:ECDHE+AES:!aNULL:!eNULL:!DSS";

/* The first is safe against quantum computers as well, where OpenSSL (3.5 or later) knows it. */
static const char *const group_lists[] = {
    "X25519MLKEM768:X25519:P-256:P-384",
    "X25519:P-256:P-384",
};

/* Who a session belongs to, so that it is not resumed at a listener of another kind. */
static const unsigned char session_domain[] = "wax";

static wax_status fail(wax_problem *problem, wax_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static wax_status fail(wax_problem *problem, wax_status status, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(problem->text, sizeof problem->text, format, values);
    va_end(values);
    ERR_clear_error();
    return status;
}

void wax_tls_release(wax_tls_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->holders, 1) > 1) {
        return;
    }
    SSL_CTX_free(context->ssl_context);
    BIO_meth_free(context->bio_method);
    free(context->alpn);
    free(context->authority);
    free(context->crlfile);
    free(context);
}

static bool set_versions(SSL_CTX *ssl_context, const wax_tls_settings *settings)
{
    int oldest = settings->oldest_version == WAX_TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    int newest = settings->newest_version == WAX_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;

    return SSL_CTX_set_min_proto_version(ssl_context, oldest) == 1 &&
           SSL_CTX_set_max_proto_version(ssl_context, newest) == 1;
}

/* Sets what is the same for all. */
static bool set_rules(SSL_CTX *ssl_context, const wax_tls_settings *settings)
{
    bool has_groups = false;

    for (size_t i = 0; !has_groups && i < WAX_COUNT(group_lists); i++) {
        char list[64]; /* OpenSSL's prototype wants one that it may write to */
        (void)snprintf(list, sizeof list, "%s", group_lists[i]);
        has_groups = SSL_CTX_set1_groups_list(ssl_context, list) == 1;
    }
    ERR_clear_error();
    (void)SSL_CTX_set_mode(ssl_context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_options(ssl_context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                               SSL_OP_CIPHER_SERVER_PREFERENCE |
                                               SSL_OP_PRIORITIZE_CHACHA |
                                               SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* One read below for a record, not one for its head and one for its body. */
    SSL_CTX_set_read_ahead(ssl_context, 1);
    /* A ticket is in the client's hands; the server keeps no sessions. One ticket per connection is
     * enough for a client that comes back alone. */
    (void)SSL_CTX_set_session_cache_mode(ssl_context, SSL_SESS_CACHE_OFF);
    return has_groups && set_versions(ssl_context, settings) &&
           SSL_CTX_set_num_tickets(ssl_context, 1) == 1 &&
           SSL_CTX_set_session_id_context(ssl_context, session_domain, sizeof session_domain) == 1;
}

/* Whatever a list of ciphers says: nothing without authentication or of less than 128 bits. */
static wax_status refuse_weak(const SSL_CTX *ssl_context, wax_problem *problem)
{
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ssl_context);

    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        if (SSL_CIPHER_get_bits(cipher, NULL) < STRONG_BITS ||
            SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null) {
            return fail(problem, WAX_INVALID,
                        "ciphers: %s is too weak; take it out, or leave the option out to get "
                        "those that are safe",
                        SSL_CIPHER_get_name(cipher));
        }
    }
    return WAX_OK;
}

static wax_status set_ciphers(SSL_CTX *ssl_context, const wax_tls_settings *settings,
                              wax_problem *problem)
{
    const char *ciphers = settings->ciphers != NULL ? settings->ciphers : usual_ciphers;

    if (SSL_CTX_set_cipher_list(ssl_context, ciphers) != 1) {
        return fail(
            problem, WAX_INVALID,
            "ciphers: OpenSSL knows none of '%s'; `openssl ciphers -v` lists those it knows",
            ciphers);
    }
    if (settings->ciphers_tls13 != NULL &&
        SSL_CTX_set_ciphersuites(ssl_context, settings->ciphers_tls13) != 1) {
        return fail(problem, WAX_INVALID,
                    "ciphers_tls1.3: OpenSSL does not know '%s'; `openssl ciphers -v -s -tls1_3` "
                    "lists those it knows",
                    settings->ciphers_tls13);
    }
    return refuse_weak(ssl_context, problem);
}

/* The first end of a chain, for nobody trusts what is left of it then. */
static int64_t end_of(const STACK_OF(X509) * chain)
{
    int64_t end = INT64_MAX;

    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t other = wax_pki_not_after(sk_X509_value(chain, i));
        end = other < end ? other : end;
    }
    return end;
}

static wax_status use_pair(wax_tls_context *context, STACK_OF(X509) * chain, EVP_PKEY *key,
                           const wax_tls_settings *settings, wax_problem *problem)
{
    X509 *own = sk_X509_shift(chain);
    wax_status status = WAX_OK;
    bool belongs = X509_check_private_key(own, key) == 1;

    context->not_after = wax_pki_not_after(own);
    if (end_of(chain) < context->not_after) {
        context->not_after = end_of(chain);
    }
    if (!belongs) {
        status =
            fail(problem, WAX_INVALID,
                 "keyfile %s does not belong to certfile %s; the first certificate in certfile "
                 "must be our own, made for this key",
                 settings->keyfile, settings->certfile);
    } else if (SSL_CTX_use_cert_and_key(context->ssl_context, own, key, chain, 1) != 1) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        status = fail(problem, WAX_INVALID, "certfile %s cannot be used: %s", settings->certfile,
                      reason != NULL ? reason : "OpenSSL does not say why");
    }
    X509_free(own);
    return status;
}

/* Our own certificate. */
static wax_status set_pair(wax_tls_context *context, const wax_tls_settings *settings,
                           wax_problem *problem)
{
    STACK_OF(X509) *chain = NULL;
    EVP_PKEY *key = NULL;
    wax_status status;

    if (settings->certfile == NULL && settings->keyfile == NULL && !context->is_server) {
        return WAX_OK;
    }
    if (settings->certfile == NULL || settings->keyfile == NULL) {
        return fail(problem, WAX_INVALID,
                    "%s is missing: a certificate and its key go together; `wax pki %s` makes both",
                    settings->certfile == NULL ? "certfile" : "keyfile",
                    context->is_server ? "server" : "client");
    }
    status = wax_pki_read_chain(settings->certfile, &chain, problem);
    if (status == WAX_OK) {
        status = wax_pki_read_key(settings->keyfile, settings->passphrase_file, &key, problem);
    }
    if (status == WAX_OK) {
        status = use_pair(context, chain, key, settings, problem);
    }
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
    return status;
}

/* Trusts the CAs of a file, and tells clients their names, by which they choose a certificate. */
static wax_status trust_file(const wax_tls_context *context, const char *cafile,
                             wax_problem *problem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl_context);
    STACK_OF(X509) *chain = NULL;
    wax_status status = wax_pki_read_chain(cafile, &chain, problem);

    for (int i = 0; status == WAX_OK && i < sk_X509_num(chain); i++) {
        X509 *certificate = sk_X509_value(chain, i);
        if (X509_STORE_add_cert(store, certificate) != 1 ||
            (context->is_server && SSL_CTX_add_client_CA(context->ssl_context, certificate) != 1)) {
            status = fail(problem, WAX_IO, "cafile %s cannot be used: no memory", cafile);
        }
    }
    sk_X509_pop_free(chain, X509_free);
    return status;
}

static wax_status trust(const wax_tls_context *context, const wax_tls_settings *settings,
                        wax_problem *problem)
{
    SSL_CTX *ssl_context = context->ssl_context;
    wax_status status = WAX_OK;

    if (settings->cafile != NULL) {
        status = trust_file(context, settings->cafile, problem);
    }
    if (status == WAX_OK && settings->capath != NULL) {
        status = wax_pki_check_readable(settings->capath, problem);
        if (status == WAX_OK && SSL_CTX_load_verify_dir(ssl_context, settings->capath) != 1) {
            status = fail(problem, WAX_IO, "capath %s cannot be used", settings->capath);
        }
    }
    if (status == WAX_OK && !context->is_server &&
        (settings->trusts_os || (settings->cafile == NULL && settings->capath == NULL)) &&
        SSL_CTX_set_default_verify_paths(ssl_context) != 1) {
        status = fail(problem, WAX_IO,
                      "the CAs of the operating system cannot be read; name some with --cafile");
    }
    return status;
}

static wax_status set_revoked(const wax_tls_context *context, const wax_tls_settings *settings,
                              wax_problem *problem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl_context);
    X509_LOOKUP *lookup;
    wax_status status;

    if (settings->crlfile == NULL) {
        return WAX_OK;
    }
    status = wax_pki_check_readable(settings->crlfile, problem);
    if (status != WAX_OK) {
        return status;
    }
    lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == NULL || X509_load_crl_file(lookup, settings->crlfile, X509_FILETYPE_PEM) <= 0) {
        return fail(problem, WAX_INVALID,
                    "crlfile %s holds no revocation list in PEM form; `wax pki ca` and `wax pki "
                    "revoke` write crl.pem",
                    settings->crlfile);
    }
    (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return WAX_OK;
}

/* An intermediate CA may be trusted without the root above it. */
static wax_status set_trust(const wax_tls_context *context, const wax_tls_settings *settings,
                            wax_problem *problem)
{
    int mode = SSL_VERIFY_NONE;
    wax_status status;

    if (context->is_server && settings->requires_certificate && settings->cafile == NULL &&
        settings->capath == NULL) {
        return fail(problem, WAX_INVALID,
                    "require_certificate needs cafile or capath: which CA signs the clients?");
    }
    status = trust(context, settings, problem);
    if (status == WAX_OK) {
        status = set_revoked(context, settings, problem);
    }
    if (!context->is_server) {
        mode = SSL_VERIFY_PEER;
        SSL_CTX_set_client_cert_cb(context->ssl_context, tls_certificate_asked);
    } else if (settings->requires_certificate) {
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    (void)X509_STORE_set_flags(SSL_CTX_get_cert_store(context->ssl_context),
                               X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(context->ssl_context, mode, tls_verified);
    return status;
}

/* Where trusted CAs come from, for the words of a verdict. */
static char *describe_authority(const wax_tls_settings *settings)
{
    char text[512];

    if (settings->cafile != NULL) {
        (void)snprintf(text, sizeof text, "cafile %s", settings->cafile);
    } else if (settings->capath != NULL) {
        (void)snprintf(text, sizeof text, "capath %s", settings->capath);
    } else {
        (void)snprintf(text, sizeof text, "the CAs of the operating system (see cafile)");
    }
    return strdup(text);
}

/* On the wire a name has its size before it. [RFC 7301, 3.1] */
static wax_status set_words(wax_tls_context *context, const wax_tls_settings *settings,
                            wax_problem *problem)
{
    size_t size = settings->alpn != NULL ? strlen(settings->alpn) : 0;

    if (settings->alpn != NULL && (size == 0 || size > 127)) {
        return fail(problem, WAX_INVALID, "the ALPN protocol must have 1 to 127 bytes");
    }
    context->authority = describe_authority(settings);
    if (settings->crlfile != NULL) {
        context->crlfile = strdup(settings->crlfile);
    }
    if (size > 0) {
        context->alpn = calloc(1, size + 2);
    }
    if (context->authority == NULL || (settings->crlfile != NULL && context->crlfile == NULL) ||
        (size > 0 && context->alpn == NULL)) {
        return fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    if (size > 0) {
        context->alpn[0] = (char)size;
        memcpy(context->alpn + 1, settings->alpn, size);
    }
    return WAX_OK;
}

static wax_status fill(wax_tls_context *context, const wax_tls_settings *settings,
                       wax_problem *problem)
{
    wax_status status;

    if (context->ssl_context == NULL || context->bio_method == NULL ||
        !set_rules(context->ssl_context, settings)) {
        return fail(problem, WAX_IO, "OpenSSL cannot be set up for TLS: %s",
                    ERR_reason_error_string(ERR_peek_last_error()));
    }
    status = set_words(context, settings, problem);
    if (status == WAX_OK) {
        status = set_ciphers(context->ssl_context, settings, problem);
    }
    if (status == WAX_OK) {
        status = set_pair(context, settings, problem);
    }
    if (status == WAX_OK) {
        status = set_trust(context, settings, problem);
    }
    return status;
}

static wax_status make(bool is_server, const wax_tls_settings *settings, wax_tls_context **made,
                       wax_problem *problem)
{
    wax_tls_context *context = calloc(1, sizeof *context);
    wax_status status;

    *made = NULL;
    if (context == NULL) {
        return fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    ERR_clear_error();
    context->ssl_context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    context->bio_method = tls_make_bio_method();
    context->is_server = is_server;
    context->ignores_host = settings->ignores_host;
    context->not_after = INT64_MAX;
    atomic_init(&context->holders, 1);
    status = fill(context, settings, problem);
    if (status != WAX_OK) {
        wax_tls_release(context);
        return status;
    }
    *made = context;
    return WAX_OK;
}

wax_status wax_tls_make_server(const wax_tls_settings *settings, wax_tls_context **context,
                               wax_problem *problem)
{
    return make(true, settings, context, problem);
}

wax_status wax_tls_make_client(const wax_tls_settings *settings, wax_tls_context **context,
                               wax_problem *problem)
{
    return make(false, settings, context, problem);
}

int64_t wax_tls_not_after(const wax_tls_context *context)
{
    return context->not_after;
}

/* What does not depend on the day. */
static bool warn_of_form(const wax_tls_context *context, X509 *own, wax_problem *problem)
{
    uint32_t usage = X509_get_extended_key_usage(own);
    uint32_t wanted = context->is_server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
    char hosts[8];

    wax_pki_hosts(own, hosts, sizeof hosts);
    if (context->is_server && hosts[0] == '\0') {
        (void)fail(problem, WAX_OK,
                   "our certificate has no SAN (subjectAltName): many clients will refuse it; "
                   "`wax pki server` makes one with the names and addresses of this host");
        return true;
    }
    if (usage != UINT32_MAX && (usage & wanted) == 0) {
        (void)fail(problem, WAX_OK, "our certificate lacks the extended key usage %s",
                   context->is_server ? "serverAuth" : "clientAuth");
        return true;
    }
    return false;
}

bool wax_tls_warn(const wax_tls_context *context, int64_t now, wax_problem *problem)
{
    X509 *own = SSL_CTX_get0_certificate(context->ssl_context);
    char day[16];
    time_t moment = (time_t)now;

    if (own == NULL) {
        return false;
    }
    wax_pki_date(context->not_after, day);
    if (context->not_after < now) {
        (void)fail(problem, WAX_OK,
                   "our certificate, or a CA in its chain, expired on %s; `wax pki renew`", day);
        return true;
    }
    if (X509_cmp_time(X509_get0_notBefore(own), &moment) > 0) {
        (void)fail(problem, WAX_OK,
                   "our certificate is not valid yet; is the clock of this machine right?");
        return true;
    }
    if (context->not_after - now < 30 * (int64_t)DAY) {
        (void)fail(problem, WAX_OK, "our certificate expires in %d days, on %s; `wax pki renew`",
                   (int)((context->not_after - now) / DAY), day);
        return true;
    }
    return warn_of_form(context, own, problem);
}
