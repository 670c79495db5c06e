/* level: what one level of protection costs on this board. An image is one way to protect messages
 * and one to protect the connection: it links what these take, and the flash of images differs by
 * that alone. */
#ifndef WAX_LEVEL_H
#define WAX_LEVEL_H

#include "device/device.h"
#include "transport/transport.h"
#include "wire/wire.h"

/* ---- What becomes of a message ---- */

enum {
    LEVEL_SIZE_MAX = 8000,
    LEVEL_FRONT = 24, /* room in front of a message in its buffer, for a seal's head ... */
    LEVEL_BACK = 16,  /* ... and behind it */
};

struct level_cover {
    /* Takes keys; whatever a device does once, when it starts. */
    wax_status (*open)(void);
    /* Makes the payload of `topic` of a message that has LEVEL_FRONT bytes in front of it and
     * LEVEL_BACK behind; it stays until the next one. */
    wax_status (*pack)(wax_bytes topic, uint8_t *message, size_t size, wax_bytes *payload);
};

/* That of the image. */
extern const struct level_cover level_cover;

/* ---- What becomes of the connection ---- */

struct level_wire {
    /* Likewise. */
    wax_status (*open)(void);
    /* Begins a connection, which goes on with the session of the one before; NULL: it cannot. */
    wax_transport *(*dial)(void);
    /* Keeps what the next connection goes on with, and returns its size. */
    size_t (*keep)(void);
};

extern const struct level_wire level_wire;

/* With TLS: whom to trust. Only called where level_wire is that of level_tls.c. */
const wax_device_settings *level_settings(void);

#endif
