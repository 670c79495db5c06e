/* device: what the TLS filters for devices have in common, whichever library they are by: what they
 * are told, how they stand between two transports, and what they say. */
#ifndef WAX_DEVICE_H
#define WAX_DEVICE_H

#include "base/base.h"
#include "transport/transport.h"

WAX_C_BEGIN

/* How connections are made. All of it stays the caller's, may lie in flash, and must live as long
 * as the context made of it. A server proves who it is by the pre-shared key where there is one,
 * and otherwise by a certificate of `authorities`; without both there is no proof, and no
 * connection. */
typedef struct wax_device_settings {
    const char *host; /* the DNS name that the server's certificate has to have, and by which the
                         server chooses it (SNI); NULL: any certificate of the authorities does */
    const wax_bytes *authorities; /* CAs, each a certificate in DER */
    size_t authority_count;
    const wax_bytes *chain; /* the own certificate in DER, then those above it; none is fine */
    size_t chain_count;
    wax_bytes secret_key; /* of the own certificate, in DER (PKCS #8 or SEC 1) */
    wax_bytes psk_identity;
    wax_bytes psk;            /* empty: none */
    uint16_t record_size_max; /* that the server is asked to keep to: 512, 1024, 2048 or 4096, and
                                 not above the library's buffers; its certificates have to fit one;
                                 0: as large as it likes [RFC 6066, 4] */
    const int *ciphers; /* numbers of IANA, best first, ending with 0; NULL: those that suit the
                           proofs above, ChaCha20-Poly1305 first, which needs no hardware */
} wax_device_settings;

/* Whether there is a proof of the server, a name for the pre-shared key, and a record size that
 * there is. Certificates and keys are for the library to judge. */
bool wax_device_settings_hold(const wax_device_settings *settings);

/* The number of a record size, from 1 for 512 to 4 for 4096; 0: none is asked for, or there is no
 * such size. [RFC 6066, 4] */
uint8_t wax_device_record_code(uint16_t size);

/* The ciphers to be offered, best first, ending with 0; those that the library was built without
 * are its own to leave out. */
const int *wax_device_ciphers(const wax_device_settings *settings);

/* ---- Why a connection ended ---- */

/* Why a connection ended. */
typedef enum wax_device_fault {
    WAX_DEVICE_FAILED, /* no other */
    WAX_DEVICE_CUT,
    WAX_DEVICE_DAMAGED,
    WAX_DEVICE_NO_TLS,
    WAX_DEVICE_OLD_TLS,
    WAX_DEVICE_NO_MEMORY,
    WAX_DEVICE_CERTIFICATE_DAMAGED,
    WAX_DEVICE_CERTIFICATE_ENDED,
    WAX_DEVICE_CERTIFICATE_EARLY,
    WAX_DEVICE_CERTIFICATE_OF_OTHER,
    WAX_DEVICE_CERTIFICATE_OF_STRANGER,
    WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE,
    WAX_DEVICE_CERTIFICATE_UNASKED,
    WAX_DEVICE_CERTIFICATE_DOUBTFUL,
} wax_device_fault;

/* The status and the words of a fault; the words are constant. */
wax_status wax_device_explain(wax_device_fault fault, const char **words);

/* Likewise of an alert of the server. `is_about_key`: the two ends prove by a pre-shared key who
 * they are, and the handshake is not done. [RFC 5246, 7.2.2] */
wax_status wax_device_explain_alert(int alert, bool is_about_key, const char **words);

/* A number by which a library tells a fault. */
typedef struct wax_device_number {
    int number;
    wax_device_fault fault;
} wax_device_number;

/* The fault of a number; WAX_DEVICE_FAILED if there is no row for it. */
wax_device_fault wax_device_find(const wax_device_number *rows, size_t count, int number);

/* ---- The filter ---- */

typedef struct wax_device_filter wax_device_filter;

/* What a library does for a filter. receive, send and say_bye (close_notify) return WAX_OK,
 * WAX_MORE when the filter below moves nothing, WAX_CLOSED when the peer said good-bye, or what
 * else is wrong, with `problem` saying it in words; what the filter below said of itself need not
 * be passed on. What send took once it is given again as it was. is_ready: whether the handshake is
 * done. release: gives back what the library holds. */
typedef struct wax_device_library {
    wax_status (*receive)(wax_device_filter *self, uint8_t *room, size_t size, size_t *received);
    wax_status (*send)(wax_device_filter *self, wax_bytes bytes, size_t *sent);
    wax_status (*say_bye)(wax_device_filter *self);
    bool (*is_ready)(const wax_device_filter *self);
    void (*release)(wax_device_filter *self);
} wax_device_library;

/* TLS between MQTT and the filter below; the first member of every filter for devices. */
struct wax_device_filter {
    wax_transport transport;
    const wax_device_library *library;
    const char *problem; /* NULL: none */
    size_t pending_size; /* of what the library has taken and not yet sent; 0: nothing */
    wax_status
        below_status; /* why the filter below moves nothing more; WAX_OK as long as it does */
    wax_status ended; /* likewise of this one */
    bool said_bye;
};

/* Puts a filter over `below`, which it owns from now on. */
void wax_device_filter_open(wax_device_filter *self, const wax_device_library *library,
                            wax_transport *below);

/* What the library moves below, and as wax_transport_send() and wax_transport_receive() say. */
wax_status wax_device_send_below(wax_device_filter *self, wax_bytes bytes,
                                 size_t *sent) WAX_CHECKED;
wax_status wax_device_receive_below(wax_device_filter *self, uint8_t *room, size_t size,
                                    size_t *received) WAX_CHECKED;

WAX_C_END

#endif
