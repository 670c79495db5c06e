/* What wolfSSL does for the filter between MQTT and the filter below. */
#include "wolf/inner.h"

#include <string.h>
#include <wolfssl/error-ssl.h>

static wax_wolf_tls *self_of(wax_device_filter *self)
{
    return (wax_wolf_tls *)(void *)self;
}

/* ---- What the library calls ---- */

static int send_below(WOLFSSL *ssl, char *bytes, int size, void *context)
{
    wax_wolf_tls *self = context;
    size_t sent = 0;
    wax_status status =
        wax_device_send_below(&self->filter, wax_bytes_of(bytes, (size_t)size), &sent);

    (void)ssl;
    return status == WAX_OK     ? (int)sent
           : status == WAX_MORE ? WOLFSSL_CBIO_ERR_WANT_WRITE
                                : WOLFSSL_CBIO_ERR_CONN_CLOSE;
}

static int receive_below(WOLFSSL *ssl, char *bytes, int size, void *context)
{
    wax_wolf_tls *self = context;
    uint8_t *room = (uint8_t *)bytes;
    size_t received = 0;
    wax_status status = wax_device_receive_below(&self->filter, room, (size_t)size, &received);

    (void)ssl;
    if (status != WAX_OK) {
        return status == WAX_MORE ? WOLFSSL_CBIO_ERR_WANT_READ : WOLFSSL_CBIO_ERR_CONN_CLOSE;
    }
    self->first = self->first == 0 ? room[0] : self->first;
    return (int)received;
}

/* ---- What calls the library ---- */

bool wax_wolf_is_ready(const wax_wolf_tls *self)
{
    return wolfSSL_is_init_finished(self->ssl) == 1;
}

/* What a call that moved nothing means. */
static wax_status judge(wax_wolf_tls *self, int result)
{
    int fault = wolfSSL_get_error(self->ssl, result);

    if (fault == WOLFSSL_ERROR_WANT_READ || fault == WOLFSSL_ERROR_WANT_WRITE) {
        return WAX_MORE;
    }
    return fault == WOLFSSL_ERROR_ZERO_RETURN ? WAX_CLOSED
                                              : wolf_explain(self, fault, &self->filter.problem);
}

static wax_status receive(wax_device_filter *filter, uint8_t *room, size_t size, size_t *received)
{
    wax_wolf_tls *self = self_of(filter);
    int result = wolfSSL_read(self->ssl, room, size < INT32_MAX ? (int)size : INT32_MAX);

    if (result <= 0) {
        return judge(self, result);
    }
    *received = (size_t)result;
    return WAX_OK;
}

static wax_status send(wax_device_filter *filter, wax_bytes bytes, size_t *sent)
{
    enum { RECORD_MAX = 16384 };

    wax_wolf_tls *self = self_of(filter);
    size_t size = bytes.size < RECORD_MAX ? bytes.size : RECORD_MAX;
    int result = wolfSSL_write(self->ssl, bytes.data, (int)size);

    if (result <= 0) {
        return judge(self, result);
    }
    *sent = (size_t)result;
    return WAX_OK;
}

static wax_status say_bye(wax_device_filter *filter)
{
    wax_wolf_tls *self = self_of(filter);
    int result = wolfSSL_shutdown(self->ssl);

    return result < 0 ? judge(self, result) : WAX_OK;
}

static bool is_ready(const wax_device_filter *filter)
{
    return wax_wolf_is_ready((const wax_wolf_tls *)(const void *)filter);
}

static void release(wax_device_filter *filter)
{
    wolfSSL_free(self_of(filter)->ssl);
}

static const wax_device_library library = {receive, send, say_bye, is_ready, release};

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
    wax_device_filter_open(&self->filter, &library, below);
    self->context = context;
    self->ssl = wolf_begin(self);
    return self->ssl != NULL ? WAX_OK : WAX_FULL;
}
