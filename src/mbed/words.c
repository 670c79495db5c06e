/* What the library's faults mean. */
#include "mbed/inner.h"

/* clang-format off */
static const wax_device_number rows[] = {
    {MBEDTLS_ERR_SSL_INVALID_MAC,             WAX_DEVICE_DAMAGED},
    {MBEDTLS_ERR_SSL_INVALID_RECORD,          WAX_DEVICE_NO_TLS},
    {MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION, WAX_DEVICE_OLD_TLS},
    {MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE,      WAX_DEVICE_CERTIFICATE_DAMAGED},
    {MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED,       WAX_DEVICE_CERTIFICATE_UNASKED},
    {MBEDTLS_ERR_SSL_ALLOC_FAILED,            WAX_DEVICE_NO_MEMORY},
};
/* clang-format on */

wax_status mbed_explain(const wax_mbed_tls *self, int fault, const char **words)
{
    wax_device_fault doubt = mbed_doubt(&self->ssl, fault);

    if (fault == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) {
        return wax_device_explain_alert(self->ssl.in_msg[1],
                                        self->has_key && !wax_mbed_is_ready(self), words);
    }
    return wax_device_explain(
        doubt != WAX_DEVICE_FAILED ? doubt : wax_device_find(rows, WAX_COUNT(rows), fault), words);
}
