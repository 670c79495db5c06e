/* Streams of a member: the keys that a topic asks for. */
#include "member/internal.h"

wax_status wax_member_start_stream(wax_member *member, const wax_member_stream *wanted,
                                   wax_writer *room, wax_bytes *fields, wax_stream_sealer *stream)
{
    uint32_t chunk_size = wanted->chunk_size;
    wax_bytes topic = wanted->topic;
    size_t start = room->used;
    wax_bytes seen;
    struct slot *slot;
    wax_status status;

    *fields = wax_bytes_of(NULL, 0);
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
    if (slot->grant->view.signs) {
        return WAX_NOT_AUTHORIZED; /* nobody believes a stream of who signs [5] */
    }
    if (member->current->blinder.key != NULL) {
        start = room->used;
        wax_field_write(room, WAX_FIELD_TOPIC, topic);
        *fields = wax_bytes_of(room->data + start, room->used - start);
    }
    if (room->status != WAX_OK) {
        return room->status;
    }
    if (chunk_size == 0) {
        chunk_size = slot->grant->view.chunk_size;
    }
    status = slot->may_send == WAX_OK
                 ? wax_stream_sealer_start(stream, &slot->sealer, seen, chunk_size)
                 : slot->may_send;
    if (status == WAX_OK) {
        member_count(member, slot, 0);
    }
    return status;
}

wax_opener *wax_member_opener(wax_member *member, wax_bytes topic)
{
    struct slot *slot = member_find(member, topic);

    return slot == NULL || member_recall(slot) != WAX_OK ? NULL : &slot->opener;
}
