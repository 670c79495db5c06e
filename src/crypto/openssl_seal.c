/* Authenticated encryption by OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <openssl/evp.h>

#include "crypto/fetched.h"

/* The library asks for a place even where there are no bytes; NULL is another question to it. */
static const uint8_t no_bytes[1];

static const EVP_CIPHER *cipher_of(wax_cipher cipher)
{
    return cipher == WAX_CHACHA20_POLY1305 ? fetched_chacha20_poly1305() : fetched_aes_128_ccm();
}

/* CCM wants to know the size of nonce, tag and text before anything else; `tag` is NULL to seal. */
static bool announce(EVP_CIPHER_CTX *work, const wax_sealing *sealing, const uint8_t *tag,
                     size_t size)
{
    const int tag_size = (int)wax_cipher_tag_size(sealing->cipher);
    const int is_sealing = tag == NULL;
    int ignored;

    /* The library takes no const; it only reads the tag. */
    return EVP_CipherInit_ex(work, cipher_of(sealing->cipher), NULL, NULL, NULL, is_sealing) == 1 &&
           EVP_CIPHER_CTX_ctrl(work, EVP_CTRL_AEAD_SET_IVLEN, WAX_SEAL_NONCE_SIZE, NULL) == 1 &&
           ((is_sealing && sealing->cipher == WAX_CHACHA20_POLY1305) ||
            EVP_CIPHER_CTX_ctrl(work, EVP_CTRL_AEAD_SET_TAG, tag_size, (void *)(uintptr_t)tag) ==
                1) &&
           EVP_CipherInit_ex(work, NULL, NULL, sealing->key, sealing->nonce, is_sealing) == 1 &&
           (sealing->cipher == WAX_CHACHA20_POLY1305 ||
            EVP_CipherUpdate(work, NULL, &ignored, NULL, (int)size) == 1);
}

/* Begins with key, nonce and associated data; NULL when the library fails. */
static EVP_CIPHER_CTX *begin(const wax_sealing *sealing, const uint8_t *tag, size_t size)
{
    EVP_CIPHER_CTX *work = EVP_CIPHER_CTX_new();
    int ignored;

    if (work != NULL && announce(work, sealing, tag, size) &&
        (sealing->associated.size == 0 ||
         EVP_CipherUpdate(work, NULL, &ignored, sealing->associated.data,
                          (int)sealing->associated.size) == 1)) {
        return work;
    }
    EVP_CIPHER_CTX_free(work);
    return NULL;
}

/* All of the text at once, and the end. When opening, false says that the tag is wrong. */
static bool pass(EVP_CIPHER_CTX *work, wax_bytes bytes, uint8_t *out)
{
    uint8_t nowhere[WAX_SEAL_TAG_SIZE];
    const uint8_t *from = bytes.size > 0 ? bytes.data : no_bytes;
    int size = 0;

    return EVP_CipherUpdate(work, bytes.size > 0 ? out : nowhere, &size, from, (int)bytes.size) ==
               1 &&
           (size_t)size == bytes.size && EVP_CipherFinal_ex(work, nowhere, &size) == 1;
}

bool wax_primitive_seal(const wax_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    const int tag_size = (int)wax_cipher_tag_size(sealing->cipher);
    EVP_CIPHER_CTX *work = begin(sealing, NULL, plain.size);
    bool is_done =
        work != NULL && pass(work, plain, sealed) &&
        EVP_CIPHER_CTX_ctrl(work, EVP_CTRL_AEAD_GET_TAG, tag_size, sealed + plain.size) == 1;

    EVP_CIPHER_CTX_free(work);
    return is_done;
}

wax_status wax_primitive_unseal(const wax_sealing *sealing, wax_bytes text, uint8_t *plain)
{
    EVP_CIPHER_CTX *work = begin(sealing, text.data + text.size, text.size);
    wax_status status = WAX_UNSPECIFIED_ERROR;

    if (work != NULL) {
        status = pass(work, text, plain) ? WAX_OK : WAX_UNTRUSTED;
    }
    EVP_CIPHER_CTX_free(work);
    return status;
}
