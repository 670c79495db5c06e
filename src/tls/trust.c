/* Whose certificates count: CAs, revocation lists, and a digest of all that decides. */
#include "tls/inner.h"

#include <time.h>

#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { FACT_COUNT = 4 };

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
            status = tls_fail(problem, WAX_IO, "cafile %s cannot be used: no memory", cafile);
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
            status = tls_fail(problem, WAX_IO, "capath %s cannot be used", settings->capath);
        }
    }
    if (status == WAX_OK && !context->is_server && settings->psk_identity == NULL &&
        (settings->trusts_os || (settings->cafile == NULL && settings->capath == NULL)) &&
        SSL_CTX_set_default_verify_paths(ssl_context) != 1) {
        status =
            tls_fail(problem, WAX_IO,
                     "the CAs of the operating system cannot be read; name some with --cafile");
    }
    return status;
}

static int64_t end_of(const X509_CRL *crl)
{
    const ASN1_TIME *until = X509_CRL_get0_nextUpdate(crl);
    struct tm moment;

    if (until == NULL || ASN1_TIME_to_tm(until, &moment) != 1) {
        return INT64_MAX;
    }
    return (int64_t)timegm(&moment);
}

/* When the last of the lists of a CA ends. */
static int64_t end_of_all(const STACK_OF(X509_OBJECT) * objects, const X509_CRL *crl)
{
    int64_t end = end_of(crl);

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509_CRL *other = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (other != NULL &&
            X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_CRL_get_issuer(other)) == 0) {
            end = end_of(other) > end ? end_of(other) : end;
        }
    }
    return end;
}

static bool is_of_trusted(const STACK_OF(X509_OBJECT) * objects, const X509_CRL *crl)
{
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509 *authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority != NULL &&
            X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(authority)) == 0) {
            return true;
        }
    }
    return false;
}

/* A list of other CAs than those that are trusted would let nobody in, and not say why. */
static wax_status judge_lists(wax_tls_context *context, const wax_tls_settings *settings,
                              wax_problem *problem)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl_context);
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    bool is_of_one = settings->capath != NULL || settings->cafile == NULL;

    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        const X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (crl != NULL) {
            int64_t end = end_of_all(objects, crl);
            context->crl_until = end < context->crl_until ? end : context->crl_until;
            is_of_one = is_of_one || is_of_trusted(objects, crl);
        }
    }
    if (!is_of_one) {
        return tls_fail(problem, WAX_INVALID,
                        "crlfile %s is not of a CA in cafile %s, so that no client could be "
                        "checked; name the list of that CA",
                        settings->crlfile, settings->cafile);
    }
    return WAX_OK;
}

static wax_status set_revoked(wax_tls_context *context, const wax_tls_settings *settings,
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
        return tls_fail(problem, WAX_INVALID,
                        "crlfile %s holds no revocation list in PEM form; `wax pki ca` and `wax "
                        "pki revoke` write crl.pem",
                        settings->crlfile);
    }
    (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    return judge_lists(context, settings, problem);
}

static bool digest_object(EVP_MD_CTX *hash, const X509_OBJECT *object)
{
    const X509 *certificate = X509_OBJECT_get0_X509(object);
    const X509_CRL *crl = X509_OBJECT_get0_X509_CRL((X509_OBJECT *)(uintptr_t)object);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool is_done = true;

    if (certificate != NULL) {
        is_done = X509_digest(certificate, EVP_sha256(), digest, &size) == 1;
    } else if (crl != NULL) {
        is_done = X509_CRL_digest(crl, EVP_sha256(), digest, &size) == 1;
    }
    return is_done && EVP_DigestUpdate(hash, digest, size) == 1;
}

/* Whoever was let in under other CAs, lists or rules must be judged anew, and so must everybody
 * where a folder of CAs may have changed in ways that cannot be seen here. */
static bool digest_policy(wax_tls_context *context, const wax_tls_settings *settings)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl_context);
    const STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);
    uint8_t facts[FACT_COUNT + 16] = {settings->requires_certificate, settings->ignores_dates,
                                      settings->certfile != NULL, settings->psks.find != NULL};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool is_done = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;

    if (settings->capath != NULL) {
        is_done = is_done && RAND_bytes(facts + FACT_COUNT, 16) == 1;
    }
    is_done = is_done && EVP_DigestUpdate(hash, facts, sizeof facts) == 1;
    for (int i = 0; is_done && i < sk_X509_OBJECT_num(objects); i++) {
        is_done = digest_object(hash, sk_X509_OBJECT_value(objects, i));
    }
    is_done = is_done && EVP_DigestFinal_ex(hash, context->policy, NULL) == 1;
    EVP_MD_CTX_free(hash);
    return is_done;
}

/* OpenSSL calls it when the server asks for a certificate and the context has none. */
static int certificate_asked(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct tls *self = tls_of(ssl);

    (void)certificate;
    (void)key;
    self->lacks_certificate = true;
    return 0;
}

static bool is_about_dates(const X509_STORE_CTX *verdict)
{
    int error = X509_STORE_CTX_get_error(verdict);

    return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
}

/* What was wrong with the peer's certificate; OpenSSL calls it for each one in the chain. */
static int verified(int is_good, X509_STORE_CTX *verdict)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verdict, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *self = tls_of(ssl);

    if (self->context->psk_identity != NULL) {
        tls_complain(self,
                     "the server does not know our pre-shared key '%s': it showed a certificate "
                     "instead (--psk-identity)",
                     self->context->psk_identity);
        return 0;
    }
    if (is_good == 1) {
        return 1;
    }
    if (self->context->ignores_dates && is_about_dates(verdict)) {
        X509_STORE_CTX_set_error(verdict, X509_V_OK);
        return 1;
    }
    tls_complain(self, "%s", "");
    if (self->problem != NULL) {
        wax_pki_case about = {
            .whose = self->context->is_server ? "client" : "server",
            .host = self->host,
            .authority = self->context->authority,
            .crlfile = self->context->crlfile,
        };
        wax_pki_explain(verdict, &about, self->problem);
    }
    return 0;
}

/* An intermediate CA may be trusted without the root above it. */
wax_status tls_set_trust(wax_tls_context *context, const wax_tls_settings *settings,
                         wax_problem *problem)
{
    int mode = SSL_VERIFY_NONE;
    wax_status status;

    if (context->is_server && settings->requires_certificate && settings->cafile == NULL &&
        settings->capath == NULL) {
        return tls_fail(problem, WAX_INVALID,
                        "require_certificate needs cafile or capath: which CA signs the clients?");
    }
    status = trust(context, settings, problem);
    if (status == WAX_OK) {
        status = set_revoked(context, settings, problem);
    }
    if (status == WAX_OK && !digest_policy(context, settings)) {
        status = tls_fail(problem, WAX_IO, "OpenSSL cannot make a digest");
    }
    if (!context->is_server) {
        mode = SSL_VERIFY_PEER;
        SSL_CTX_set_client_cert_cb(context->ssl_context, certificate_asked);
    } else if (settings->requires_certificate) {
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    (void)X509_STORE_set_flags(SSL_CTX_get_cert_store(context->ssl_context),
                               X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(context->ssl_context, mode, verified);
    return status;
}
