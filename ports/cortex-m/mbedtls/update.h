/* Mbed TLS for images that verify signatures and do nothing else: no TLS. */
#ifndef WAX_MBEDTLS_UPDATE_H
#define WAX_MBEDTLS_UPDATE_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_ECP_WINDOW_SIZE       2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0

#include "es256.h"
#include "mbedtls/check_config.h"

#endif
