/* board_seal: the window of the one sealer that an image has, in the file `window`. */
#ifndef WAX_BOARD_SEAL_H
#define WAX_BOARD_SEAL_H

#include "seal/seal.h"

extern wax_seal_store board_seal_store;

#endif
