/* AES-128-CBC over a whole message, into a second buffer: as applications do it that seal for
 * themselves. It is here only to be measured; nothing else uses it. */
#include "levels/inner.h"

#include <openssl/evp.h>

bool levels_cbc(const uint8_t key[static 16], wax_bytes plain, uint8_t *sealed, size_t *size)
{
    static const uint8_t first_block[16] = {1}; /* the reference has one for all, too */
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int used = 0;
    int rest = 0;
    bool is_done = context != NULL &&
                   EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, first_block) == 1 &&
                   EVP_EncryptUpdate(context, sealed, &used, plain.data, (int)plain.size) == 1 &&
                   EVP_EncryptFinal_ex(context, sealed + used, &rest) == 1;

    EVP_CIPHER_CTX_free(context);
    *size = (size_t)used + (size_t)rest;
    return is_done;
}

bool levels_cbc_open(const uint8_t key[static 16], uint8_t *sealed, size_t *size)
{
    static const uint8_t first_block[16] = {1};
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int used = 0;
    int rest = 0;
    bool is_done = context != NULL &&
                   EVP_DecryptInit_ex(context, EVP_aes_128_cbc(), NULL, key, first_block) == 1 &&
                   EVP_DecryptUpdate(context, sealed, &used, sealed, (int)*size) == 1 &&
                   EVP_DecryptFinal_ex(context, sealed + used, &rest) == 1;

    EVP_CIPHER_CTX_free(context);
    *size = (size_t)used + (size_t)rest;
    return is_done;
}
