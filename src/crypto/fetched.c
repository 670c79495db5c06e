/* EVP_sha256() and the like are names only: each use of one looks the algorithm up again, under a
 * lock. What is fetched is the algorithm itself. */
#include "crypto/fetched.h"

#include <openssl/crypto.h>

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *sha256;
static EVP_CIPHER *chacha20_poly1305;
static EVP_CIPHER *aes_128_ccm;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    chacha20_poly1305 = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
    aes_128_ccm = EVP_CIPHER_fetch(NULL, "AES-128-CCM", NULL);
}

const EVP_MD *fetched_sha256(void)
{
    return CRYPTO_THREAD_run_once(&once, fetch) == 1 && sha256 != NULL ? sha256 : EVP_sha256();
}

const EVP_CIPHER *fetched_chacha20_poly1305(void)
{
    return CRYPTO_THREAD_run_once(&once, fetch) == 1 && chacha20_poly1305 != NULL
               ? chacha20_poly1305
               : EVP_chacha20_poly1305();
}

const EVP_CIPHER *fetched_aes_128_ccm(void)
{
    return CRYPTO_THREAD_run_once(&once, fetch) == 1 && aes_128_ccm != NULL ? aes_128_ccm
                                                                            : EVP_aes_128_ccm();
}
