/* What OpenSSL has to look up by name before it computes: looked up once, for all threads. */
#ifndef WAX_CRYPTO_FETCHED_H
#define WAX_CRYPTO_FETCHED_H

#include <openssl/evp.h>

/* They live as long as the process. Where the lookup fails, what the library finds by itself at
 * each use. */
const EVP_MD *fetched_sha256(void);
const EVP_CIPHER *fetched_chacha20_poly1305(void);
const EVP_CIPHER *fetched_aes_128_ccm(void);

#endif
