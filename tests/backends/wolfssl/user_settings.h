/* wolfSSL as the tests run it on a host: all that a device may choose, with a clock and with RSA.
 */
#ifndef WAX_TESTS_USER_SETTINGS_H
#define WAX_TESTS_USER_SETTINGS_H

#include "wolf/settings.h"

#define SINGLE_THREADED
#define WOLFSSL_SP_MATH_ALL
#define SP_INT_BITS 4096
#define WC_RSA_BLINDING
#define HAVE_AESGCM
#define HAVE_AESCCM
#define NO_AES_CBC
#define WOLF_CRYPTO_CB
#define WOLF_PRIVATE_KEY_ID

#endif
