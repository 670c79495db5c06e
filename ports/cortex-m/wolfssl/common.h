/* What wolfSSL is on this board, whatever it proves who it is by: without a clock, a file system or
 * threads, and small. The user_settings.h of an image includes this one last. */
#ifndef WAX_WOLFSSL_COMMON_H
#define WAX_WOLFSSL_COMMON_H

#include "wolf/settings.h"

#define SINGLE_THREADED
#define USER_TICKS
#define XVALIDATE_DATE(date, format, type) 1 /* NO_ASN_TIME would forget sessions too */
#define NO_AES
#define NO_RSA
#define NO_SIG_WRAPPER
#define USE_SLOW_SHA256

#endif
