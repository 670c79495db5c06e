/* Sessions that are resumed: all that a server keeps of them is in the ticket that the client
 * keeps, under a key of ours. Keys change with time, and with the rules by which clients are
 * judged. */
#include "tls/inner.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

enum { SECRET_SIZE = 32 };

struct secret {
    uint8_t bytes[SECRET_SIZE];
    int64_t made_s;
    bool is_made;
};

struct tls_tickets {
    pthread_mutex_t mutex;
    atomic_uint holders;
    struct secret now;
    struct secret before;
};

static struct tls_tickets *open_tickets(void)
{
    struct tls_tickets *tickets = calloc(1, sizeof *tickets);

    if (tickets != NULL && pthread_mutex_init(&tickets->mutex, NULL) != 0) {
        free(tickets);
        return NULL;
    }
    if (tickets != NULL) {
        atomic_init(&tickets->holders, 1);
    }
    return tickets;
}

void tls_release_tickets(struct tls_tickets *tickets)
{
    if (tickets == NULL || atomic_fetch_sub(&tickets->holders, 1) > 1) {
        return;
    }
    (void)pthread_mutex_destroy(&tickets->mutex);
    wax_wipe(tickets, sizeof *tickets);
    free(tickets);
}

void wax_tls_keep_tickets(wax_tls_context *next, const wax_tls_context *old)
{
    wax_assert(next->is_server && old->is_server);
    atomic_fetch_add(&old->tickets->holders, 1);
    tls_release_tickets(next->tickets);
    next->tickets = old->tickets;
}

/* --- Keys --- */

/* Makes secrets as they fall due, and copies those that hold. False without randomness. */
static bool look(struct tls_tickets *tickets, int64_t now_s, struct secret *now,
                 struct secret *before)
{
    bool is_done = true;
    int64_t age_s;

    (void)pthread_mutex_lock(&tickets->mutex);
    age_s = now_s - tickets->now.made_s;
    if (!tickets->now.is_made || age_s >= TLS_TICKET_PERIOD_S || age_s < 0) {
        tickets->before = tickets->now;
        tickets->before.is_made = tickets->now.is_made && age_s < 2 * (int64_t)TLS_TICKET_PERIOD_S;
        is_done = RAND_bytes(tickets->now.bytes, SECRET_SIZE) == 1;
        tickets->now.is_made = is_done;
        tickets->now.made_s = now_s;
    }
    *now = tickets->now;
    *before = tickets->before;
    (void)pthread_mutex_unlock(&tickets->mutex);
    return is_done;
}

static bool expand(const struct secret *secret, uint8_t purpose, const uint8_t *policy,
                   uint8_t out[static 64])
{
    uint8_t text[1 + TLS_DIGEST_SIZE] = {purpose};
    size_t size = 0;

    memcpy(text + 1, policy, TLS_DIGEST_SIZE);
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, secret->bytes, SECRET_SIZE, text,
                     sizeof text, out, 64, &size) != NULL;
}

static bool derive(const struct secret *secret, const uint8_t *policy, struct tls_ticket_key *key)
{
    uint8_t keys[64];
    uint8_t name[64];
    bool is_done = expand(secret, 'k', policy, keys) && expand(secret, 'n', policy, name);

    memcpy(key->cipher_key, keys, sizeof key->cipher_key);
    memcpy(key->mac_key, keys + sizeof key->cipher_key, sizeof key->mac_key);
    memcpy(key->name, name, sizeof key->name);
    wax_wipe(keys, sizeof keys);
    return is_done;
}

int tls_ticket_keys(struct tls_tickets *tickets, int64_t now_s,
                    const uint8_t policy[static TLS_DIGEST_SIZE], struct tls_ticket_key keys[2])
{
    struct secret secrets[2];
    int count = 0;

    if (look(tickets, now_s, &secrets[0], &secrets[1])) {
        while (count < 2 && secrets[count].is_made &&
               derive(&secrets[count], policy, &keys[count])) {
            count++;
        }
    }
    wax_wipe(secrets, sizeof secrets);
    return count;
}

static bool use_key(const struct tls_ticket_key *key, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                    EVP_MAC_CTX *mac, bool makes)
{
    char digest[] = "SHA256";
    uint8_t mac_key[sizeof key->mac_key];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, sizeof mac_key),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool is_done;

    memcpy(mac_key, key->mac_key, sizeof mac_key);
    is_done = EVP_MAC_CTX_set_params(mac, params) == 1 &&
              EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher_key, iv, makes) == 1;
    wax_wipe(mac_key, sizeof mac_key);
    return is_done;
}

