/* The header of an envelope [4]; inside of the room. */
#ifndef WAX_SEAL_HEADER_H
#define WAX_SEAL_HEADER_H

#include "seal/seal.h"

enum {
    KIND_BYTE = 0xf8, /* the kind stands in its lowest three bits */
    KIND_MESSAGE = 0,
    KIND_SIGNED = 1,
    KIND_STREAM = 2,
    HEADER_SIZE_MAX = 10, /* with the byte of the kind */
};

struct header {
    uint8_t kind;
    uint8_t epoch; /* its lowest eight bits */
    uint32_t sender;
    uint32_t position;
};

/* Appends the kind and the header. */
void header_write(wax_writer *out, const struct header *header);

/* How many bytes header_write() takes. */
size_t header_size(const struct header *header);

/* Takes the kind and the header; what no sender writes makes the reader's status WAX_MALFORMED. */
void header_read(wax_reader *in, struct header *header);

#endif
