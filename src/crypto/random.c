/* Randomness from OpenSSL's libcrypto. */
#include "crypto/crypto.h"

#include <openssl/rand.h>
#include <string.h>

wax_status wax_random(void *room, size_t size)
{
    if (RAND_bytes_ex(NULL, room, size, 0) != 1) {
        memset(room, 0, size);
        return WAX_IO;
    }
    return WAX_OK;
}
