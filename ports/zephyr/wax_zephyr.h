/* zephyr: a socket of Zephyr, with its TLS or without, as a transport for Wax. */
#ifndef WAX_ZEPHYR_H
#define WAX_ZEPHYR_H

#include "transport/transport.h"

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

WAX_C_BEGIN

/* The fields are for wax_zephyr.c alone, but for `transport.descriptor`, which may be polled. */
typedef struct wax_zephyr {
    wax_transport transport;
} wax_zephyr;

/* Whom to connect to. */
typedef struct wax_zephyr_peer {
    const char *host; /* a name or an address; with TLS also that of its certificate */
    const char *port;
    const sec_tag_t *tags; /* of credentials that say whom to trust, and who this is */
    size_t tag_count;      /* 0: no TLS */
} wax_zephyr_peer;

/* Connects, and returns when the handshake is done. Returns WAX_OK, and `self->transport` is to be
 * released at the end; or WAX_IO: errno says why. */
wax_status wax_zephyr_dial(wax_zephyr *self, const wax_zephyr_peer *peer) WAX_CHECKED;

WAX_C_END

#endif
