/* Mbed TLS for an image that trusts a CA, and verifies signatures. */
#ifndef WAX_MBEDTLS_UPDATER_CERTIFICATE_H
#define WAX_MBEDTLS_UPDATER_CERTIFICATE_H

#include "es256.h"

#include "certificate.h"

#endif
