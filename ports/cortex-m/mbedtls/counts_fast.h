/* Mbed TLS for counting instructions where flash is plenty: SHA-256 with its rounds written out. */
#ifndef WAX_MBEDTLS_COUNTS_FAST_H
#define WAX_MBEDTLS_COUNTS_FAST_H

#include "counts.h"

#undef MBEDTLS_SHA256_SMALLER

#endif
