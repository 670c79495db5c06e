/* What connections share: versions, ciphers, proofs. */
#include "mbed/inner.h"

/* Best first; those that the library was built without are not offered. */
static const int certificate_ciphers[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    0,
};

/* With a key for each connection that outlives no connection where the library can, and with the
 * shared key alone where it cannot. */
static const int psk_ciphers[] = {
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8,
    0,
};

/* Codes of RFC 6066, 4, where 1 is the smallest. */
static int limit_records(mbedtls_ssl_config *config, uint16_t size)
{
    unsigned char code = MBEDTLS_SSL_MAX_FRAG_LEN_512;

    if (size == 0) {
        return 0;
    }
    while (code < MBEDTLS_SSL_MAX_FRAG_LEN_4096 && size > 256U << code) {
        code++;
    }
    return size == 256U << code ? mbedtls_ssl_conf_max_frag_len(config, code)
                                : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
}

#if defined(MBEDTLS_KEY_EXCHANGE_SOME_PSK_ENABLED)

static int share_key(mbedtls_ssl_config *config, const wax_mbed_settings *settings)
{
    if (settings->psk.size == 0) {
        return 0;
    }
    return mbedtls_ssl_conf_psk(config, settings->psk.data, settings->psk.size,
                                settings->psk_identity.data, settings->psk_identity.size);
}

#else

static int share_key(mbedtls_ssl_config *config, const wax_mbed_settings *settings)
{
    (void)config;
    return settings->psk.size == 0 ? 0 : MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

#endif

/* A server that is to be trusted for its certificate is not let off with a key, nor the other way
 * round, unless the settings name the ciphers for it. */
static const int *ciphers_of(const wax_mbed_settings *settings)
{
    if (settings->ciphers != NULL) {
        return settings->ciphers;
    }
    return settings->psk.size > 0 ? psk_ciphers : certificate_ciphers;
}

static int set_up(wax_mbed_context *context)
{
    mbedtls_ssl_config *config = &context->config;
    int fault = mbedtls_ssl_config_defaults(
        config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);

    if (fault != 0) {
        return fault;
    }
    mbedtls_ssl_conf_rng(config, mbed_random, NULL);
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ciphersuites(config, ciphers_of(context->settings));
    fault = limit_records(config, context->settings->record_size_max);
    return fault != 0 ? fault : share_key(config, context->settings);
}

wax_status wax_mbed_open(wax_mbed_context *context, const wax_mbed_settings *settings)
{
    int fault;

    *context = (wax_mbed_context){.settings = settings};
    if (settings->authority_count == 0 && settings->psk.size == 0) {
        return WAX_INVALID;
    }
    mbedtls_ssl_config_init(&context->config);
    fault = mbed_trust(context);
    if (fault == 0) {
        fault = set_up(context);
    }
    if (fault == 0) {
        return WAX_OK;
    }
    wax_mbed_close(context);
    return mbed_lacks_memory(fault) ? WAX_FULL : WAX_INVALID;
}

void wax_mbed_close(wax_mbed_context *context)
{
    mbedtls_ssl_config_free(&context->config);
    mbed_distrust(context);
}
