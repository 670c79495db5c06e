/* Certificates: those of the settings, and the name that the server's is to have. A library without
 * them has none. */
#include "wolf/inner.h"

#include <stdlib.h>
#include <string.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

wax_status wolf_judge_settings(int result)
{
    return result == WOLFSSL_SUCCESS                      ? WAX_OK
           : result == MEMORY_E || result == MEMORY_ERROR ? WAX_FULL
                                                          : WAX_INVALID;
}

#if !defined(NO_CERTS)

/* The device's clock may be wrong now and right when it matters. */
static wax_status take_authorities(WOLFSSL_CTX *library, const wax_device_settings *settings)
{
    wax_status status = WAX_OK;

    for (size_t i = 0; status == WAX_OK && i < settings->authority_count; i++) {
        status = wolf_judge_settings(wolfSSL_CTX_load_verify_buffer_ex(
            library, settings->authorities[i].data, (long)settings->authorities[i].size,
            WOLFSSL_FILETYPE_ASN1, 0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY));
    }
    return status;
}

/* The library wants the whole chain at once. */
static wax_status take_chain(WOLFSSL_CTX *library, const wax_device_settings *settings)
{
    wax_status status;
    wax_writer all;
    size_t size = 0;
    uint8_t *room;

    for (size_t i = 0; i < settings->chain_count; i++) {
        size += settings->chain[i].size;
    }
    room = malloc(size + 1);
    if (room == NULL) {
        return WAX_FULL;
    }
    all = wax_writer_over(room, size);
    for (size_t i = 0; i < settings->chain_count; i++) {
        wax_write_bytes(&all, settings->chain[i]);
    }
    status = wolf_judge_settings(wolfSSL_CTX_use_certificate_chain_buffer_format(
        library, room, (long)size, WOLFSSL_FILETYPE_ASN1));
    free(room);
    return status;
}

static wax_status take_key(WOLFSSL_CTX *library, wax_bytes key)
{
    wax_status status = wolf_judge_settings(wolfSSL_CTX_use_PrivateKey_buffer(
        library, key.data, (long)key.size, WOLFSSL_FILETYPE_ASN1));

    return status == WAX_OK ? wolf_judge_settings(wolfSSL_CTX_check_private_key(library)) : status;
}

#if defined(WOLF_CRYPTO_CB) && defined(WOLF_PRIVATE_KEY_ID)

/* Only the callback can say whether the key is that of the certificate. */
static wax_status name_key(WOLFSSL_CTX *library, const wax_wolf_hardware *hardware)
{
    enum { CURVE_SIZE = 32 };

    return wolf_judge_settings(wolfSSL_CTX_use_PrivateKey_id(
        library, hardware->key_id.data, (long)hardware->key_id.size, hardware->device, CURVE_SIZE));
}

#else

static wax_status name_key(WOLFSSL_CTX *library, const wax_wolf_hardware *hardware)
{
    (void)library;
    (void)hardware;
    return WAX_INVALID;
}

#endif

wax_status wolf_trust(WOLFSSL_CTX *library, const wax_device_settings *settings,
                      const wax_wolf_hardware *hardware)
{
    wax_status status = take_authorities(library, settings);

    wolfSSL_CTX_set_verify(library, WOLFSSL_VERIFY_PEER, NULL);
    if (status != WAX_OK || settings->chain_count == 0) {
        return status;
    }
    status = take_chain(library, settings);
    if (status != WAX_OK) {
        return status;
    }
    return hardware != NULL ? name_key(library, hardware) : take_key(library, settings->secret_key);
}

bool wolf_ask_for_host(WOLFSSL *ssl, const char *host)
{
    return host == NULL || (wolfSSL_check_domain_name(ssl, host) == WOLFSSL_SUCCESS &&
                            wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, host,
                                           (unsigned short)strlen(host)) == WOLFSSL_SUCCESS);
}

#else

wax_status wolf_trust(WOLFSSL_CTX *library, const wax_device_settings *settings,
                      const wax_wolf_hardware *hardware)
{
    (void)library;
    (void)hardware;
    return settings->authority_count > 0 || settings->chain_count > 0 ? WAX_INVALID : WAX_OK;
}

bool wolf_ask_for_host(WOLFSSL *ssl, const char *host)
{
    (void)ssl;
    (void)host;
    return true;
}

#endif
