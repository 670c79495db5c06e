/* Streams of a member: the keys that a topic asks for. */
#include "member/internal.h"

wax_status wax_member_start_stream(wax_member *member, wax_bytes topic, uint32_t chunk_size,
                                   wax_writer *room, wax_stream_sealer *stream)
{
    size_t start = room->used;
    wax_bytes seen;
    struct slot *slot;

    if (member->current == NULL) {
        return WAX_NOT_AUTHORIZED;
    }
    if (wax_member_filter(member, topic, room) != WAX_OK) {
        return WAX_FULL;
    }
    seen = wax_bytes_of(room->data + start, room->used - start);
    slot = member_find(member, seen);
    if (slot == NULL) {
        return WAX_NOT_FOUND;
    }
    if (chunk_size == 0) {
        chunk_size = slot->grant->view.chunk_size;
    }
    return slot->may_send == WAX_OK
               ? wax_stream_sealer_start(stream, &slot->sealer, seen, chunk_size)
               : slot->may_send;
}

wax_opener *wax_member_opener(wax_member *member, wax_bytes topic)
{
    struct slot *slot = member_find(member, topic);

    return slot == NULL ? NULL : &slot->opener;
}
