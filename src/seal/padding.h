/* How much a text grows; inside of the room. */
#ifndef WAX_SEAL_PADDING_H
#define WAX_SEAL_PADDING_H

#include "seal/seal.h"

/* How many bytes of padding go behind `size` bytes of text; none without a policy. */
size_t padding_size(const wax_padding *padding, size_t size);

#endif
