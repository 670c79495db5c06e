/* What room `wolf` wants of wolfSSL, whatever else it is built with: every user_settings.h includes
 * this. [wolfSSL Manual, chapter 2] */
#ifndef WAX_WOLF_SETTINGS_H
#define WAX_WOLF_SETTINGS_H

/* Bytes come and go by the filter below, and randomness is that of the door of crypto. */
#define WOLFSSL_USER_IO
#define NO_FILESYSTEM
#define NO_WRITEV
#define CUSTOM_RAND_GENERATE_BLOCK wax_wolf_random
int wax_wolf_random(unsigned char *room, unsigned int size);

/* A client of TLS 1.2, with nothing that is older. */
#define NO_WOLFSSL_SERVER
#define NO_OLD_TLS
#define HAVE_TLS_EXTENSIONS
#define HAVE_EXTENDED_MASTER
#define HAVE_MAX_FRAGMENT
#define WOLFSSL_STATIC_PSK
#define WOLFSSL_SET_CIPHER_BYTES

/* Sessions are the application's to keep. With other settings what is saved has fields that the
 * library reads without looking at their sizes. */
#define HAVE_SESSION_TICKET
#define HAVE_EXT_CACHE
#define NO_CLIENT_CACHE
#define NO_SESSION_CACHE_REF
#define SMALL_SESSION_CACHE

/* Keys on P-256 in constant time, and a number used once that no weak randomness betrays; for all
 * but those who have a key in common with the server and no more (NO_CERTS). */
#if !defined(NO_CERTS)
#define HAVE_SNI
#define HAVE_SUPPORTED_CURVES
#define HAVE_ECC
#define ECC_USER_CURVES
#define ECC_TIMING_RESISTANT
#define WOLFSSL_HAVE_SP_ECC
#define WOLFSSL_ECDSA_DETERMINISTIC_K
#endif

#define HAVE_CHACHA
#define HAVE_POLY1305

/* What is not safe, or for nobody here. */
#define NO_DH
#define NO_DSA
#define NO_RC4
#define NO_DES3
#define NO_MD4
#define NO_MD5
#define NO_SHA
#define NO_PWDBASED
#define NO_PKCS12
#define NO_OLD_POLY1305
#define NO_ERROR_STRINGS
#define NO_CODING
#define WOLFSSL_NO_PEM

#endif
