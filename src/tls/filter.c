/* The filter: OpenSSL between a session and the filter below. */
#include "tls/inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

static struct tls *self_of(wax_transport *self)
{
    return (struct tls *)(void *)self;
}

static const struct tls *peek(const wax_transport *self)
{
    wax_assert(wax_tls_is(self));
    return (const struct tls *)(const void *)self;
}

/* What a call of OpenSSL that gave nothing means. A connection that ends without close_notify has
 * ended as well: MQTT itself knows whether a packet is whole. */
static wax_status judge(struct tls *self, int result)
{
    int error = SSL_get_error(self->ssl, result);

    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return WAX_MORE;
    }
    if (error == SSL_ERROR_SSL) {
        return tls_explain(self);
    }
    if (error == SSL_ERROR_ZERO_RETURN || self->below_status == WAX_CLOSED) {
        if (SSL_is_init_finished(self->ssl) == 0 && self->problem == NULL) {
            tls_complain(self, "the peer closed the connection in the middle of the TLS handshake");
        }
        return WAX_CLOSED;
    }
    return self->below_status == WAX_OK ? WAX_IO : self->below_status;
}

static wax_status out_of_memory(struct tls *self)
{
    tls_complain(self, "there is no memory left for TLS");
    self->ended = WAX_IO;
    return WAX_IO;
}

/* Judges a call that came to nothing; all but waiting ends the connection. */
static wax_status wait_or_end(struct tls *self, int result)
{
    wax_status status = judge(self, result);

    if (status != WAX_MORE) {
        self->ended = status;
    }
    return status;
}

/* Fills the room from as many records as are here already: asking below for more is the business of
 * the next call, which saves a read in vain whenever the peer is slower than we are. */
static wax_status read_records(struct tls *self, uint8_t *room, size_t size, size_t *received)
{
    do {
        size_t taken = 0;
        int result;

        ERR_clear_error();
        self->below_status = WAX_OK;
        result = SSL_read_ex(self->ssl, room + *received, size - *received, &taken);
        if (result != 1) {
            wax_status status = wait_or_end(self, result);
            return *received > 0 ? WAX_OK : status;
        }
        *received += taken;
    } while (*received < size && SSL_has_pending(self->ssl) == 1);
    return WAX_OK;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    struct tls *self = self_of(transport);
    wax_status status;
    BIO *bio;

    if (self->ended != WAX_OK) {
        return self->ended;
    }
    bio = tls_attach(self);
    if (bio == NULL) {
        return out_of_memory(self);
    }
    /* What is here already is given without asking below: then nobody knows what has come there. */
    transport->below->is_drained = false;
    status = read_records(self, room, size, received);
    tls_detach(self, bio);
    tls_kernel_settle(self);
    transport->is_drained = transport->below->is_drained && SSL_has_pending(self->ssl) == 0 &&
                            !tls_kernel_receives(self);
    return status;
}

/* A peer that closed may have said why before: its alert is among what was not yet read. */
static wax_status ask_why(struct tls *self, wax_status status)
{
    uint8_t byte;
    size_t taken = 0;
    int result;

    if (self->ended != WAX_OK) {
        return self->ended;
    }
    ERR_clear_error();
    self->below_status = WAX_OK;
    result = SSL_peek_ex(self->ssl, &byte, 1, &taken);
    if (result == 1) {
        return status;
    }
    self->ended = judge(self, result);
    if (self->ended == WAX_MORE) {
        self->ended = status;
    }
    return self->ended;
}

/* Where the kernel may send, the handshake comes first: only then it is known whether it does. */
static wax_status hand_over(struct tls *self, wax_bytes bytes, size_t *sent)
{
    bool is_early = self->socket != NULL && SSL_is_init_finished(self->ssl) == 0;
    int result = is_early ? SSL_do_handshake(self->ssl) : 1;

    if (result == 1 && tls_kernel_sends(self)) {
        return tls_kernel_send_plain(self, bytes, sent);
    }
    if (result == 1) {
        result = SSL_write_ex(self->ssl, bytes.data, bytes.size, sent);
    }
    return result == 1 ? WAX_OK : judge(self, result);
}

static wax_status write_record(struct tls *self, wax_bytes bytes, size_t *sent)
{
    wax_status status;

    ERR_clear_error();
    self->below_status = WAX_OK;
    status = hand_over(self, bytes, sent);
    if (status == WAX_CLOSED || (status == WAX_IO && self->problem == NULL)) {
        return ask_why(self, status);
    }
    if (status != WAX_OK && status != WAX_MORE) {
        self->ended = status;
    }
    return status;
}

