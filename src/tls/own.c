/* Our own certificates: the usual one and, at a server, those for certain names. */
#include "tls/inner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

void tls_free_pairs(wax_tls_context *context)
{
    for (size_t i = 0; i < context->pair_count; i++) {
        struct tls_pair *pair = &context->pairs[i];
        free(pair->host);
        X509_free(pair->own);
        sk_X509_pop_free(pair->chain, X509_free);
        EVP_PKEY_free(pair->key);
    }
    free(context->pairs);
}

/* The first end of a chain, for nobody trusts what is left of it then. */
static int64_t end_of(const struct tls_pair *pair)
{
    int64_t end = wax_pki_not_after(pair->own);

    for (int i = 0; i < sk_X509_num(pair->chain); i++) {
        int64_t other = wax_pki_not_after(sk_X509_value(pair->chain, i));
        end = other < end ? other : end;
    }
    return end;
}

static wax_status read_pair(struct tls_pair *pair, const wax_tls_host *files,
                            const char *passphrase_file, wax_problem *problem)
{
    wax_status status = wax_pki_read_chain(files->certfile, &pair->chain, problem);

    if (status == WAX_OK) {
        status = wax_pki_read_key(files->keyfile, passphrase_file, &pair->key, problem);
    }
    if (status != WAX_OK) {
        return status;
    }
    pair->own = sk_X509_shift(pair->chain);
    pair->not_after = end_of(pair);
    if (X509_check_private_key(pair->own, pair->key) != 1) {
        return tls_fail(problem, WAX_INVALID,
                        "keyfile %s does not belong to certfile %s; the first certificate in "
                        "certfile must be our own, made for this key",
                        files->keyfile, files->certfile);
    }
    return WAX_OK;
}

/* What OpenSSL itself thinks of a pair, it says only where it is used. */
static wax_status use_pair(const wax_tls_context *context, const struct tls_pair *pair,
                           const char *certfile, wax_problem *problem)
{
    if (SSL_CTX_use_cert_and_key(context->ssl_context, pair->own, pair->key, pair->chain, 1) != 1) {
        const char *reason = ERR_reason_error_string(ERR_peek_last_error());
        return tls_fail(problem, WAX_INVALID, "certfile %s cannot be used: %s", certfile,
                        reason != NULL ? reason : "OpenSSL does not say why");
    }
    return WAX_OK;
}

static wax_status add_pair(wax_tls_context *context, const wax_tls_host *files,
                           const char *passphrase_file, wax_problem *problem)
{
    struct tls_pair *pair = &context->pairs[context->pair_count++];
    wax_status status = read_pair(pair, files, passphrase_file, problem);

    if (status == WAX_OK) {
        status = use_pair(context, pair, files->certfile, problem);
    }
    if (status == WAX_OK && files->name != NULL && (pair->host = strdup(files->name)) == NULL) {
        status = tls_fail(problem, WAX_IO, "there is no memory for another certificate");
    }
    if (pair->not_after < context->not_after) {
        context->not_after = pair->not_after;
    }
    return status;
}

/* Whether a pair is for this name: `*` stands for one label. [RFC 6125, 6.4.3] */
static bool is_for(const struct tls_pair *pair, const char *name)
{
    const char *rest = strchr(name, '.');

    if (pair->host == NULL) {
        return false;
    }
    if (strncmp(pair->host, "*.", 2) == 0) {
        return rest != NULL && rest != name && OPENSSL_strcasecmp(rest, pair->host + 1) == 0;
    }
    return OPENSSL_strcasecmp(name, pair->host) == 0;
}

/* Exact names come before wildcards; then as they are written. */
static const struct tls_pair *find_pair(const wax_tls_context *context, const char *name)
{
    const struct tls_pair *found = NULL;

    for (size_t i = 0; name != NULL && i < context->pair_count; i++) {
        const struct tls_pair *pair = &context->pairs[i];
        if (is_for(pair, name) && pair->host[0] != '*') {
            return pair;
        }
        if (found == NULL && is_for(pair, name)) {
            found = pair;
        }
    }
    return found;
}

/* OpenSSL calls it before it chooses a certificate. Whoever asks for no name that is known here
 * gets the usual one. */
static int choose_pair(SSL *ssl, void *argument)
{
    const wax_tls_context *context = argument;
    const struct tls_pair *pair =
        find_pair(context, SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));

    if (pair == NULL) {
        return 1;
    }
    SSL_certs_clear(ssl); /* or one with another kind of key could be preferred */
    return SSL_use_cert_and_key(ssl, pair->own, pair->key, pair->chain, 1);
}

