/* What the library's faults mean. */
#include "wolf/inner.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

/* clang-format off */
static const wax_device_number rows[] = {
    {VERIFY_MAC_ERROR,     WAX_DEVICE_DAMAGED},
    {DECRYPT_ERROR,        WAX_DEVICE_DAMAGED},
    {UNKNOWN_RECORD_TYPE,  WAX_DEVICE_NO_TLS},
    {LENGTH_ERROR,         WAX_DEVICE_NO_TLS},
    {VERSION_ERROR,        WAX_DEVICE_OLD_TLS},
    {MEMORY_E,             WAX_DEVICE_NO_MEMORY},
    {MEMORY_ERROR,         WAX_DEVICE_NO_MEMORY},
    {ASN_AFTER_DATE_E,     WAX_DEVICE_CERTIFICATE_ENDED},
    {ASN_BEFORE_DATE_E,    WAX_DEVICE_CERTIFICATE_EARLY},
    {DOMAIN_NAME_MISMATCH, WAX_DEVICE_CERTIFICATE_OF_OTHER},
    {ASN_NO_SIGNER_E,      WAX_DEVICE_CERTIFICATE_OF_STRANGER},
    {ASN_SELF_SIGNED_E,    WAX_DEVICE_CERTIFICATE_OF_STRANGER},
    {ASN_SIG_CONFIRM_E,    WAX_DEVICE_CERTIFICATE_OF_STRANGER},
    {EXTKEYUSE_AUTH_E,     WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE},
    {KEYUSE_SIGNATURE_E,   WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE},
    {KEYUSE_ENCIPHER_E,    WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE},
    {ASN_PARSE_E,          WAX_DEVICE_CERTIFICATE_DAMAGED},
    {MAX_CHAIN_ERROR,      WAX_DEVICE_CERTIFICATE_DOUBTFUL},
};
/* clang-format on */

/* A server begins with a record of the handshake, or with an alert. [RFC 5246, 6.2.1] */
static bool speaks_tls(const wax_wolf_tls *self)
{
    enum { ALERT = 21, HANDSHAKE = 22 };

    return self->first == ALERT || self->first == HANDSHAKE;
}

wax_status wolf_explain(const wax_wolf_tls *self, int fault, const char **words)
{
    WOLFSSL_ALERT_HISTORY alerts;
    bool is_about_key =
        self->context->settings->psk.size > 0 && wolfSSL_is_init_finished(self->ssl) != 1;

    if (fault == FATAL_ERROR && wolfSSL_get_alert_history(self->ssl, &alerts) == WOLFSSL_SUCCESS) {
        return wax_device_explain_alert(alerts.last_rx.code, is_about_key, words);
    }
    return wax_device_explain(speaks_tls(self) ? wax_device_find(rows, WAX_COUNT(rows), fault)
                                               : WAX_DEVICE_NO_TLS,
                              words);
}
