/* What stands inside of a seal; inside of the room. [5] */
#ifndef WAX_SEAL_TEXT_H
#define WAX_SEAL_TEXT_H

#include "seal/seal.h"

enum {
    FLAG_FIELDS = 0x01,
    FLAG_PADDING = 0x02,
    FLAG_RETAIN = 0x04,
};

/* How many bytes flags and fields take. */
size_t text_front_size(wax_bytes fields);

/* Appends flags and fields. */
void text_write_front(wax_writer *out, unsigned flags, wax_bytes fields);

#endif
