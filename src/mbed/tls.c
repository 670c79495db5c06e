/* What Mbed TLS does for the filter between MQTT and the filter below. */
#include "mbed/inner.h"

#include <string.h>

static wax_mbed_tls *self_of(wax_device_filter *self)
{
    return (wax_mbed_tls *)(void *)self;
}

/* ---- What the library calls ---- */

static int send_below(void *filter, const unsigned char *bytes, size_t size)
{
    size_t sent = 0;
    wax_status status = wax_device_send_below(filter, wax_bytes_of(bytes, size), &sent);

    return status == WAX_OK     ? (int)sent
           : status == WAX_MORE ? MBEDTLS_ERR_SSL_WANT_WRITE
                                : MBEDTLS_ERR_SSL_CONN_EOF;
}

static int receive_below(void *filter, unsigned char *room, size_t size)
{
    size_t received = 0;
    wax_status status = wax_device_receive_below(filter, room, size, &received);

    return status == WAX_OK     ? (int)received
           : status == WAX_MORE ? MBEDTLS_ERR_SSL_WANT_READ
                                : MBEDTLS_ERR_SSL_CONN_EOF;
}

/* ---- What calls the library ---- */

/* What a call means: the library moved as much, or says why it did not. */
static wax_status judge(wax_mbed_tls *self, int result, size_t *moved)
{
    if (result > 0) {
        *moved = (size_t)result;
        return WAX_OK;
    }
    if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return WAX_MORE;
    }
    if (result == 0 || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        return WAX_CLOSED;
    }
    return mbed_explain(self, result, &self->filter.problem);
}

static wax_status receive(wax_device_filter *filter, uint8_t *room, size_t size, size_t *received)
{
    wax_mbed_tls *self = self_of(filter);

    return judge(self, mbedtls_ssl_read(&self->ssl, room, size), received);
}

static wax_status send(wax_device_filter *filter, wax_bytes bytes, size_t *sent)
{
    wax_mbed_tls *self = self_of(filter);

    return judge(self, mbedtls_ssl_write(&self->ssl, bytes.data, bytes.size), sent);
}

static wax_status say_bye(wax_device_filter *filter)
{
    wax_mbed_tls *self = self_of(filter);
    size_t nothing;
    int fault = mbedtls_ssl_close_notify(&self->ssl);

    return fault == 0 ? WAX_OK : judge(self, fault, &nothing);
}

static bool is_ready(const wax_device_filter *filter)
{
    return wax_mbed_is_ready((const wax_mbed_tls *)(const void *)filter);
}

static void release(wax_device_filter *filter)
{
    mbedtls_ssl_free(&self_of(filter)->ssl);
}

static const wax_device_library library = {receive, send, say_bye, is_ready, release};

wax_status wax_mbed_connect(wax_mbed_tls *self, wax_mbed_context *context, wax_transport *below)
{
    const wax_device_settings *settings = context->settings;

    memset(self, 0, sizeof *self);
    wax_device_filter_open(&self->filter, &library, below);
    self->has_key = settings->psk.size > 0;
    mbedtls_ssl_init(&self->ssl);
    if (mbedtls_ssl_setup(&self->ssl, &context->config) != 0 ||
        mbed_ask_for_host(&self->ssl, settings->host) != 0) {
        mbedtls_ssl_free(&self->ssl);
        return WAX_FULL;
    }
    mbedtls_ssl_set_bio(&self->ssl, &self->filter, send_below, receive_below, NULL);
    return WAX_OK;
}
