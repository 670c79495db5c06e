/* Certificates: those of the settings, and the server's. A library without X.509 has none. */
#include "mbed/inner.h"

#if defined(MBEDTLS_X509_CRT_PARSE_C)

struct doubt {
    uint32_t flag;
    wax_device_fault fault;
};

/* The first that holds is told. */
/* clang-format off */
static const struct doubt doubts[] = {
    {MBEDTLS_X509_BADCERT_EXPIRED,       WAX_DEVICE_CERTIFICATE_ENDED},
    {MBEDTLS_X509_BADCERT_FUTURE,        WAX_DEVICE_CERTIFICATE_EARLY},
    {MBEDTLS_X509_BADCERT_CN_MISMATCH,   WAX_DEVICE_CERTIFICATE_OF_OTHER},
    {MBEDTLS_X509_BADCERT_NOT_TRUSTED,   WAX_DEVICE_CERTIFICATE_OF_STRANGER},
    {MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE},
    {MBEDTLS_X509_BADCERT_KEY_USAGE,     WAX_DEVICE_CERTIFICATE_FOR_OTHER_USE},
    {UINT32_MAX,                         WAX_DEVICE_CERTIFICATE_DOUBTFUL},
};
/* clang-format on */

wax_device_fault mbed_doubt(const mbedtls_ssl_context *ssl, int fault)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(ssl);
    size_t row = 0;

    if (fault != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return WAX_DEVICE_FAILED;
    }
    while (row < WAX_COUNT(doubts) - 1 && (flags & doubts[row].flag) == 0) {
        row++;
    }
    return doubts[row].fault;
}

bool mbed_lacks_memory(int fault)
{
    return fault == MBEDTLS_ERR_SSL_ALLOC_FAILED || fault == MBEDTLS_ERR_X509_ALLOC_FAILED ||
           fault == MBEDTLS_ERR_PK_ALLOC_FAILED;
}

/* The bytes stay where they are: in flash, mostly. */
static int read_chain(mbedtls_x509_crt *chain, const wax_bytes *certificates, size_t count)
{
    int fault = 0;

    for (size_t i = 0; fault == 0 && i < count; i++) {
        fault =
            mbedtls_x509_crt_parse_der_nocopy(chain, certificates[i].data, certificates[i].size);
    }
    return fault;
}

static int take_own(wax_mbed_context *context, const wax_device_settings *settings)
{
    int fault;

    if (settings->chain_count == 0) {
        return 0;
    }
    fault = read_chain(&context->chain, settings->chain, settings->chain_count);
    if (fault == 0) {
        fault = mbedtls_pk_parse_key(&context->secret_key, settings->secret_key.data,
                                     settings->secret_key.size, NULL, 0);
    }
    if (fault != 0) {
        return fault;
    }
    return mbedtls_ssl_conf_own_cert(&context->config, &context->chain, &context->secret_key);
}

int mbed_trust(wax_mbed_context *context)
{
    const wax_device_settings *settings = context->settings;
    int fault;

    mbedtls_x509_crt_init(&context->authorities);
    mbedtls_x509_crt_init(&context->chain);
    mbedtls_pk_init(&context->secret_key);
    fault = read_chain(&context->authorities, settings->authorities, settings->authority_count);
    if (fault != 0) {
        return fault;
    }
    if (settings->authority_count > 0) {
        mbedtls_ssl_conf_ca_chain(&context->config, &context->authorities, NULL);
    }
    return take_own(context, settings);
}

void mbed_distrust(wax_mbed_context *context)
{
    mbedtls_pk_free(&context->secret_key);
    mbedtls_x509_crt_free(&context->chain);
    mbedtls_x509_crt_free(&context->authorities);
}

int mbed_ask_for_host(mbedtls_ssl_context *ssl, const char *host)
{
    return mbedtls_ssl_set_hostname(ssl, host);
}

#else

wax_device_fault mbed_doubt(const mbedtls_ssl_context *ssl, int fault)
{
    (void)ssl;
    (void)fault;
    return WAX_DEVICE_FAILED;
}

bool mbed_lacks_memory(int fault)
{
    return fault == MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

int mbed_trust(wax_mbed_context *context)
{
    bool has_some = context->settings->authority_count > 0 || context->settings->chain_count > 0;

    return has_some ? MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE : 0;
}

void mbed_distrust(wax_mbed_context *context)
{
    (void)context;
}

int mbed_ask_for_host(mbedtls_ssl_context *ssl, const char *host)
{
    (void)ssl;
    (void)host;
    return 0;
}

#endif
