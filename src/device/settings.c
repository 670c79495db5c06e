/* What can be said of settings without a library. */
#include "device/device.h"

/* Numbers of IANA, best first. */
/* clang-format off */
static const int certificate_ciphers[] = {
    0xcca9, /* TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 [RFC 7905] */
    0xc02b, /* TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       [RFC 5289] */
    0xc0ac, /* TLS_ECDHE_ECDSA_WITH_AES_128_CCM              [RFC 7251] */
    0xcca8, /* TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256   [RFC 7905] */
    0xc02f, /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256         [RFC 5289] */
    0,
};

/* With a key for each connection that outlives no connection where the library can, and with the
 * shared key alone where it cannot. */
static const int psk_ciphers[] = {
    0xccac, /* TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256   [RFC 7905] */
    0xccab, /* TLS_PSK_WITH_CHACHA20_POLY1305_SHA256         [RFC 7905] */
    0x00a8, /* TLS_PSK_WITH_AES_128_GCM_SHA256               [RFC 5487] */
    0xc0a4, /* TLS_PSK_WITH_AES_128_CCM                      [RFC 6655] */
    0xc0a8, /* TLS_PSK_WITH_AES_128_CCM_8                    [RFC 6655] */
    0,
};
/* clang-format on */

uint8_t wax_device_record_code(uint16_t size)
{
    for (uint8_t code = 1; code <= 4; code++) {
        if (size == 256U << code) {
            return code;
        }
    }
    return 0;
}

bool wax_device_settings_hold(const wax_device_settings *settings)
{
    return (settings->authority_count > 0 || settings->psk.size > 0) &&
           (settings->psk.size == 0 || settings->psk_identity.size > 0) &&
           (settings->record_size_max == 0 ||
            wax_device_record_code(settings->record_size_max) != 0);
}

/* A server that is to be trusted for its certificate is not let off with a key, nor the other way
 * round, unless the settings name the ciphers for it. */
const int *wax_device_ciphers(const wax_device_settings *settings)
{
    if (settings->ciphers != NULL) {
        return settings->ciphers;
    }
    return settings->psk.size > 0 ? psk_ciphers : certificate_ciphers;
}
