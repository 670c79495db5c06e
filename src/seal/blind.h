/* How much of a hash a token shows; inside of the room. [7] */
#ifndef WAX_SEAL_BLIND_H
#define WAX_SEAL_BLIND_H

#include "seal/seal.h"

enum { BLIND_HASH_SIZE = 9 };

#endif
