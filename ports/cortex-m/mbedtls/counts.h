/* Mbed TLS for counting instructions: what update.h has for signatures, and what seals. */
#ifndef WAX_MBEDTLS_COUNTS_H
#define WAX_MBEDTLS_COUNTS_H

#define MBEDTLS_AES_C
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_POLY1305_C

#include "update.h"

#endif
