/* Mbed TLS for an image that has a key in common with the broker, and verifies signatures. */
#ifndef WAX_MBEDTLS_UPDATER_KEY_H
#define WAX_MBEDTLS_UPDATER_KEY_H

#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_SSL_MAX_CONTENT_LEN   512 /* record_size_max is as large */
#define MBEDTLS_ECP_WINDOW_SIZE       2
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0

#include "es256.h"

#include "common.h"

#endif
