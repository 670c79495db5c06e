/* Randomness for the library, from the door of crypto. */
#include "wolf/inner.h"

#include "crypto/crypto.h"

int wax_wolf_random(unsigned char *room, unsigned int size)
{
    return wax_random(room, size) == WAX_OK ? 0 : -1;
}
