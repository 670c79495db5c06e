/* Keys shared beforehand: in TLS 1.2 the PSK suites, in TLS 1.3 external PSKs with a fresh key
 * exchange (psk_dhe_ke). RFC 4279, RFC 5489, RFC 8446 section 4.2.11. */
#include "tls/inner.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

enum { HINT_SIZE_MAX = 128 };

/* In TLS 1.3 a PSK belongs to a hash, SHA-256 unless agreed otherwise. [RFC 8446, 4.2.11] */
static const unsigned char suite_of_psk[2] = {0x13, 0x01}; /* TLS_AES_128_GCM_SHA256 */

bool tls_has_psk(const wax_tls_settings *settings)
{
    return settings->psks.find != NULL || settings->psk_identity != NULL;
}

bool tls_digest_psk(const wax_tls_context *context, wax_bytes identity,
                    uint8_t digest[static TLS_DIGEST_SIZE])
{
    wax_bytes key = {NULL, 0};

    if (context->psks.find != NULL) {
        key = context->psks.find(context->psks.table, identity);
    }
    return key.size > 0 && EVP_Digest(key.data, key.size, digest, NULL, EVP_sha256(), NULL) == 1;
}

/* Whose key it is that nobody here knows, for the words of the failure. In TLS 1.3 tickets come the
 * same way, and they are no text. */
static void note_stranger(struct tls *self, wax_bytes identity)
{
    if (identity.size > 0 && identity.size < 256 && wax_utf8_is_valid(identity)) {
        free(self->stranger);
        self->stranger = strndup((const char *)identity.data, identity.size);
    }
}

static wax_bytes find_key(struct tls *self, wax_bytes identity)
{
    const wax_tls_psks *psks = &self->context->psks;
    wax_bytes key = psks->find(psks->table, identity);

    if (key.size == 0) {
        note_stranger(self, identity);
    }
    return key;
}

/* TLS 1.2. OpenSSL also asks here when find_session() knew nothing in TLS 1.3: neither do we. */
static unsigned give_key(SSL *ssl, const char *identity, unsigned char *room, unsigned size)
{
    wax_bytes key;

    if (identity == NULL || SSL_version(ssl) != TLS1_2_VERSION) {
        return 0;
    }
    key = find_key(tls_of(ssl), wax_bytes_of_text(identity));
    if (key.size == 0 || key.size > size) {
        return 0;
    }
    memcpy(room, key.data, key.size);
    return (unsigned)key.size;
}

/* A session of TLS 1.3 that never was: this is how OpenSSL wants a PSK. NULL without memory. */
static SSL_SESSION *make_session(SSL *ssl, wax_bytes key)
{
    const SSL_CIPHER *suite = SSL_CIPHER_find(ssl, suite_of_psk);
    SSL_SESSION *session = SSL_SESSION_new();

    if (session != NULL && suite != NULL &&
        SSL_SESSION_set1_master_key(session, key.data, key.size) == 1 &&
        SSL_SESSION_set_cipher(session, suite) == 1 &&
        SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1) {
        return session;
    }
    SSL_SESSION_free(session);
    return NULL;
}

/* TLS 1.3. That the key was found does not say that it is used: the note is on the session, and
 * only a session that is used is read by wax_tls_read_peer(). */
static int find_session(SSL *ssl, const unsigned char *identity, size_t size, SSL_SESSION **session)
{
    struct tls *self = tls_of(ssl);
    wax_bytes name = wax_bytes_of(identity, size);
    struct tls_note note = {.until = INT64_MAX};
    wax_bytes key;

    *session = NULL;
    if (size == 0 || size >= sizeof note.identity) {
        return 1;
    }
    key = find_key(self, name);
    if (key.size == 0) {
        return 1;
    }
    memcpy(note.identity, identity, size);
    *session = make_session(ssl, key);
    if (*session == NULL || !tls_digest_psk(self->context, name, note.psk_digest) ||
        !tls_note_write(*session, &note)) {
        SSL_SESSION_free(*session);
        *session = NULL;
        return 0;
    }
    return 1;
}

