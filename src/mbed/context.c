/* What connections share: versions, ciphers, proofs. */
#include "mbed/inner.h"

#if defined(MBEDTLS_KEY_EXCHANGE_SOME_PSK_ENABLED)

static int share_key(mbedtls_ssl_config *config, const wax_device_settings *settings)
{
    if (settings->psk.size == 0) {
        return 0;
    }
    return mbedtls_ssl_conf_psk(config, settings->psk.data, settings->psk.size,
                                settings->psk_identity.data, settings->psk_identity.size);
}

#else

static int share_key(mbedtls_ssl_config *config, const wax_device_settings *settings)
{
    (void)config;
    return settings->psk.size == 0 ? 0 : MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
}

#endif

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
    mbedtls_ssl_conf_ciphersuites(config, wax_device_ciphers(context->settings));
    fault = mbedtls_ssl_conf_max_frag_len(
        config, wax_device_record_code(context->settings->record_size_max));
    return fault != 0 ? fault : share_key(config, context->settings);
}

wax_status wax_mbed_open(wax_mbed_context *context, const wax_device_settings *settings)
{
    int fault;

    *context = (wax_mbed_context){.settings = settings};
    if (!wax_device_settings_hold(settings)) {
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