/* Which of the keys has that name; `count` if none. */
static int find_key(const struct tls_ticket_key *keys, int count, const unsigned char *name)
{
    int at = 0;

    while (at < count && memcmp(keys[at].name, name, sizeof keys[at].name) != 0) {
        at++;
    }
    return at;
}

/* OpenSSL's question for a key. Returns 1; 2 when the ticket is good and the client shall have a
 * newer one; 0 when the ticket is of a key that is gone or of other rules; -1 on failure. */
/* NOLINTNEXTLINE(readability-function-size): OpenSSL's prototype. */
static int key_asked(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int makes)
{
    const struct tls *self = tls_of(ssl);
    struct tls_ticket_key keys[2];
    int result = -1;
    int count;
    int at = 0;

    count = tls_ticket_keys(self->context->tickets, self->context->now_s(), self->context->policy,
                            keys);
    if (count > 0 && makes == 1) {
        memcpy(name, keys[0].name, sizeof keys[0].name);
        result = RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 ? 1 : -1;
    } else if (count > 0) {
        at = find_key(keys, count, name);
        result = at < count ? at + 1 : 0;
    }
    if (result > 0 && !use_key(&keys[at], iv, cipher, mac, makes == 1)) {
        result = -1;
    }
    wax_wipe(keys, sizeof keys);
    return result;
}

/* Until when somebody who has just proved who it is may come back without a proof: until the first
 * certificate that it depended on ends, or the list that says that it was not revoked. */
static int64_t end_of_proof(const SSL *ssl, const wax_tls_context *context)
{
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    int64_t until = INT64_MAX;

    if (SSL_get0_peer_certificate(ssl) == NULL) {
        return INT64_MAX;
    }
    for (int i = 0; !context->ignores_dates && i < sk_X509_num(chain); i++) {
        int64_t end = wax_pki_not_after(sk_X509_value(chain, i));
        until = end < until ? end : until;
    }
    return until < context->crl_until ? until : context->crl_until;
}

/* OpenSSL is about to make a ticket. A session that was resumed has its note already. */
static int ticket_made(SSL *ssl, void *argument)
{
    const struct tls *self = tls_of(ssl);
    SSL_SESSION *session = SSL_get_session(ssl);
    struct tls_note note;
    const char *identity;

    (void)argument;
    if (tls_note_read(session, &note)) {
        return 1;
    }
    note.until = end_of_proof(ssl, self->context);
    identity = SSL_version(ssl) == TLS1_2_VERSION ? SSL_get_psk_identity(ssl) : NULL;
    if (identity != NULL) {
        wax_bytes name = wax_bytes_of_text(identity);
        if (name.size >= sizeof note.identity ||
            !tls_digest_psk(self->context, name, note.psk_digest)) {
            return 0;
        }
        memcpy(note.identity, name.data, name.size);
    }
    return tls_note_write(session, &note);
}

/* Whether a key is still what it was. */
static bool is_still_known(const wax_tls_context *context, const struct tls_note *note)
{
    uint8_t digest[TLS_DIGEST_SIZE] = {0};

    if (note->identity[0] == '\0') {
        return true;
    }
    return tls_digest_psk(context, wax_bytes_of_text(note->identity), digest) &&
           wax_secret_equals(digest, note->psk_digest, sizeof digest);
}

/* OpenSSL has opened a ticket, or failed to. */
/* NOLINTNEXTLINE(readability-function-size): OpenSSL's prototype. */
static SSL_TICKET_RETURN ticket_opened(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                       size_t name_size, SSL_TICKET_STATUS status, void *argument)
{
    struct tls *self = tls_of(ssl);
    struct tls_note note;

    (void)name;
    (void)name_size;
    (void)argument;
    if ((status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) ||
        !tls_note_read(session, &note) || note.until < self->context->now_s() ||
        !is_still_known(self->context, &note)) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    self->has_ticket = true;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

wax_status tls_set_tickets(wax_tls_context *context, wax_problem *problem)
{
    SSL_CTX *ssl_context = context->ssl_context;

    if (!context->is_server) {
        return WAX_OK;
    }
    context->tickets = open_tickets();
    if (context->tickets != NULL && context->now_s == NULL) {
        (void)SSL_CTX_set_options(ssl_context, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(ssl_context, 0);
        return WAX_OK;
    }
    if (context->tickets == NULL ||
        SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl_context, key_asked) != 1 ||
        SSL_CTX_set_session_ticket_cb(ssl_context, ticket_made, ticket_opened, NULL) != 1) {
        return tls_fail(problem, WAX_IO, "there is no memory for another TLS context");
    }
    (void)SSL_CTX_set_timeout(ssl_context, TLS_TICKET_PERIOD_S);
    return WAX_OK;
}
