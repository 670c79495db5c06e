/* Why a connection ended, in words. */
#include "tls/inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

struct cause {
    int reason; /* OpenSSL's; for an alert SSL_AD_REASON_OFFSET and its number */
    wax_status status;
    const char *words;
};

#define ALERT(number) (SSL_AD_REASON_OFFSET + (number))

/* What we found ourselves, then the alerts of the peer. [RFC 8446, 6.2] */
/* clang-format off */
static const struct cause causes[] = {
    {SSL_R_CERTIFICATE_VERIFY_FAILED,             WAX_UNTRUSTED, "the peer's certificate does not hold"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,     WAX_UNTRUSTED, "the client sent no certificate, and this listener requires one (require_certificate); give the client --cert and --key"},
    {SSL_R_WRONG_VERSION_NUMBER,                  WAX_IO, "the peer does not speak TLS; is this the port, or the client, for plain MQTT?"},
    {SSL_R_HTTP_REQUEST,                          WAX_IO, "the peer speaks plain HTTP to a TLS port"},
    {SSL_R_HTTPS_PROXY_REQUEST,                   WAX_IO, "the peer takes this TLS port for a proxy"},
    {SSL_R_UNSUPPORTED_PROTOCOL,                  WAX_IO, "the peer offers only versions of TLS that are too old here; it needs TLS 1.2 or later, or tls_version allows only 1.3"},
    {SSL_R_VERSION_TOO_LOW,                       WAX_IO, "the peer offers only versions of TLS that are too old here; it needs TLS 1.2 or later, or tls_version allows only 1.3"},
    {SSL_R_UNKNOWN_PROTOCOL,                      WAX_IO, "the peer offers no version of TLS that is known here"},
    {SSL_R_NO_SHARED_CIPHER,                      WAX_IO, "both sides have no cipher in common; see the options ciphers and ciphers_tls1.3, and whether the certificate's key (EC or RSA) suits the client"},
    {SSL_R_NO_SHARED_GROUPS,                      WAX_IO, "both sides have no group for the key exchange in common"},
    {SSL_R_NO_SUITABLE_KEY_SHARE,                 WAX_IO, "both sides have no group for the key exchange in common"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,        WAX_IO, "the peer cannot verify signatures by the kind of key that our certificate has"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,       WAX_IO, "the peer cannot verify signatures by the kind of key that our certificate has"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING,          WAX_IO, "the peer closed the connection without a word"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,   WAX_IO, "what arrived is damaged or forged"},
    {SSL_R_NO_RENEGOTIATION,                      WAX_IO, "the peer wants to renegotiate, which is not done here"},
    {SSL_R_EXCESSIVE_MESSAGE_SIZE,                WAX_UNTRUSTED, "the peer sent more certificates than 64 KiB hold; it needs its own and those of the CAs above it, no others"},
    {SSL_R_CERT_LENGTH_MISMATCH,                  WAX_IO, "the peer's certificate message is damaged"},
    {SSL_R_EE_KEY_TOO_SMALL,                      WAX_UNTRUSTED, "the key of the certificate is too small to be safe"},

    {ALERT(SSL_AD_UNEXPECTED_MESSAGE),            WAX_IO, "the peer reports: unexpected message (one side does not keep to the protocol)"},
    {ALERT(SSL_AD_BAD_RECORD_MAC),                WAX_IO, "the peer reports: bad record mac (what we sent arrived damaged)"},
    {ALERT(SSL_AD_RECORD_OVERFLOW),               WAX_IO, "the peer reports: record overflow (its buffer is too small for our records)"},
    {ALERT(SSL_AD_HANDSHAKE_FAILURE),             WAX_IO, "the peer rejected the handshake: handshake failure (no cipher, group or kind of key in common; or it wants a client certificate)"},
    {ALERT(SSL_AD_BAD_CERTIFICATE),               WAX_UNTRUSTED, "the peer rejected our certificate: bad certificate (often: it is for another name than the peer asked for, or damaged)"},
    {ALERT(SSL_AD_UNSUPPORTED_CERTIFICATE),       WAX_UNTRUSTED, "the peer rejected our certificate: unsupported certificate (often: it is not for this use, serverAuth or clientAuth)"},
    {ALERT(SSL_AD_CERTIFICATE_REVOKED),           WAX_UNTRUSTED, "the peer rejected our certificate: certificate revoked (by the CA that signed it)"},
    {ALERT(SSL_AD_CERTIFICATE_EXPIRED),           WAX_UNTRUSTED, "the peer rejected our certificate: certificate expired (it has ended, has not begun, or the peer's clock is wrong)"},
    {ALERT(SSL_AD_CERTIFICATE_UNKNOWN),           WAX_UNTRUSTED, "the peer rejected our certificate: certificate unknown (it did not say why)"},
    {ALERT(SSL_AD_UNKNOWN_CA),                    WAX_UNTRUSTED, "the peer rejected our certificate: unknown ca (it does not trust the CA that signed it)"},
    {ALERT(SSL_AD_ACCESS_DENIED),                 WAX_UNTRUSTED, "the peer rejected our certificate: access denied (it is good, but has no right to connect)"},
    {ALERT(SSL_AD_DECRYPT_ERROR),                 WAX_UNTRUSTED, "the peer rejected our certificate: decrypt error (a signature does not hold: the CA it trusts has the right name but another key)"},
    {ALERT(SSL_AD_PROTOCOL_VERSION),              WAX_IO, "the peer rejected our versions of TLS: protocol version (it speaks only older or only newer ones)"},
    {ALERT(SSL_AD_INSUFFICIENT_SECURITY),         WAX_IO, "the peer wants stronger ciphers: insufficient security"},
    {ALERT(SSL_AD_INTERNAL_ERROR),                WAX_IO, "the peer reports: internal error (see its log)"},
    {ALERT(SSL_AD_USER_CANCELLED),                WAX_IO, "the peer broke off: user canceled"},
    {ALERT(SSL_AD_UNRECOGNIZED_NAME),             WAX_UNTRUSTED, "the server knows no host of the name we asked for: unrecognized name"},
    {ALERT(SSL_AD_UNKNOWN_PSK_IDENTITY),          WAX_UNTRUSTED, "the peer does not know our pre-shared key: unknown psk identity"},
    {ALERT(SSL_AD_CERTIFICATE_REQUIRED),          WAX_UNTRUSTED, "the server requires a client certificate and got none: certificate required (--cert and --key)"},
    {ALERT(SSL_AD_NO_APPLICATION_PROTOCOL),       WAX_IO, "the server speaks no protocol of those we asked for by ALPN: no application protocol"},
};
/* clang-format on */

