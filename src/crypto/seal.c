/* Authenticated encryption by OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

/* Begins with key, nonce and associated data; NULL when the library fails. */
static EVP_CIPHER_CTX *begin(const wax_sealing *sealing, int is_sealing)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int size;

    if (cipher == NULL) {
        return NULL;
    }
    if (EVP_CipherInit_ex(cipher, EVP_chacha20_poly1305(), NULL, sealing->key, sealing->nonce,
                          is_sealing) != 1 ||
        (sealing->associated.size > 0 &&
         EVP_CipherUpdate(cipher, NULL, &size, sealing->associated.data,
                          (int)sealing->associated.size) != 1)) {
        EVP_CIPHER_CTX_free(cipher);
        return NULL;
    }
    return cipher;
}

/* To OpenSSL, no bytes at all are another question. */
static bool pass(EVP_CIPHER_CTX *cipher, wax_bytes bytes, uint8_t *out)
{
    int size = 0;

    return bytes.size == 0 ||
           (EVP_CipherUpdate(cipher, out, &size, bytes.data, (int)bytes.size) == 1 &&
            (size_t)size == bytes.size);
}

static bool is_too_large(const wax_sealing *sealing, wax_bytes bytes)
{
    return bytes.size > INT_MAX - WAX_SEAL_TAG_SIZE || sealing->associated.size > INT_MAX;
}

wax_status wax_crypto_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    EVP_CIPHER_CTX *cipher;
    int size;
    bool is_done;

    if (is_too_large(sealing, plain)) {
        return WAX_INVALID;
    }
    cipher = begin(sealing, 1);
    is_done = cipher != NULL && pass(cipher, plain, sealed) &&
              EVP_CipherFinal_ex(cipher, sealed + plain.size, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, WAX_SEAL_TAG_SIZE,
                                  sealed + plain.size) == 1;
    EVP_CIPHER_CTX_free(cipher);
    if (!is_done) {
        memset(sealed, 0, plain.size + WAX_SEAL_TAG_SIZE);
    }
    return is_done ? WAX_OK : WAX_UNSPECIFIED_ERROR;
}

wax_status wax_crypto_unseal(const wax_sealing *sealing, wax_bytes sealed, uint8_t *plain)
{
    wax_bytes text;
    uint8_t tag[WAX_SEAL_TAG_SIZE];
    EVP_CIPHER_CTX *cipher;
    int size;
    bool is_ready;
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (sealed.size < WAX_SEAL_TAG_SIZE || is_too_large(sealing, sealed)) {
        return WAX_UNTRUSTED;
    }
    text = wax_bytes_of(sealed.data, sealed.size - WAX_SEAL_TAG_SIZE);
    memcpy(tag, sealed.data + text.size, sizeof tag);
    cipher = begin(sealing, 0);
    is_ready = cipher != NULL && pass(cipher, text, plain) &&
               EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, (int)sizeof tag, tag) == 1;
    if (is_ready) {
        status = EVP_CipherFinal_ex(cipher, tag, &size) == 1 ? WAX_OK : WAX_UNTRUSTED;
    }
    EVP_CIPHER_CTX_free(cipher);
    if (status != WAX_OK) {
        wax_wipe(plain, text.size);
    }
    return status;
}
