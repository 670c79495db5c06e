/* A client of TLS, by whichever filter is linked: what the same tests are run on. */
#ifndef WAX_TESTS_TLS_CLIENT_H
#define WAX_TESTS_TLS_CLIENT_H

#include "device/device.h"
#include "transport/transport.h"

struct tls_client {
    /* One for devices says things in the words of its room, asks for small records, chooses its
     * ciphers, trusts no CAs of a system, and ends both ways at once. */
    bool is_for_devices;
    /* One context at a time, and one connection of it at a time. */
    wax_status (*open)(const wax_device_settings *settings);
    void (*close)(void);
    wax_transport *(*connect)(wax_transport *below);
    bool (*is_ready)(void);
    wax_status (*save)(wax_writer *out);
    wax_status (*offer)(wax_bytes session);
};

extern const struct tls_client tls_client;

#endif
