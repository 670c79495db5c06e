/* mbed: TLS for devices, by Mbed TLS: the client's end as a filter between MQTT and a socket. What
 * this room computes for seals stands behind the door of crypto, and has no door of its own.
 *
 * TLS 1.2 with extended master secret; the ciphers are those that the library was built with. It
 * wants MBEDTLS_SSL_MAX_FRAGMENT_LENGTH and MBEDTLS_SSL_SESSION_TICKETS. Dates of certificates
 * count where it was built with a clock (MBEDTLS_HAVE_TIME_DATE). It takes memory by its own
 * calloc(), and randomness from wax_random(). The fields of both structs are for this room alone.
 */
#ifndef WAX_MBED_H
#define WAX_MBED_H

#include "device/device.h"

#include <mbedtls/ssl.h>

WAX_C_BEGIN

/* What connections share. */
typedef struct wax_mbed_context {
    const wax_device_settings *settings;
    mbedtls_ssl_config config;
#if defined(MBEDTLS_X509_CRT_PARSE_C)
    mbedtls_x509_crt authorities;
    mbedtls_x509_crt chain;
    mbedtls_pk_context secret_key;
#endif
} wax_mbed_context;

/* A connection. */
typedef struct wax_mbed_tls {
    wax_device_filter filter;
    mbedtls_ssl_context ssl;
    bool has_key; /* the proof is a pre-shared key */
} wax_mbed_tls;

/* Begins a context. Returns WAX_OK; WAX_INVALID when a certificate or the key is none, a size is
 * not one of those above, or there is neither an authority nor a pre-shared key; WAX_FULL without
 * memory. wax_mbed_close() is owed after WAX_OK alone. */
wax_status wax_mbed_open(wax_mbed_context *context,
                         const wax_device_settings *settings) WAX_CHECKED;

/* Ends a context, whose connections are released. */
void wax_mbed_close(wax_mbed_context *context);

/* Puts TLS over `below`, which it owns from now on, unless this fails; the handshake runs inside of
 * what is received and sent. Returns WAX_OK, and `self->filter.transport` is the filter; or
 * WAX_FULL. */
wax_status wax_mbed_connect(wax_mbed_tls *self, wax_mbed_context *context,
                            wax_transport *below) WAX_CHECKED;

/* Whether the handshake is done. */
bool wax_mbed_is_ready(const wax_mbed_tls *self);

/* Appends what a later connection to the same server goes on with, for a fraction of the work:
 * session and ticket. It is as secret as a key. Returns WAX_OK; WAX_NOT_FOUND before the handshake
 * is done, or when the server gave nothing to go on with; WAX_FULL when it does not fit. [RFC 5077]
 */
wax_status wax_mbed_save_session(const wax_mbed_tls *self, wax_writer *out) WAX_CHECKED;

/* Offers the server to go on with what was saved, right behind wax_mbed_connect(); when it does not
 * want to, the handshake is a full one. Only for the server and the settings that it was saved
 * with: who was proved then is not proved again. Returns WAX_OK; WAX_INVALID for what was not saved
 * by the same build of the library: nothing is offered then; or WAX_FULL without memory. */
wax_status wax_mbed_offer_session(wax_mbed_tls *self, wax_bytes session) WAX_CHECKED;

WAX_C_END

#endif
