/* What a context is made of. */
#include "tls/inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

enum { STRONG_BITS = 128 };

/* Forward secrecy, and AEAD first. Devices with old TLS stacks still find a CBC suite at the end.
 */
#define USUAL_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:ECDHE+AES:!aNULL:!eNULL:!DSS"

/* Forward secrecy first here as well; then what the smallest devices have. */
#define PSK_CIPHERS                                                                                \
    "kECDHEPSK+CHACHA20:kDHEPSK+AESGCM:kDHEPSK+CHACHA20:kDHEPSK+AESCCM:kECDHEPSK+AES:"             \
    "kDHEPSK+AESCCM8:kDHEPSK+AES:kPSK+AESGCM:kPSK+CHACHA20:kPSK+AESCCM:kPSK+AESCCM8:kPSK+AES"

/* Of TLS 1.3 where there are PSKs, which belong to SHA-256; a client has no use for others. */
static const char server_suites[] = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
                                    "TLS_AES_128_CCM_SHA256:TLS_AES_256_GCM_SHA384";
static const char client_suites[] = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";

/* A chain is as long as this in certificates, and its message in bytes, at most. */
enum { CHAIN_DEPTH_MAX = 10, CHAIN_SIZE_MAX = 64 * 1024 };

/* Who a session belongs to, so that it is not resumed at a listener of another kind. */
static const unsigned char session_domain[] = "wax";

void wax_tls_release(wax_tls_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->holders, 1) > 1) {
        return;
    }
    SSL_CTX_free(context->ssl_context);
    tls_free_spare(context);
    BIO_meth_free(context->bio_method);
    tls_free_pairs(context);
    tls_release_tickets(context->tickets);
    if (context->psks.release != NULL) {
        context->psks.release(context->psks.table);
    }
    if (context->psk_key != NULL) {
        wax_wipe(context->psk_key, context->psk_key_size);
    }
    if (context->keylog != NULL) {
        (void)fclose(context->keylog);
    }
    free(context->psk_key);
    free(context->psk_identity);
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

static bool takes_groups(void *ssl_context, const char *list)
{
    char copy[64]; /* OpenSSL's prototype wants one that it may write to */

    (void)snprintf(copy, sizeof copy, "%s", list);
    return SSL_CTX_set1_groups_list(ssl_context, copy) == 1;
}

/* Sets what is the same for all. */
static bool set_rules(SSL_CTX *ssl_context, bool is_server, const wax_tls_settings *settings)
{
    bool has_groups = tls_choose_groups(takes_groups, ssl_context) != NULL;

    ERR_clear_error();
    SSL_CTX_set_verify_depth(ssl_context, CHAIN_DEPTH_MAX);
    (void)SSL_CTX_set_max_cert_list(ssl_context, CHAIN_SIZE_MAX);
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
           (!is_server || SSL_CTX_set_session_id_context(ssl_context, session_domain,
                                                         sizeof session_domain) == 1);
}

/* OpenSSL from 3.2 on rates CCM with its short tag by the tag, and leaves it out by itself where
 * that does not do. */
static bool is_weak(const SSL_CIPHER *cipher)
{
    int kind = SSL_CIPHER_get_cipher_nid(cipher);

    return (SSL_CIPHER_get_bits(cipher, NULL) < STRONG_BITS && kind != NID_aes_128_ccm &&
            kind != NID_aes_256_ccm) ||
           SSL_CIPHER_get_auth_nid(cipher) == NID_auth_null;
}

/* Whatever a list of ciphers says: nothing without authentication or of less than 128 bits. */
static wax_status refuse_weak(const SSL_CTX *ssl_context, wax_problem *problem)
{
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ssl_context);

    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        if (is_weak(cipher)) {
            return tls_fail(problem, WAX_INVALID,
                            "ciphers: %s is too weak; take it out, or leave the option out to get "
                            "those that are safe",
                            SSL_CIPHER_get_name(cipher));
        }
    }
    return WAX_OK;
}

/* The lists that hold where nobody asks for others: of TLS 1.2, and of TLS 1.3 or NULL. */
static void choose_lists(bool is_server, const wax_tls_settings *settings, const char **ciphers,
                         const char **suites)
{
    *ciphers = USUAL_CIPHERS;
    *suites = NULL;
    if (tls_has_psk(settings)) {
        *ciphers = is_server ? PSK_CIPHERS ":" USUAL_CIPHERS : PSK_CIPHERS;
        *suites = is_server ? server_suites : client_suites;
    }
    *ciphers = settings->ciphers != NULL ? settings->ciphers : *ciphers;
    *suites = settings->ciphers_tls13 != NULL ? settings->ciphers_tls13 : *suites;
}

