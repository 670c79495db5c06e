/* Mbed TLS for images that seal with suite 1 and do nothing else. */
#ifndef WAX_MBEDTLS_SUITE1_H
#define WAX_MBEDTLS_SUITE1_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER

#include "mbedtls/check_config.h"

#endif
