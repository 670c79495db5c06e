/* Randomness for the library, from the door of crypto. */
#include "mbed/inner.h"

#include "crypto/crypto.h"

int mbed_random(void *context, unsigned char *room, size_t size)
{
    (void)context;
    return wax_random(room, size) == WAX_OK ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}
