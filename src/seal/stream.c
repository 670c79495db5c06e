/* What both ends of a stream say alike. [6] */
#include "seal/stream.h"

bool stream_takes(uint32_t chunk_size)
{
    return chunk_size >= WAX_CHUNK_SIZE_MIN && chunk_size <= WAX_CHUNK_SIZE_MAX;
}

void stream_write_head(wax_writer *out, const struct chunk_place *place)
{
    const struct header header = {.kind = KIND_STREAM,
                                  .epoch = (uint8_t)place->scope.epoch,
                                  .sender = place->scope.sender,
                                  .position = place->position};

    header_write(out, &header);
    wax_write_u32(out, place->chunk_size);
    wax_write_u32(out, place->index | (place->is_last ? STREAM_END_BIT : 0U));
}

wax_status stream_bind(const struct chunk_place *place, wax_bytes topic, wax_writer *room)
{
    uint8_t head[WAX_STREAM_HEAD_MAX];
    wax_writer out = wax_writer_over(head, sizeof head);

    stream_write_head(&out, place);
    return schedule_bind(&place->scope, wax_writer_bytes(&out), topic, room);
}
