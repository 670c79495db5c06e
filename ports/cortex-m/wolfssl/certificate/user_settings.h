/* wolfSSL for images that trust a CA, and have a certificate themselves: on P-256 alone. */
#ifndef WAX_WOLFSSL_CERTIFICATE_H
#define WAX_WOLFSSL_CERTIFICATE_H

#include "../common.h"

#define NO_PSK
#define WOLFSSL_SP_MATH
#define WOLFSSL_SP_SMALL
#define SP_WORD_SIZE 32
#define WOLFSSL_SMALL_STACK

#endif
