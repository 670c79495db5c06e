/* A stream, sealed chunk by chunk. [6] */
#include "seal/sealer.h"
#include "seal/stream.h"
#include "seal/text.h"

static struct scope scope_of(const wax_stream_sealer *self)
{
    return (struct scope){
        .group = self->sealer->group, .epoch = self->epoch, .sender = self->sealer->sender};
}

static struct chunk_place place_of(const wax_stream_sealer *self, bool is_last)
{
    return (struct chunk_place){.scope = scope_of(self),
                                .position = self->position,
                                .chunk_size = self->chunk_size,
                                .index = self->index,
                                .is_last = is_last};
}

/* The keys of the stream's position, while the sender still has its window's secret. */
static wax_status derive(wax_stream_sealer *self)
{
    const struct scope scope = scope_of(self);
    wax_status status =
        schedule(&scope, self->sealer->secret, USE_STREAM_KEY, self->position, self->key);

    return status == WAX_OK ? schedule_hedge(&scope, self->sealer->secret, USE_STREAM_HEDGE,
                                             self->position, self->hedge_key)
                            : status;
}

wax_status wax_stream_sealer_start(wax_stream_sealer *self, wax_sealer *sealer, wax_bytes topic,
                                   uint32_t chunk_size)
{
    uint32_t position = 0;
    wax_status status = WAX_INVALID;

    *self = (wax_stream_sealer){.sealer = sealer, .topic = topic, .chunk_size = chunk_size};
    if (stream_takes(chunk_size) && topic.size <= WAX_SEAL_TOPIC) {
        status = sealer->room.size < WAX_SEAL_ROOM_SIZE(topic.size)
                     ? WAX_FULL
                     : sealer_take(sealer, &position);
    }
    if (status == WAX_OK) {
        self->epoch = sealer->epoch;
        self->position = position;
        status = derive(self);
    }
    if (status != WAX_OK) {
        wax_stream_sealer_end(self);
    }
    return status;
}

void wax_stream_write_front(wax_writer *out, wax_bytes fields, bool retain)
{
    text_write_front(out, retain ? FLAG_RETAIN : 0U, fields);
}

void wax_stream_write_head(const wax_stream_sealer *self, wax_writer *out, bool has_end)
{
    const struct chunk_place place = place_of(self, has_end);

    stream_write_head(out, &place);
}

static bool takes(const wax_stream_sealer *self, size_t size, bool is_last)
{
    return self->sealer != NULL && size > 0 &&
           (is_last ? size <= self->chunk_size : size == self->chunk_size);
}

static wax_status seal(const wax_stream_sealer *self, uint8_t *room, size_t size, bool is_last)
{
    const struct chunk_place place = place_of(self, is_last);
    const wax_seal_group *group = self->sealer->group;
    wax_writer associated = wax_writer_over(self->sealer->room.data, self->sealer->room.size);
    wax_status status = stream_bind(&place, self->topic, &associated);
    const wax_box box = {.suite = group->suite,
                         .key = self->key,
                         .associated = wax_writer_bytes(&associated),
                         .number = self->index,
                         .tag_size = group->tag_size};

    return status == WAX_OK ? wax_box_seal(&box, self->hedge_key, wax_bytes_of(NULL, 0), room, size)
                            : status;
}

wax_status wax_stream_sealer_seal(wax_stream_sealer *self, uint8_t *room, size_t size, bool is_last)
{
    wax_status status = takes(self, size, is_last) ? WAX_OK : WAX_INVALID;

    if (status == WAX_OK) {
        status = self->index > WAX_CHUNK_INDEX_MAX ? WAX_FULL : seal(self, room, size, is_last);
    }
    self->index += status == WAX_OK;
    return status;
}

void wax_stream_sealer_seek(wax_stream_sealer *self, uint32_t index)
{
    self->index = index;
}

void wax_stream_sealer_end(wax_stream_sealer *self)
{
    wax_wipe(self, sizeof *self);
}
