/* Why a connection ended, in words; few, since they stand in a device's flash. */
#include "mbed/inner.h"

struct cause {
    int number; /* the library's, or that of an alert */
    wax_status status;
    const char *words;
};

/* clang-format off */
static const struct cause causes[] = {
    {MBEDTLS_ERR_SSL_INVALID_MAC,             WAX_IO,        "what arrived is damaged or forged"},
    {MBEDTLS_ERR_SSL_INVALID_RECORD,          WAX_IO,        "the server speaks no TLS, or its records are larger than our buffer (record_size_max)"},
    {MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, WAX_IO,        "the server has no TLS 1.2"},
    {MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE,      WAX_UNTRUSTED, "the server's certificate is damaged, or not made for this use"},
    {MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED,       WAX_UNTRUSTED, "the server shows a certificate, and we trust no CA"},
    {MBEDTLS_ERR_SSL_ALLOC_FAILED,            WAX_IO,        "there is no memory left for TLS"},
};

/* [RFC 5246, 7.2.2] */
static const struct cause alerts[] = {
    {MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC,      WAX_IO,        "the server reports that what we sent arrived damaged"},
    {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE,   WAX_IO,        "the server rejected the handshake: no cipher in common, or it wants a certificate from us"},
    {MBEDTLS_SSL_ALERT_MSG_BAD_CERT,            WAX_UNTRUSTED, "the server rejected our certificate"},
    {MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT,    WAX_UNTRUSTED, "the server rejected our certificate: not for this use"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED,        WAX_UNTRUSTED, "the server rejected our certificate: revoked"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED,        WAX_UNTRUSTED, "the server rejected our certificate: expired"},
    {MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN,        WAX_UNTRUSTED, "the server rejected our certificate"},
    {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA,          WAX_UNTRUSTED, "the server rejected our certificate: it does not trust its CA"},
    {MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED,       WAX_UNTRUSTED, "the server rejected our certificate: no right to connect"},
    {MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR,       WAX_UNTRUSTED, "the server rejected our certificate: a signature does not hold"},
    {MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION,    WAX_IO,        "the server takes no TLS 1.2"},
    {MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME,   WAX_UNTRUSTED, "the server knows no host of the name we asked for"},
    {MBEDTLS_SSL_ALERT_MSG_UNKNOWN_PSK_IDENTITY, WAX_UNTRUSTED, "the server does not know our pre-shared key"},
};

/* Where the two ends share a key, a wrong one is a wrong secret. */
static const struct cause psk_alerts[] = {
    {MBEDTLS_SSL_ALERT_MSG_BAD_RECORD_MAC,    WAX_UNTRUSTED, "the server has another pre-shared key for our identity"},
    {MBEDTLS_SSL_ALERT_MSG_DECRYPT_ERROR,     WAX_UNTRUSTED, "the server has another pre-shared key for our identity"},
    {MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, WAX_UNTRUSTED, "the server does not know our pre-shared key, or takes none"},
};
/* clang-format on */

static const struct cause *find(const struct cause *rows, size_t count, int number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Before the handshake is done the key is what it is about, where there is one. */
static const struct cause *find_alert(const wax_mbed_tls *self)
{
    int number = self->ssl.in_msg[1];
    const struct cause *found = NULL;

    if (self->has_key && !wax_mbed_is_ready(self)) {
        found = find(psk_alerts, WAX_COUNT(psk_alerts), number);
    }
    return found != NULL ? found : find(alerts, WAX_COUNT(alerts), number);
}

wax_status mbed_explain(const wax_mbed_tls *self, int fault, const char **words)
{
    static const struct cause unknown = {0, WAX_IO, "TLS failed"};
    const struct cause *found;

    *words = mbed_doubt(&self->ssl, fault);
    if (*words != NULL) {
        return WAX_UNTRUSTED;
    }
    found = fault == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE ? find_alert(self)
                                                         : find(causes, WAX_COUNT(causes), fault);
    found = found != NULL ? found : &unknown;
    *words = found->words;
    return found->status;
}
