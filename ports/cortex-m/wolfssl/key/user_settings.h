/* wolfSSL for images that have a key in common with the broker. */
#ifndef WAX_WOLFSSL_KEY_H
#define WAX_WOLFSSL_KEY_H

#define NO_CERTS
#define NO_ASN

#include "../common.h"

#endif
