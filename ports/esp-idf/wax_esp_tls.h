/* esp_tls: a connection of ESP-IDF's component esp-tls as a transport for Wax. */
#ifndef WAX_ESP_TLS_H
#define WAX_ESP_TLS_H

#include "transport/transport.h"

#include <esp_tls.h>

WAX_C_BEGIN

/* The fields are for wax_esp_tls.c alone. */
typedef struct wax_esp_tls {
    wax_transport transport;
    esp_tls_t *tls;
} wax_esp_tls;

/* Connects, and returns when the handshake is done. `config` says whom to trust (`cacert_buf`,
 * `crt_bundle_attach` or `psk_hint_key`) and how long it may take; its `non_block` is true. Returns
 * WAX_OK, and `self->transport` is to be released at the end; or WAX_IO: esp-tls has logged why. */
wax_status wax_esp_tls_dial(wax_esp_tls *self, const char *host, uint16_t port,
                            const esp_tls_cfg_t *config) WAX_CHECKED;

WAX_C_END

#endif