static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    struct tls *self = self_of(transport);
    wax_status status;
    BIO *bio;

    wax_assert(bytes.size > 0);
    if (self->ended == WAX_UNTRUSTED || self->ended == WAX_IO) {
        return self->ended;
    }
    bio = tls_attach(self);
    if (bio == NULL) {
        return out_of_memory(self);
    }
    status = write_record(self, bytes, sent);
    tls_detach(self, bio);
    tls_kernel_settle(self);
    return status;
}

static wax_status shut_down(struct tls *self)
{
    BIO *bio = tls_attach(self);
    wax_status status = WAX_OK;
    int result;

    if (bio == NULL) {
        return out_of_memory(self);
    }
    ERR_clear_error();
    self->below_status = WAX_OK;
    result = SSL_shutdown(self->ssl);
    if (result < 0) {
        status = judge(self, result);
    }
    ERR_clear_error();
    tls_detach(self, bio);
    return status;
}

/* Says close_notify, and does not wait for the peer's: MQTT has said its DISCONNECT before. */
static wax_status close(wax_transport *transport)
{
    struct tls *self = self_of(transport);
    bool is_open = SSL_is_init_finished(self->ssl) == 1 &&
                   (self->ended == WAX_OK || self->ended == WAX_CLOSED);

    if (is_open && (SSL_get_shutdown(self->ssl) & SSL_SENT_SHUTDOWN) == 0 &&
        shut_down(self) == WAX_MORE) {
        return WAX_MORE;
    }
    wax_status status = wax_transport_close(transport->below);
    transport->waits = transport->below->waits;
    return status;
}

/* What is all of our own. */
static void dissolve(struct tls *self)
{
    SSL_free(self->ssl);
    BIO_free(self->socket);
    wax_tls_release(self->context);
    free(self->host);
    free(self->stranger);
    free(self->problem);
    free(self);
}

static void release(wax_transport *transport)
{
    wax_transport *below = transport->below;

    dissolve(self_of(transport));
    wax_transport_release(below);
}

static const char *explain(wax_transport *transport)
{
    struct tls *self = self_of(transport);

    if (self->problem != NULL) {
        return self->problem->text;
    }
    return wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"TLS", receive, send, close, release, explain};

bool wax_tls_is(const wax_transport *transport)
{
    return transport->kind == &kind;
}

const wax_transport *wax_tls_find(const wax_transport *top)
{
    while (top != NULL && !wax_tls_is(top)) {
        top = top->below;
    }
    return top;
}

bool wax_tls_is_ready(const wax_transport *self)
{
    return SSL_is_init_finished(peek(self)->ssl) == 1;
}

static struct tls *create(wax_tls_context *context, wax_transport *below)
{
    struct tls *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return NULL;
    }
    atomic_fetch_add(&context->holders, 1);
    *self = (struct tls){
        .transport = {.kind = &kind, .below = below, .waits = WAX_WAITS_TO_READ},
        .ssl = SSL_new(context->ssl_context),
        .context = context,
    };
    if (self->ssl == NULL) {
        dissolve(self);
        return NULL;
    }
    return self;
}

wax_transport *wax_tls_accept(wax_tls_context *context, wax_transport *below)
{
    struct tls *self = create(context, below);

    wax_assert(context->is_server);
    if (self == NULL) {
        return NULL;
    }
    SSL_set_accept_state(self->ssl);
    return &self->transport;
}

static bool is_address(const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    bool is_one = address != NULL;

    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return is_one;
}

/* SNI has no addresses. [RFC 6066, 3] */
static bool name_host(struct tls *self, const char *host)
{
    X509_VERIFY_PARAM *rules = SSL_get0_param(self->ssl);

    self->host = strdup(host);
    if (self->host == NULL) {
        return false;
    }
    if (!is_address(host) && SSL_set_tlsext_host_name(self->ssl, self->host) != 1) {
        return false;
    }
    if (self->context->ignores_host) {
        return true;
    }
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address(host)) {
        return X509_VERIFY_PARAM_set1_ip_asc(rules, host) == 1;
    }
    return X509_VERIFY_PARAM_set1_host(rules, host, 0) == 1;
}