static int acknowledge_name(SSL *ssl, int *alert, void *argument)
{
    bool has_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != NULL;

    (void)alert;
    (void)argument;
    return has_name ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* The usual one comes last, because it is the one that OpenSSL then has. */
static wax_status add_all(wax_tls_context *context, const wax_tls_settings *settings,
                          wax_problem *problem)
{
    const wax_tls_host usual = {NULL, settings->certfile, settings->keyfile};
    wax_status status = WAX_OK;

    for (size_t i = 0; status == WAX_OK && i < settings->host_count; i++) {
        status = add_pair(context, &settings->hosts[i], NULL, problem);
    }
    if (status == WAX_OK && settings->host_count > 0) {
        SSL_CTX_set_cert_cb(context->ssl_context, choose_pair, context);
        (void)SSL_CTX_set_tlsext_servername_callback(context->ssl_context, acknowledge_name);
    }
    return status == WAX_OK ? add_pair(context, &usual, settings->passphrase_file, problem)
                            : status;
}

wax_status tls_set_pairs(wax_tls_context *context, const wax_tls_settings *settings,
                         wax_problem *problem)
{
    bool is_optional = !context->is_server || (tls_has_psk(settings) && settings->host_count == 0);

    if (settings->certfile == NULL && settings->keyfile == NULL && is_optional) {
        return WAX_OK;
    }
    if (settings->certfile == NULL || settings->keyfile == NULL) {
        return tls_fail(
            problem, WAX_INVALID,
            "%s is missing: a certificate and its key go together; `wax pki %s` makes both",
            settings->certfile == NULL ? "certfile" : "keyfile",
            context->is_server ? "server" : "client");
    }
    context->pairs = calloc(settings->host_count + 1, sizeof *context->pairs);
    if (context->pairs == NULL) {
        return tls_fail(problem, WAX_IO, "there is no memory for another certificate");
    }
    return add_all(context, settings, problem);
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
        (void)tls_fail(problem, WAX_OK,
                       "our certificate has no SAN (subjectAltName): many clients will refuse it; "
                       "`wax pki server` makes one with the names and addresses of this host");
        return true;
    }
    if (usage != UINT32_MAX && (usage & wanted) == 0) {
        (void)tls_fail(problem, WAX_OK, "our certificate lacks the extended key usage %s",
                       context->is_server ? "serverAuth" : "clientAuth");
        return true;
    }
    return false;
}

static bool warn_of_pair(const wax_tls_context *context, const struct tls_pair *pair, int64_t now,
                         wax_problem *problem)
{
    const char *before = pair->host != NULL ? " for " : "";
    const char *host = pair->host != NULL ? pair->host : "";
    time_t moment = (time_t)now;
    char day[16];

    wax_pki_date(pair->not_after, day);
    if (pair->not_after < now) {
        (void)tls_fail(problem, WAX_OK,
                       "our certificate%s%s, or a CA in its chain, expired on %s; `wax pki renew`",
                       before, host, day);
        return true;
    }
    if (X509_cmp_time(X509_get0_notBefore(pair->own), &moment) > 0) {
        (void)tls_fail(problem, WAX_OK,
                       "our certificate%s%s is not valid yet; is the clock of this machine right?",
                       before, host);
        return true;
    }
    if (pair->not_after - now < 30 * (int64_t)TLS_DAY_S) {
        (void)tls_fail(problem, WAX_OK,
                       "our certificate%s%s expires in %d days, on %s; `wax pki renew`", before,
                       host, (int)((pair->not_after - now) / TLS_DAY_S), day);
        return true;
    }
    return warn_of_form(context, pair->own, problem);
}

bool wax_tls_warn(const wax_tls_context *context, int64_t now, wax_problem *problem)
{
    char day[16];

    if (context->crl_until < now) {
        wax_pki_date(context->crl_until, day);
        (void)tls_fail(problem, WAX_OK,
                       "crlfile %s is out of date since %s, so that clients' certificates can not "
                       "be checked and are refused: let the CA write it anew (`wax pki revoke` "
                       "does)",
                       context->crlfile, day);
        return true;
    }
    for (size_t i = context->pair_count; i > 0; i--) {
        if (warn_of_pair(context, &context->pairs[i - 1], now, problem)) {
            return true;
        }
    }
    return false;
}
