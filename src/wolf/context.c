/* What connections share: the version, ciphers, proofs. */
#include "wolf/inner.h"

#include <string.h>

enum { CIPHERS_MAX = 32 };

/* The numbers as they stand on the wire; the library leaves out what it was built without. */
static wax_status offer_ciphers(WOLFSSL_CTX *library, const int *ciphers)
{
    uint8_t room[2 * CIPHERS_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);

    for (; *ciphers != 0; ciphers++) {
        wax_write_u16(&out, (uint16_t)*ciphers);
    }
    if (out.status != WAX_OK) {
        return WAX_INVALID;
    }
    return wolf_judge_settings(wolfSSL_CTX_set_cipher_list_bytes(library, room, (int)out.used));
}

static wax_status limit_records(WOLFSSL_CTX *library, uint16_t size)
{
    return size == 0 ? WAX_OK
                     : wolf_judge_settings(
                           wolfSSL_CTX_UseMaxFragment(library, wax_device_record_code(size)));
}

#if !defined(NO_PSK)

/* The library knows names that end with zero. */
/* NOLINTNEXTLINE(readability-function-size): wolfSSL's prototype. */
static unsigned int give_key(WOLFSSL *ssl, const char *hint, char *identity,
                             unsigned int identity_max, unsigned char *key, unsigned int key_max)
{
    const wax_device_settings *settings = wolfSSL_get_psk_callback_ctx(ssl);

    (void)hint;
    if (settings->psk_identity.size > identity_max || settings->psk.size > key_max) {
        return 0;
    }
    memcpy(identity, settings->psk_identity.data, settings->psk_identity.size);
    if (settings->psk_identity.size < identity_max) {
        identity[settings->psk_identity.size] = '\0';
    }
    memcpy(key, settings->psk.data, settings->psk.size);
    return (unsigned int)settings->psk.size;
}

static wax_status share_key(WOLFSSL_CTX *library, const wax_device_settings *settings)
{
    wax_bytes identity = settings->psk_identity;

    if (settings->psk.size == 0) {
        return WAX_OK;
    }
    if (identity.size > WAX_WOLF_PSK_IDENTITY_MAX || settings->psk.size > WAX_WOLF_PSK_MAX ||
        memchr(identity.data, 0, identity.size) != NULL) {
        return WAX_INVALID;
    }
    wolfSSL_CTX_set_psk_client_callback(library, give_key);
    /* The library takes no const; it writes to nothing of it. */
    return wolf_judge_settings(
        wolfSSL_CTX_set_psk_callback_ctx(library, (void *)(uintptr_t)settings));
}

#else

static wax_status share_key(WOLFSSL_CTX *library, const wax_device_settings *settings)
{
    (void)library;
    return settings->psk.size == 0 ? WAX_OK : WAX_INVALID;
}

#endif

static wax_status set_up(WOLFSSL_CTX *library, const wax_device_settings *settings,
                         const wax_wolf_hardware *hardware)
{
    wax_status status = wolf_trust(library, settings, hardware);

    if (status == WAX_OK) {
        status = share_key(library, settings);
    }
    if (status == WAX_OK) {
        status = offer_ciphers(library, wax_device_ciphers(settings));
    }
    if (status == WAX_OK) {
        status = limit_records(library, settings->record_size_max);
    }
    if (status == WAX_OK) {
        status = wolf_judge_settings(wolfSSL_CTX_UseSessionTicket(library));
    }
    return status;
}

wax_status wax_wolf_open(wax_wolf_context *context, const wax_device_settings *settings,
                         const wax_wolf_hardware *hardware)
{
    wax_status status = WAX_FULL;

    *context = (wax_wolf_context){.settings = settings};
    if (!wax_device_settings_hold(settings)) {
        return WAX_INVALID;
    }
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        return WAX_FULL;
    }
    context->library = wolfSSL_CTX_new(wolfTLSv1_2_client_method());
    if (context->library != NULL) {
        status = set_up(context->library, settings, hardware);
    }
    if (status != WAX_OK) {
        wax_wolf_close(context);
    }
    return status;
}

void wax_wolf_close(wax_wolf_context *context)
{
    wolfSSL_CTX_free(context->library);
    (void)wolfSSL_Cleanup();
}
