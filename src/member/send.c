/* A message becomes an envelope: what nobody else may read goes inside. */
#include "member/internal.h"

#include <string.h>

wax_status wax_member_filter(const wax_member *member, wax_bytes filter, wax_writer *out)
{
    if (member->current == NULL) {
        return WAX_NOT_AUTHORIZED;
    }
    if (member->current->blinder.key != NULL) {
        return wax_blind_filter(&member->current->blinder, filter, out);
    }
    wax_write_bytes(out, filter);
    return out->status;
}

static wax_status write_topic(const wax_member *member, wax_bytes topic, wax_writer *out)
{
    if (member->current->blinder.key != NULL) {
        return wax_blind_topic(&member->current->blinder, topic, out);
    }
    wax_write_bytes(out, topic);
    return out->status;
}

/* What goes inside, by ascending type. */
static void write_fields(const wax_member *member, const wax_publish *message, uint64_t wall_ms,
                         wax_writer *out)
{
    static const struct {
        wax_property_id id;
        wax_field_type type;
    } rows[] = {
        {WAX_CONTENT_TYPE,     WAX_FIELD_CONTENT_TYPE  },
        {WAX_RESPONSE_TOPIC,   WAX_FIELD_RESPONSE_TOPIC},
        {WAX_CORRELATION_DATA, WAX_FIELD_CORRELATION   },
    };
    wax_reader in = wax_reader_over(message->properties);
    wax_property property;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (wax_property_find(message->properties, rows[i].id, &property)) {
            wax_field_write(out, rows[i].type, property.value);
        }
    }
    if (wall_ms != 0) {
        wax_field_write_number(out, WAX_FIELD_SEALED_AT, wall_ms);
        if (wax_property_find(message->properties, WAX_MESSAGE_EXPIRY, &property)) {
            wax_field_write_number(out, WAX_FIELD_VALID_UNTIL,
                                   wall_ms + 1000 * (uint64_t)property.number);
        }
    }
    while (wax_property_next(&in, &property)) {
        if (property.id == WAX_USER_PROPERTY) {
            wax_field_write_user(out, property.name, property.value);
        }
    }
    if (member->current->blinder.key != NULL) {
        wax_field_write(out, WAX_FIELD_TOPIC, message->topic);
    }
}

/* What everybody may read: how long a broker keeps it, and a Will back. */
static void write_properties(const wax_publish *message, wax_writer *out)
{
    static const wax_property_id ids[] = {WAX_MESSAGE_EXPIRY, WAX_WILL_DELAY};
    wax_property property;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (wax_property_find(message->properties, ids[i], &property)) {
            wax_property_write(out, &property);
        }
    }
}

typedef wax_status sealing(wax_sealer *self, const wax_seal_message *message,
                           const wax_seal_buffer *buffer, wax_bytes *envelope);

/* What is to be sealed, how, and where to. */
struct work {
    wax_member *member;
    const wax_publish *message;
    uint64_t wall_ms;
    wax_writer *room;
    sealing *seal;
};

/* Puts the payload where it can be sealed in place, and seals it. */
static wax_status seal_payload(const struct work *work, struct slot *slot,
                               const wax_seal_message *message, wax_bytes *envelope)
{
    const wax_publish *sent = work->message;
    wax_writer *room = work->room;
    size_t head = wax_seal_head_size(message);
    size_t tail = wax_seal_tail_size(&slot->grant->group, message, sent->payload.size);
    wax_seal_buffer buffer = {room->data + room->used, wax_writer_left(room), head,
                              sent->payload.size};

    if (wax_writer_left(room) < head + sent->payload.size ||
        wax_writer_left(room) - head - sent->payload.size < tail) {
        return WAX_FULL;
    }
    if (sent->payload.size != 0) {
        memcpy(buffer.data + head, sent->payload.data, sent->payload.size);
    }
    return work->seal(&slot->sealer, message, &buffer, envelope);
}

static wax_status seal_with(const struct work *work, wax_publish *sealed)
{
    wax_member *member = work->member;
    const wax_publish *message = work->message;
    wax_writer *room = work->room;
    size_t starts[3];
    wax_seal_message inner = {.retain = message->retain};
    struct slot *slot;
    wax_status status;

    *sealed = *message;
    if (member->current == NULL) {
        return WAX_NOT_AUTHORIZED;
    }
    starts[0] = room->used;
    status = write_topic(member, message->topic, room);
    starts[1] = room->used;
    write_properties(message, room);
    starts[2] = room->used;
    write_fields(member, message, work->wall_ms, room);
    if (status != WAX_OK || room->status != WAX_OK) {
        return status != WAX_OK ? status : room->status;
    }
    sealed->topic = wax_bytes_of(room->data + starts[0], starts[1] - starts[0]);
    sealed->properties = wax_bytes_of(room->data + starts[1], starts[2] - starts[1]);
    inner.topic = sealed->topic;
    inner.fields = wax_bytes_of(room->data + starts[2], room->used - starts[2]);
    slot = member_find(member, sealed->topic);
    if (slot == NULL) {
        return WAX_NOT_FOUND;
    }
    if (slot->may_send != WAX_OK) {
        return slot->may_send;
    }
    inner.padding = &slot->grant->padding;
    inner.signer = slot->grant->view.signs ? &member->signer : NULL;
    if (inner.signer != NULL && (inner.signer->sign == NULL || inner.signer->secret == NULL)) {
        return WAX_NOT_AUTHORIZED;
    }
    status = seal_payload(work, slot, &inner, &sealed->payload);
    if (status == WAX_OK) {
        room->used = (size_t)(sealed->payload.data - room->data) + sealed->payload.size;
        member_count(member, slot, message->payload.size);
    }
    return status;
}

wax_status wax_member_seal(wax_member *member, const wax_publish *message, uint64_t wall_ms,
                           wax_writer *room, wax_publish *sealed)
{
    const struct work work = {member, message, wall_ms, room, wax_sealer_seal};

    return seal_with(&work, sealed);
}

wax_status wax_member_seal_will(wax_member *member, const wax_publish *message, uint64_t wall_ms,
                                wax_writer *room, wax_publish *sealed)
{
    const struct work work = {member, message, wall_ms, room, wax_sealer_seal_will};

    return seal_with(&work, sealed);
}
