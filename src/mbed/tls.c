/* The filter: Mbed TLS between MQTT and the filter below. */
#include "mbed/inner.h"

#include <string.h>

static wax_mbed_tls *self_of(wax_transport *self)
{
    return (wax_mbed_tls *)(void *)self;
}

/* ---- What the library calls ---- */

/* Notes what the filter below said when it moved nothing, and says it as the library wants it. */
static int judge_below(wax_mbed_tls *self, wax_status status, int wanted)
{
    self->transport.waits = self->transport.below->waits;
    if (status == WAX_MORE) {
        return wanted;
    }
    self->below_status = status;
    return MBEDTLS_ERR_SSL_CONN_EOF;
}

static int send_below(void *context, const unsigned char *bytes, size_t size)
{
    wax_mbed_tls *self = context;
    size_t sent = 0;
    wax_status status = wax_transport_send(self->transport.below, wax_bytes_of(bytes, size), &sent);

    return status == WAX_OK ? (int)sent : judge_below(self, status, MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int receive_below(void *context, unsigned char *room, size_t size)
{
    wax_mbed_tls *self = context;
    size_t received = 0;
    wax_status status = wax_transport_receive(self->transport.below, room, size, &received);

    return status == WAX_OK ? (int)received : judge_below(self, status, MBEDTLS_ERR_SSL_WANT_READ);
}

/* ---- The filter ---- */

/* What a call of the library that moved nothing means; all but waiting ends the connection. One
 * that ends without close_notify has ended as well: MQTT itself knows whether a packet is whole. */
static wax_status judge(wax_mbed_tls *self, int fault)
{
    if (fault == MBEDTLS_ERR_SSL_WANT_READ || fault == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return WAX_MORE;
    }
    if (self->below_status != WAX_OK) {
        self->ended = self->below_status;
        if (self->ended == WAX_CLOSED && !wax_mbed_is_ready(self)) {
            self->ended = wax_device_explain(WAX_DEVICE_CUT, &self->problem);
        }
    } else if (fault == 0 || fault == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        self->ended = WAX_CLOSED;
    } else {
        self->ended = mbed_explain(self, fault, &self->problem);
    }
    return self->ended;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    wax_mbed_tls *self = self_of(transport);
    int result;

    if (self->ended != WAX_OK) {
        return self->ended;
    }
    result = mbedtls_ssl_read(&self->ssl, room, size);
    if (result <= 0) {
        return judge(self, result);
    }
    *received = (size_t)result;
    return WAX_OK;
}

/* What the library has taken once it has to be offered again as it was, and not with more. */
static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    wax_mbed_tls *self = self_of(transport);
    size_t size = self->pending_size > 0 ? self->pending_size : bytes.size;
    wax_status status;
    int result;

    wax_assert(bytes.size >= size && size > 0);
    if (self->ended != WAX_OK) {
        return self->ended;
    }
    result = mbedtls_ssl_write(&self->ssl, bytes.data, size);
    if (result <= 0) {
        status = judge(self, result);
        self->pending_size = status == WAX_MORE ? size : 0;
        return status;
    }
    self->pending_size = 0;
    *sent = (size_t)result;
    return WAX_OK;
}

/* Says close_notify, and does not wait for the peer's: MQTT has said its DISCONNECT before. */
static wax_status close(wax_transport *transport)
{
    wax_mbed_tls *self = self_of(transport);
    bool is_open = wax_mbed_is_ready(self) && self->below_status == WAX_OK &&
                   (self->ended == WAX_OK || self->ended == WAX_CLOSED);
    wax_status status;

    if (is_open && !self->said_bye) {
        int fault = mbedtls_ssl_close_notify(&self->ssl);
        if (fault == MBEDTLS_ERR_SSL_WANT_READ || fault == MBEDTLS_ERR_SSL_WANT_WRITE) {
            return WAX_MORE;
        }
        self->said_bye = true;
    }
    status = wax_transport_close(transport->below);
    transport->waits = transport->below->waits;
    return status;
}

static void release(wax_transport *transport)
{
    wax_mbed_tls *self = self_of(transport);

    mbedtls_ssl_free(&self->ssl);
    wax_transport_release(transport->below);
}

static const char *explain(wax_transport *transport)
{
    wax_mbed_tls *self = self_of(transport);

    return self->problem != NULL ? self->problem : wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"Mbed TLS", receive, send, close, release, explain};

wax_status wax_mbed_connect(wax_mbed_tls *self, wax_mbed_context *context, wax_transport *below)
{
    const wax_device_settings *settings = context->settings;

    memset(self, 0, sizeof *self);
    self->transport = (wax_transport){.kind = &kind, .below = below, .waits = WAX_WAITS_TO_WRITE};
    self->has_key = settings->psk.size > 0;
    mbedtls_ssl_init(&self->ssl);
    if (mbedtls_ssl_setup(&self->ssl, &context->config) != 0 ||
        mbed_ask_for_host(&self->ssl, settings->host) != 0) {
        mbedtls_ssl_free(&self->ssl);
        return WAX_FULL;
    }
    mbedtls_ssl_set_bio(&self->ssl, self, send_below, receive_below, NULL);
    return WAX_OK;
}
