/* device: what the TLS filters for devices have in common, whichever library they are by: what they
 * are told, and what they say. */
#ifndef WAX_DEVICE_H
#define WAX_DEVICE_H

#include "base/base.h"

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

WAX_C_END

#endif
