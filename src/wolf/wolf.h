/* wolf: TLS for devices, by wolfSSL: the client's end as a filter between MQTT and a socket. What
 * this room computes for seals stands behind the door of crypto, and has no door of its own.
 *
 * TLS 1.2 with extended master secret; the ciphers are those that the library was built with. The
 * user_settings.h of the library includes wolf/settings.h, which says what this room wants of it;
 * dates of certificates count, unless XVALIDATE_DATE is defined there for a device that has no
 * clock. It takes memory by its own malloc(), and copies certificates and keys into it; randomness
 * is that of wax_random(). The fields of both structs are for this room alone.
 */
#ifndef WAX_WOLF_H
#define WAX_WOLF_H

#include "device/device.h"

#include <wolfssl/wolfcrypt/settings.h>

#include <wolfssl/ssl.h>

WAX_C_BEGIN

/* The longest name and the largest key that both ends have in common. */
enum { WAX_WOLF_PSK_IDENTITY_MAX = 128, WAX_WOLF_PSK_MAX = 64 };

/* A secret key that no memory sees: `device` is the number under which the application registered
 * its callback with wc_CryptoCb_RegisterDevice(), and that callback signs; `key_id` is what the
 * callback knows the key by, 1 to 32 bytes that it finds in the `id` of the ecc_key.
 * Wants WOLF_CRYPTO_CB and WOLF_PRIVATE_KEY_ID of the library. */
typedef struct wax_wolf_hardware {
    int device;
    wax_bytes key_id;
} wax_wolf_hardware;

/* What connections share. */
typedef struct wax_wolf_context {
    const wax_device_settings *settings;
    WOLFSSL_CTX *library;
} wax_wolf_context;

/* A connection. */
typedef struct wax_wolf_tls {
    wax_device_filter filter;
    WOLFSSL *ssl;
    wax_wolf_context *context;
    uint8_t first; /* of the bytes that the server sent, which tells TLS from all else; 0: none */
} wax_wolf_tls;

/* Begins a context. `hardware` has the secret key of the own certificate, and may go once this
 * returns; NULL: the settings have it.
 * Returns WAX_OK; WAX_INVALID when a certificate or the key is none, or not the one of the other,
 * a size is out of range, or there is neither an authority nor a pre-shared key; WAX_FULL without
 * memory. wax_wolf_close() is owed after WAX_OK alone. */
wax_status wax_wolf_open(wax_wolf_context *context, const wax_device_settings *settings,
                         const wax_wolf_hardware *hardware) WAX_CHECKED;

/* Ends a context, whose connections are released. */
void wax_wolf_close(wax_wolf_context *context);

/* Puts TLS over `below`, which it owns from now on, unless this fails; the handshake runs inside of
 * what is received and sent. Returns WAX_OK, and `self->filter.transport` is the filter; or
 * WAX_FULL. */
wax_status wax_wolf_connect(wax_wolf_tls *self, wax_wolf_context *context,
                            wax_transport *below) WAX_CHECKED;

/* Whether the handshake is done. */
bool wax_wolf_is_ready(const wax_wolf_tls *self);

/* Appends what a later connection to the same server goes on with, for a fraction of the work:
 * session and ticket. It is as secret as a key. Returns WAX_OK; WAX_NOT_FOUND before the handshake
 * is done, or when the server gave no ticket; WAX_FULL when it does not fit. [RFC 5077] */
wax_status wax_wolf_save_session(const wax_wolf_tls *self, wax_writer *out) WAX_CHECKED;

/* Offers the server to go on with what was saved, right behind wax_wolf_connect(); when it does not
 * want to, the handshake is a full one. Only for the server and the settings that it was saved
 * with: who was proved then is not proved again. Returns WAX_OK; WAX_INVALID for what was not saved
 * by the same build of the library, or ended as the server said: nothing is offered then; or
 * WAX_FULL without memory. */
wax_status wax_wolf_offer_session(wax_wolf_tls *self, wax_bytes session) WAX_CHECKED;

WAX_C_END

#endif
