/* What a transport does, in the words of esp-tls. */
#include "wax_esp_tls.h"

#include <string.h>

static wax_esp_tls *self_of(wax_transport *transport)
{
    return (wax_esp_tls *)(void *)transport;
}

/* What a call came to that moved `count` bytes, or says why it moved none. */
static wax_status judge(wax_transport *transport, ssize_t count, size_t *moved)
{
    if (count > 0) {
        *moved = (size_t)count;
        return WAX_OK;
    }
    transport->waits = count == ESP_TLS_ERR_SSL_WANT_WRITE ? WAX_WAITS_TO_WRITE : WAX_WAITS_TO_READ;
    if (count == ESP_TLS_ERR_SSL_WANT_READ || count == ESP_TLS_ERR_SSL_WANT_WRITE) {
        return WAX_MORE;
    }
    return count == 0 ? WAX_CLOSED : WAX_IO;
}

static wax_status take_bytes(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    return judge(transport, esp_tls_conn_read(self_of(transport)->tls, room, size), received);
}

static wax_status give_bytes(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    return judge(transport, esp_tls_conn_write(self_of(transport)->tls, bytes.data, bytes.size),
                 sent);
}

static wax_status say_bye(wax_transport *transport)
{
    (void)transport;
    return WAX_OK; /* esp-tls says good-bye where it is released */
}

static void release(wax_transport *transport)
{
    esp_tls_conn_destroy(self_of(transport)->tls);
}

static const char *explain(wax_transport *transport)
{
    (void)transport;
    return "";
}

wax_status wax_esp_tls_dial(wax_esp_tls *self, const char *host, uint16_t port,
                            const esp_tls_cfg_t *config)
{
    static const wax_transport_kind kind = {"esp-tls", take_bytes, give_bytes,
                                            say_bye,   release,    explain};

    *self = (wax_esp_tls){.transport = {.kind = &kind}, .tls = esp_tls_init()};
    if (self->tls == NULL) {
        return WAX_IO;
    }
    if (esp_tls_conn_new_sync(host, (int)strlen(host), port, config, self->tls) != 1) {
        esp_tls_conn_destroy(self->tls);
        return WAX_IO;
    }
    return WAX_OK;
}
