/* Mbed TLS for images that encrypt with AES-CBC and do nothing else. */
#ifndef WAX_MBEDTLS_CBC_H
#define WAX_MBEDTLS_CBC_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_AES_C
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CIPHER_MODE_CBC

#include "mbedtls/check_config.h"

#endif
