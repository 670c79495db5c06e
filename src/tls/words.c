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

wax_status tls_explain(struct tls *self)
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    const char *words = ERR_reason_error_string(error);
    wax_status status = WAX_IO;

    /* TLS 1.2 has no alert of its own for it. */
    if (reason == ALERT(SSL_AD_HANDSHAKE_FAILURE) && self->lacks_certificate) {
        reason = ALERT(SSL_AD_CERTIFICATE_REQUIRED);
    }
    for (size_t i = 0; ERR_GET_LIB(error) == ERR_LIB_SSL && i < WAX_COUNT(causes); i++) {
        if (causes[i].reason == reason) {
            status = causes[i].status;
            words = causes[i].words;
            break;
        }
    }
    if (self->problem == NULL) {
        tls_complain(self, "%s", words != NULL ? words : "TLS failed without a reason");
    }
    ERR_clear_error();
    return status;
}

int tls_certificate_asked(SSL *ssl, X509 **certificate, EVP_PKEY **key)
{
    struct tls *self = SSL_get_app_data(ssl);

    (void)certificate;
    (void)key;
    self->lacks_certificate = true;
    return 0;
}

int tls_verified(int is_good, X509_STORE_CTX *verdict)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(verdict, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls *self = SSL_get_app_data(ssl);

    if (is_good == 1) {
        return 1;
    }
    tls_complain(self, "%s", "");
    if (self->problem != NULL) {
        wax_pki_case about = {
            .whose = self->context->is_server ? "client" : "server",
            .host = self->host,
            .authority = self->context->authority,
            .crlfile = self->context->crlfile,
        };
        wax_pki_explain(verdict, &about, self->problem);
    }
    return 0;
}
