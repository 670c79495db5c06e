/* What Mbed TLS is on this board, whatever it proves who it is by: a client of TLS 1.2 with
 * ChaCha20-Poly1305, without a clock, a file system or a random generator of its own. The image's
 * own header includes this one last. */
#ifndef WAX_MBEDTLS_COMMON_H
#define WAX_MBEDTLS_COMMON_H

#define MBEDTLS_HAVE_ASM
#define MBEDTLS_CIPHER_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_SESSION_TICKETS

#include "mbedtls/check_config.h"

#endif