void tls_complain(struct tls *self, const char *format, ...)
{
    va_list values;

    if (self->problem == NULL) {
        self->problem = calloc(1, sizeof *self->problem);
    }
    if (self->problem != NULL) {
        va_start(values, format);
        (void)vsnprintf(self->problem->text, sizeof self->problem->text, format, values);
        va_end(values);
    }
}

wax_status tls_fail(wax_problem *problem, wax_status status, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(problem->text, sizeof problem->text, format, values);
    va_end(values);
    ERR_clear_error();
    return status;
}

/* Failures that mean something else where the two ends share a key. A wrong key is a wrong secret:
 * what the peer then sends cannot be opened. */
/* clang-format off */
static const struct cause psk_causes[] = {
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,   WAX_UNTRUSTED, "the client's pre-shared key is not the one in psk_file"},
    {SSL_R_BINDER_DOES_NOT_VERIFY,                WAX_UNTRUSTED, "the client's pre-shared key is not the one in psk_file"},
    {SSL_R_DIGEST_CHECK_FAILED,                   WAX_UNTRUSTED, "the client's pre-shared key is not the one in psk_file"},
    {ALERT(SSL_AD_BAD_RECORD_MAC),                WAX_UNTRUSTED, "the server has another pre-shared key for our identity (--psk, --psk-identity)"},
    {ALERT(SSL_AD_DECRYPT_ERROR),                 WAX_UNTRUSTED, "the server has another pre-shared key for our identity (--psk, --psk-identity)"},
    {ALERT(SSL_AD_ILLEGAL_PARAMETER),             WAX_UNTRUSTED, "the server has another pre-shared key for our identity (--psk, --psk-identity)"},
    {ALERT(SSL_AD_HANDSHAKE_FAILURE),             WAX_UNTRUSTED, "the server does not know our pre-shared key, or takes none (--psk, --psk-identity)"},
};
/* clang-format on */

/* Whether the peer has ended a handshake; to OpenSSL a connection that failed is in one again. */
static bool was_ready(const SSL *ssl)
{
    uint8_t byte;

    return SSL_get_peer_finished(ssl, &byte, sizeof byte) > 0;
}

/* In a connection that stands, the alert for a handshake can only be about another one. */
static const struct cause second_handshake = {
    ALERT(SSL_AD_HANDSHAKE_FAILURE), WAX_IO,
    "the peer broke off with a handshake failure: it wants to renegotiate, which is not done here"};

static const struct cause *find_cause(const struct cause *rows, size_t count, int reason)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].reason == reason) {
            return &rows[i];
        }
    }
    return NULL;
}

/* The row for OpenSSL's complaint; NULL when there is none. */
static const struct cause *look_up(const struct tls *self, unsigned long error)
{
    bool is_server = self->context->psks.find != NULL;
    bool has_psk = is_server || self->context->psk_identity != NULL;
    const struct cause *found = NULL;
    int reason = ERR_GET_REASON(error);

    if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
        return NULL;
    }
    /* TLS 1.2 has no alert of its own for it. */
    if (reason == ALERT(SSL_AD_HANDSHAKE_FAILURE) && self->lacks_certificate) {
        reason = ALERT(SSL_AD_CERTIFICATE_REQUIRED);
    }
    if (reason == ALERT(SSL_AD_HANDSHAKE_FAILURE) && self->context->is_server &&
        was_ready(self->ssl)) {
        return &second_handshake;
    }
    if (has_psk && (reason < SSL_AD_REASON_OFFSET) == is_server && !was_ready(self->ssl)) {
        found = find_cause(psk_causes, WAX_COUNT(psk_causes), reason);
    }
    return found != NULL ? found : find_cause(causes, WAX_COUNT(causes), reason);
}

wax_status tls_explain(struct tls *self)
{
    unsigned long error = ERR_peek_error();
    const struct cause *cause = look_up(self, error);
    const char *words = cause != NULL ? cause->words : ERR_reason_error_string(error);
    wax_status status = cause != NULL ? cause->status : WAX_IO;

    if (self->stranger != NULL && self->problem == NULL && ERR_GET_LIB(error) == ERR_LIB_SSL &&
        ERR_GET_REASON(error) < SSL_AD_REASON_OFFSET) {
        status = WAX_UNTRUSTED;
        tls_complain(self,
                     "the client's pre-shared key has the identity '%.64s', which is not in "
                     "psk_file",
                     self->stranger);
    }
    if (self->problem == NULL) {
        tls_complain(self, "%s", words != NULL ? words : "TLS failed without a reason");
    }
    ERR_clear_error();
    return status;
}
