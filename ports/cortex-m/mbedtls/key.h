/* Mbed TLS for images that have a key in common with the broker. */
#ifndef WAX_MBEDTLS_KEY_H
#define WAX_MBEDTLS_KEY_H

#define MBEDTLS_KEY_EXCHANGE_PSK_ENABLED
#define MBEDTLS_SSL_MAX_CONTENT_LEN 1024 /* record_size_max is as large */

#include "common.h"

#endif
