/* The filter: wolfSSL between MQTT and the filter below. */
#include "wolf/inner.h"

#include <string.h>
#include <wolfssl/error-ssl.h>

static wax_wolf_tls *self_of(wax_transport *self)
{
    return (wax_wolf_tls *)(void *)self;
}

/* ---- What the library calls ---- */

/* Notes what the filter below said when it moved nothing, and says it as the library wants it. */
static int judge_below(wax_wolf_tls *self, wax_status status, int wanted)
{
    self->transport.waits = self->transport.below->waits;
    if (status == WAX_MORE) {
        return wanted;
    }
    self->below_status = status;
    return WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static int send_below(WOLFSSL *ssl, char *bytes, int size, void *context)
{
    wax_wolf_tls *self = context;
    size_t sent = 0;
    wax_status status =
        wax_transport_send(self->transport.below, wax_bytes_of(bytes, (size_t)size), &sent);

    (void)ssl;
    return status == WAX_OK ? (int)sent : judge_below(self, status, WOLFSSL_CBIO_ERR_WANT_WRITE);
}

static int receive_below(WOLFSSL *ssl, char *bytes, int size, void *context)
{
    wax_wolf_tls *self = context;
    uint8_t *room = (uint8_t *)bytes;
    size_t received = 0;
    wax_status status = wax_transport_receive(self->transport.below, room, (size_t)size, &received);

    (void)ssl;
    if (status != WAX_OK) {
        return judge_below(self, status, WOLFSSL_CBIO_ERR_WANT_READ);
    }
    self->first = self->first == 0 ? room[0] : self->first;
    return (int)received;
}

/* ---- The filter ---- */

bool wax_wolf_is_ready(const wax_wolf_tls *self)
{
    return wolfSSL_is_init_finished(self->ssl) == 1;
}

/* What a call of the library that moved nothing means; all but waiting ends the connection. One
 * that ends without close_notify has ended as well: MQTT itself knows whether a packet is whole. */
static wax_status judge(wax_wolf_tls *self, int result)
{
    int fault = wolfSSL_get_error(self->ssl, result);

    if (fault == WOLFSSL_ERROR_WANT_READ || fault == WOLFSSL_ERROR_WANT_WRITE) {
        return WAX_MORE;
    }
    if (self->below_status != WAX_OK) {
        self->ended = self->below_status;
        if (self->ended == WAX_CLOSED && !wax_wolf_is_ready(self)) {
            self->ended = wax_device_explain(WAX_DEVICE_CUT, &self->problem);
        }
    } else if (fault == WOLFSSL_ERROR_ZERO_RETURN) {
        self->ended = WAX_CLOSED;
    } else {
        self->ended = wolf_explain(self, fault, &self->problem);
    }
    return self->ended;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    wax_wolf_tls *self = self_of(transport);
    int result;

    if (self->ended != WAX_OK) {
        return self->ended;
    }
    result = wolfSSL_read(self->ssl, room, size < INT32_MAX ? (int)size : INT32_MAX);
    if (result <= 0) {
        return judge(self, result);
    }
    *received = (size_t)result;
    return WAX_OK;
}

/* What the library has taken once it has to be offered again as it was, and not with more. */
static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    enum { RECORD_MAX = 16384 };

    wax_wolf_tls *self = self_of(transport);
    size_t size = bytes.size < RECORD_MAX ? bytes.size : RECORD_MAX;
    wax_status status;
    int result;

    size = self->pending_size > 0 ? self->pending_size : size;
    wax_assert(bytes.size >= size && size > 0);
    if (self->ended != WAX_OK) {
        return self->ended;
    }
    result = wolfSSL_write(self->ssl, bytes.data, (int)size);
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
    wax_wolf_tls *self = self_of(transport);
    bool is_open = wax_wolf_is_ready(self) && self->below_status == WAX_OK &&
                   (self->ended == WAX_OK || self->ended == WAX_CLOSED);
    wax_status status;

    if (is_open && !self->said_bye) {
        int result = wolfSSL_shutdown(self->ssl);
        if (result < 0 && judge(self, result) == WAX_MORE) {
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
    wax_wolf_tls *self = self_of(transport);

    wolfSSL_free(self->ssl);
    wax_transport_release(transport->below);
}

static const char *explain(wax_transport *transport)
{
    wax_wolf_tls *self = self_of(transport);

    return self->problem != NULL ? self->problem : wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"wolfSSL", receive, send, close, release, explain};

WOLFSSL *wolf_begin(wax_wolf_tls *self)
{
    WOLFSSL *ssl = wolfSSL_new(self->context->library);

    if (ssl == NULL) {
        return NULL;
    }
    wolfSSL_SSLSetIORecv(ssl, receive_below);
    wolfSSL_SSLSetIOSend(ssl, send_below);
    wolfSSL_SetIOReadCtx(ssl, self);
    wolfSSL_SetIOWriteCtx(ssl, self);
    if (!wolf_ask_for_host(ssl, self->context->settings->host)) {
        wolfSSL_free(ssl);
        return NULL;
    }
    return ssl;
}

wax_status wax_wolf_connect(wax_wolf_tls *self, wax_wolf_context *context, wax_transport *below)
{
    memset(self, 0, sizeof *self);
    self->transport = (wax_transport){.kind = &kind, .below = below, .waits = WAX_WAITS_TO_WRITE};
    self->context = context;
    self->ssl = wolf_begin(self);
    return self->ssl != NULL ? WAX_OK : WAX_FULL;
}