/* The client's side of TLS 1.2. */
/* NOLINTNEXTLINE(readability-function-size): OpenSSL's prototype. */
static unsigned tell_key(SSL *ssl, const char *hint, char *identity, unsigned identity_size,
                         unsigned char *room, unsigned size)
{
    const struct tls *self = tls_of(ssl);
    const wax_tls_context *context = self->context;
    size_t name_size = strlen(context->psk_identity);

    (void)hint;
    if (SSL_version(ssl) > TLS1_2_VERSION || name_size >= identity_size ||
        context->psk_key_size > size) {
        return 0;
    }
    memcpy(identity, context->psk_identity, name_size + 1);
    memcpy(room, context->psk_key, context->psk_key_size);
    return (unsigned)context->psk_key_size;
}

/* The client's side of TLS 1.3. */
static int use_session(SSL *ssl, const EVP_MD *hash, const unsigned char **identity, size_t *size,
                       SSL_SESSION **session)
{
    const struct tls *self = tls_of(ssl);
    const wax_tls_context *context = self->context;

    *session = NULL;
    *identity = NULL;
    if (hash != NULL && !EVP_MD_is_a(hash, "SHA256")) {
        return 1;
    }
    *session = make_session(ssl, wax_bytes_of(context->psk_key, context->psk_key_size));
    *identity = (const unsigned char *)context->psk_identity;
    *size = strlen(context->psk_identity);
    return *session != NULL;
}

/* A cipher is chosen before the PSK in TLS 1.3, and one of another hash would leave the PSK out. */
static bool has_right_hash(const SSL_CTX *ssl_context)
{
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ssl_context);

    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);
        if (strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0) {
            return EVP_MD_is_a(SSL_CIPHER_get_handshake_digest(cipher), "SHA256");
        }
    }
    return true;
}

static wax_status set_server(wax_tls_context *context, const wax_tls_settings *settings,
                             wax_problem *problem)
{
    SSL_CTX *ssl_context = context->ssl_context;

    if (!has_right_hash(ssl_context)) {
        return tls_fail(problem, WAX_INVALID,
                        "ciphers_tls1.3: pre-shared keys need a suite of SHA-256 in the first "
                        "place, for instance TLS_AES_128_GCM_SHA256; or leave the option out");
    }
    if (settings->psk_hint != NULL &&
        (strlen(settings->psk_hint) > HINT_SIZE_MAX ||
         SSL_CTX_use_psk_identity_hint(ssl_context, settings->psk_hint) != 1)) {
        return tls_fail(problem, WAX_INVALID, "psk_hint may have up to 128 bytes");
    }
    (void)SSL_CTX_set_dh_auto(ssl_context, 1);
    SSL_CTX_set_psk_server_callback(ssl_context, give_key);
    SSL_CTX_set_psk_find_session_callback(ssl_context, find_session);
    return WAX_OK;
}

static wax_status set_client(wax_tls_context *context, const wax_tls_settings *settings,
                             wax_problem *problem)
{
    wax_bytes identity = wax_bytes_of_text(settings->psk_identity);

    if (identity.size == 0 || identity.size > 255 || !wax_utf8_is_valid(identity) ||
        settings->psk_key.size == 0 || settings->psk_key.size > 256) {
        return tls_fail(problem, WAX_INVALID,
                        "a PSK identity has 1 to 255 bytes of UTF-8, and its key 1 to 256 bytes");
    }
    context->psk_identity = strdup(settings->psk_identity);
    context->psk_key = malloc(settings->psk_key.size);
    if (context->psk_identity == NULL || context->psk_key == NULL) {
        return tls_fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    memcpy(context->psk_key, settings->psk_key.data, settings->psk_key.size);
    context->psk_key_size = settings->psk_key.size;
    SSL_CTX_set_psk_client_callback(context->ssl_context, tell_key);
    SSL_CTX_set_psk_use_session_callback(context->ssl_context, use_session);
    return WAX_OK;
}

wax_status tls_set_psk(wax_tls_context *context, const wax_tls_settings *settings,
                       wax_problem *problem)
{
    if (settings->psks.find != NULL && context->is_server) {
        return set_server(context, settings, problem);
    }
    if (settings->psk_identity != NULL && !context->is_server) {
        return set_client(context, settings, problem);
    }
    return WAX_OK;
}