wax_transport *wax_tls_connect(wax_tls_context *context, wax_transport *below, const char *host)
{
    struct tls *self;
    const char *alpn = context->alpn;

    wax_assert(!context->is_server);
    wax_assert(host != NULL || context->ignores_host);
    self = create(context, below);
    if (self == NULL) {
        return NULL;
    }
    if ((host != NULL && (host[0] == '\0' || !name_host(self, host))) ||
        (alpn != NULL && SSL_set_alpn_protos(self->ssl, (const unsigned char *)alpn,
                                             (unsigned)strlen(alpn)) != 0)) {
        ERR_clear_error();
        dissolve(self);
        return NULL;
    }
    SSL_set_connect_state(self->ssl);
    return &self->transport;
}

static const char *group_of(SSL *ssl)
{
    long group = SSL_get_negotiated_group(ssl);
    const char *name = group > 0 ? SSL_group_to_name(ssl, (int)group) : NULL;

    return name != NULL ? name : "";
}

/* OpenSSL tells the identity of TLS 1.2; that of TLS 1.3 is noted on the session that is used. */
static void read_identity(SSL *ssl, wax_tls_peer *peer)
{
    const char *identity = NULL;
    struct tls_note note;

    if (SSL_version(ssl) == TLS1_2_VERSION) {
        identity = SSL_get_psk_identity(ssl);
    } else if (tls_note_read(SSL_get_session(ssl), &note)) {
        identity = note.identity;
    }
    if (identity != NULL) {
        (void)snprintf(peer->psk_identity, sizeof peer->psk_identity, "%s", identity);
    }
}

wax_status wax_tls_read_peer(const wax_transport *transport, wax_tls_peer *peer)
{
    const struct tls *self = peek(transport);
    const X509 *certificate = SSL_get0_peer_certificate(self->ssl);
    wax_status status;

    *peer = (wax_tls_peer){
        .version = SSL_get_version(self->ssl),
        .cipher = SSL_get_cipher_name(self->ssl),
        .group = group_of(self->ssl),
        /* To OpenSSL a PSK of TLS 1.3 is a session that is resumed, too. */
        .is_resumed = SSL_session_reused(self->ssl) == 1 && self->has_ticket,
        .is_in_kernel = tls_kernel_sends(self),
        .has_certificate = certificate != NULL,
    };
    if (self->context->psks.find != NULL) {
        read_identity(self->ssl, peer);
    }
    if (certificate == NULL) {
        return WAX_OK;
    }
    peer->not_after = wax_pki_not_after(certificate);
    status = wax_pki_common_name(certificate, peer->common_name, sizeof peer->common_name);
    if (status != WAX_OK && status != WAX_NOT_FOUND) {
        return WAX_UNTRUSTED;
    }
    if (wax_pki_subject(certificate, peer->subject, sizeof peer->subject) != WAX_OK) {
        return WAX_UNTRUSTED;
    }
    return WAX_OK;
}

const X509 *wax_tls_certificate(const wax_transport *transport)
{
    return SSL_get0_peer_certificate(peek(transport)->ssl);
}

wax_status wax_tls_save_session(const wax_transport *transport, wax_writer *out)
{
    const struct tls *self = peek(transport);
    SSL_SESSION *session = SSL_get1_session(self->ssl);
    uint8_t *bytes = NULL;
    int size = -1;

    if (session != NULL && SSL_SESSION_is_resumable(session) == 1) {
        size = i2d_SSL_SESSION(session, &bytes);
    }
    SSL_SESSION_free(session);
    if (size <= 0) {
        return WAX_NOT_FOUND;
    }
    wax_write_bytes(out, wax_bytes_of(bytes, (size_t)size));
    OPENSSL_clear_free(bytes, (size_t)size);
    return out->status;
}

wax_status wax_tls_offer_session(wax_transport *transport, wax_bytes bytes)
{
    struct tls *self = self_of(transport);
    const unsigned char *at = bytes.data;
    SSL_SESSION *session = NULL;
    bool is_offered;

    if (bytes.size > 0 && bytes.size <= 65536) {
        session = d2i_SSL_SESSION(NULL, &at, (long)bytes.size);
    }
    is_offered = session != NULL && SSL_set_session(self->ssl, session) == 1;
    SSL_SESSION_free(session);
    ERR_clear_error();
    self->has_ticket = is_offered;
    return is_offered ? WAX_OK : WAX_INVALID;
}
