/* tls: the filter of an image, by one library or another, with one context and one connection at a
 * time. */
#ifndef WAX_BOARD_TLS_H
#define WAX_BOARD_TLS_H

#include "device/device.h"
#include "transport/transport.h"

struct tls_filter {
    wax_status (*open)(const wax_device_settings *settings);
    void (*close)(void);
    /* NULL: there is no memory. */
    wax_transport *(*connect)(wax_transport *below);
    wax_status (*offer)(wax_bytes session);
    wax_status (*save)(wax_writer *out);
};

extern const struct tls_filter tls_filter;

#endif
