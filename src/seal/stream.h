/* What both ends of a stream say alike; inside of the room. [6] */
#ifndef WAX_SEAL_STREAM_H
#define WAX_SEAL_STREAM_H

#include "seal/header.h"
#include "seal/schedule.h"

#define STREAM_END_BIT 0x80000000U

/* A chunk, wherever it is. */
struct chunk_place {
    struct scope scope;
    uint32_t position;
    uint32_t chunk_size;
    uint32_t index;
    bool is_last;
};

/* Whether chunks may have this size. */
bool stream_takes(uint32_t chunk_size);

/* Writes what a message begins with, or what a chunk is bound to. */
void stream_write_head(wax_writer *out, const struct chunk_place *place);

/* What a chunk is bound to, put together in `room`. Returns WAX_OK or WAX_FULL. */
wax_status stream_bind(const struct chunk_place *place, wax_bytes topic, wax_writer *room);

#endif