static wax_status set_ciphers(const wax_tls_context *context, const wax_tls_settings *settings,
                              wax_problem *problem)
{
    SSL_CTX *ssl_context = context->ssl_context;
    const char *ciphers;
    const char *suites;

    choose_lists(context->is_server, settings, &ciphers, &suites);
    if (SSL_CTX_set_cipher_list(ssl_context, ciphers) != 1) {
        return tls_fail(
            problem, WAX_INVALID,
            "ciphers: OpenSSL knows none of '%s'; `openssl ciphers -v` lists those it knows",
            ciphers);
    }
    if (suites != NULL && SSL_CTX_set_ciphersuites(ssl_context, suites) != 1) {
        return tls_fail(problem, WAX_INVALID,
                        "ciphers_tls1.3: OpenSSL does not know '%s'; `openssl ciphers -v -s "
                        "-tls1_3` lists those it knows",
                        suites);
    }
    return refuse_weak(ssl_context, problem);
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
        return tls_fail(problem, WAX_INVALID, "the ALPN protocol must have 1 to 127 bytes");
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
        return tls_fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    if (size > 0) {
        context->alpn[0] = (char)size;
        memcpy(context->alpn + 1, settings->alpn, size);
    }
    return WAX_OK;
}

/* OpenSSL asks a server for its choice. Who offers only other protocols is not turned away: many
 * devices name whatever their library's example named. [RFC 7301, 3.2] */
/* NOLINTNEXTLINE(readability-function-size): OpenSSL's prototype. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *argument)
{
    const wax_tls_context *context = argument;
    const unsigned char *ours = (const unsigned char *)context->alpn;
    unsigned char *found = NULL;
    int result = SSL_select_next_proto(&found, size, ours, (unsigned)strlen(context->alpn), offered,
                                       offered_size);

    (void)ssl;
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void log_key(const SSL *ssl, const char *line)
{
    const struct tls *self = tls_of(ssl);

    (void)fprintf(self->context->keylog, "%s\n", line);
    (void)fflush(self->context->keylog);
}

static wax_status set_keylog(wax_tls_context *context, const wax_tls_settings *settings,
                             wax_problem *problem)
{
    int file;

    if (settings->keylog == NULL) {
        return WAX_OK;
    }
    file = open(settings->keylog, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    context->keylog = file < 0 ? NULL : fdopen(file, "a");
    if (context->keylog == NULL) {
        return tls_fail(problem, WAX_IO, "cannot write %s: %s", settings->keylog, strerror(errno));
    }
    SSL_CTX_set_keylog_callback(context->ssl_context, log_key);
    return WAX_OK;
}

static wax_status set_records(wax_tls_context *context, const wax_tls_settings *settings,
                              wax_problem *problem)
{
    if (settings->record_size_max != 0 &&
        SSL_CTX_set_max_send_fragment(context->ssl_context, (long)settings->record_size_max) != 1) {
        return tls_fail(problem, WAX_INVALID, "a record has 512 to 16384 bytes");
    }
    if (context->is_server && context->alpn != NULL) {
        SSL_CTX_set_alpn_select_cb(context->ssl_context, choose_protocol, context);
    }
    return WAX_OK;
}

typedef wax_status step(wax_tls_context *context, const wax_tls_settings *settings,
                        wax_problem *problem);

static wax_status set_resumption(wax_tls_context *context, const wax_tls_settings *settings,
                                 wax_problem *problem)
{
    (void)settings;
    return tls_set_tickets(context, problem);
}

static wax_status fill(wax_tls_context *context, const wax_tls_settings *settings,
                       wax_problem *problem)
{
    static step *const steps[] = {set_words,   set_records,    tls_set_pairs, tls_set_trust,
                                  tls_set_psk, set_resumption, set_keylog};
    wax_status status;

    if (context->ssl_context == NULL || context->bio_method == NULL ||
        !set_rules(context->ssl_context, context->is_server, settings)) {
        return tls_fail(problem, WAX_IO, "OpenSSL cannot be set up for TLS: %s",
                        ERR_reason_error_string(ERR_peek_last_error()));
    }
    status = set_ciphers(context, settings, problem);
    for (size_t i = 0; i < WAX_COUNT(steps) && status == WAX_OK; i++) {
        status = steps[i](context, settings, problem);
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
        if (settings->psks.release != NULL) {
            settings->psks.release(settings->psks.table);
        }
        return tls_fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    ERR_clear_error();
    context->ssl_context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    context->bio_method = tls_make_bio_method();
    context->is_server = is_server;
    context->ignores_host = settings->ignores_host;
    context->ignores_dates = settings->ignores_dates;
    context->psks = settings->psks;
    context->now_s = settings->now_s;
    context->not_after = INT64_MAX;
    context->crl_until = INT64_MAX;
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
