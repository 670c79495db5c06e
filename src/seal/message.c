/* A message, sealed in place: what goes in front of the payload and behind it, then the seal. [5]
 */
#include <string.h>

#include "seal/header.h"
#include "seal/padding.h"
#include "seal/sealer.h"
#include "seal/text.h"

/* A device that neither pads nor signs what it seals is built with -DWAX_SEAL_EXTRAS=0: padding and
 * signers of messages are then left out, and what asks for either is WAX_INVALID. */
#ifndef WAX_SEAL_EXTRAS
#define WAX_SEAL_EXTRAS 1
#endif

/* The parts of an envelope, in order: header, hedge, front, payload, signature, padding, tag. */
struct plan {
    struct header header;
    size_t head;  /* size of the header */
    size_t front; /* of flags and fields */
    size_t payload;
    size_t signature;
    size_t padding;
    size_t tag;
};

static size_t text_size(const struct plan *plan)
{
    return plan->front + plan->payload + plan->signature + plan->padding;
}

static size_t envelope_size(const struct plan *plan)
{
    return plan->head + WAX_HEDGE_SIZE + text_size(plan) + plan->tag;
}

static struct plan make_plan(const wax_seal_group *group, const wax_seal_message *message,
                             size_t payload_size)
{
    struct plan plan = {.front = text_front_size(message->fields), .payload = payload_size};

    if (WAX_SEAL_EXTRAS) {
        plan.signature = message->signer == NULL ? 0 : WAX_P256_SIGNATURE_SIZE;
        plan.padding = padding_size(message->padding, plan.front + payload_size + plan.signature);
    }
    plan.tag = group->tag_size;
    return plan;
}

static void set_header(struct plan *plan, const wax_sealer *self, uint32_t position)
{
    plan->header = (struct header){.kind = plan->signature > 0 ? KIND_SIGNED : KIND_MESSAGE,
                                   .epoch = (uint8_t)self->epoch,
                                   .sender = self->sender,
                                   .position = position};
    plan->head = header_size(&plan->header);
}

size_t wax_seal_head_size(const wax_seal_message *message)
{
    return HEADER_SIZE_MAX + WAX_HEDGE_SIZE + text_front_size(message->fields);
}

size_t wax_seal_tail_size(const wax_seal_group *group, const wax_seal_message *message,
                          size_t payload_size)
{
    const struct plan plan = make_plan(group, message, payload_size);

    return plan.signature + plan.padding + plan.tag;
}

size_t wax_sealer_envelope_size(const wax_sealer *self, const wax_seal_message *message,
                                size_t payload_size)
{
    struct plan plan = make_plan(self->group, message, payload_size);

    set_header(&plan, self, sealer_next(self));
    return envelope_size(&plan);
}

/* Whether the payload stands in the buffer, with room in front of it and behind it. */
static bool has_room(const wax_seal_buffer *buffer, size_t in_front, size_t behind)
{
    return buffer->payload_at >= in_front && buffer->payload_at <= buffer->size &&
           buffer->size - buffer->payload_at >= buffer->payload_size &&
           buffer->size - buffer->payload_at - buffer->payload_size >= behind;
}

/* Everything is judged before a position is taken. */
static wax_status check(const wax_sealer *self, const wax_seal_message *message,
                        const struct plan *plan, const wax_seal_buffer *buffer)
{
    if ((!WAX_SEAL_EXTRAS && (message->signer != NULL || message->padding != NULL)) ||
        message->fields.size > UINT16_MAX || message->topic.size > WAX_SEAL_TOPIC ||
        plan->payload > WAX_SEAL_TEXT_MAX || text_size(plan) > WAX_SEAL_TEXT_MAX) {
        return WAX_INVALID;
    }
    return has_room(buffer, wax_seal_head_size(message),
                    plan->signature + plan->padding + plan->tag) &&
                   self->room.size >= WAX_SEAL_ROOM_SIZE(message->topic.size)
               ? WAX_OK
               : WAX_FULL;
}

static wax_status sign(const wax_signer *signer, wax_bytes associated, uint8_t *text, size_t size)
{
    const wax_bytes parts[] = {
        WAX_TEXT("sealed-mqtt 1 sign"), associated, (wax_bytes){text, size}
    };

    return !WAX_SEAL_EXTRAS || signer == NULL
               ? WAX_OK
               : signer->sign(signer, parts, WAX_COUNT(parts), text + size);
}

/* Fills the buffer around the payload and seals: `start` is where the envelope begins. */
static wax_status fill(wax_sealer *self, const wax_seal_message *message, const struct plan *plan,
                       uint8_t *start)
{
    const struct scope scope = sealer_scope(self);
    uint8_t *const hedge = start + plan->head;
    uint8_t *const text = hedge + WAX_HEDGE_SIZE;
    const size_t signed_size = plan->front + plan->payload;
    wax_writer out = wax_writer_over(start, plan->head);
    wax_writer front = wax_writer_over(text, plan->front);
    wax_writer room = wax_writer_over(self->room.data, self->room.size);
    wax_box box = {.suite = self->group->suite,
                   .key = self->key,
                   .number = plan->header.position,
                   .tag_size = self->group->tag_size};
    wax_status status;

    header_write(&out, &plan->header);
    text_write_front(&front,
                     (WAX_SEAL_EXTRAS && plan->padding > 0 ? FLAG_PADDING : 0U) |
                         (message->retain ? FLAG_RETAIN : 0U),
                     message->fields);
    status = schedule_bind(&scope, wax_writer_bytes(&out), message->topic, &room);
    box.associated = wax_writer_bytes(&room);
    if (status == WAX_OK) {
        status = sign(message->signer, box.associated, text, signed_size);
    }
    if (WAX_SEAL_EXTRAS && plan->padding > 0) {
        memset(text + signed_size + plan->signature, 0, plan->padding);
        text[signed_size + plan->signature] = 0x80;
    }
    return status == WAX_OK
               ? wax_box_seal(&box, self->hedge_key, message->extra, hedge, text_size(plan))
               : status;
}

/* Seals with a position that `take` gives. */
static wax_status seal(wax_sealer *self, const wax_seal_message *message,
                       const wax_seal_buffer *buffer, wax_bytes *envelope,
                       wax_status (*take)(wax_sealer *, uint32_t *))
{
    struct plan plan = make_plan(self->group, message, buffer->payload_size);
    uint32_t position = 0;
    uint8_t *start;
    wax_status status = check(self, message, &plan, buffer);

    *envelope = (wax_bytes){NULL, 0};
    if (status == WAX_OK) {
        status = take(self, &position);
    }
    if (status != WAX_OK) {
        return status;
    }
    set_header(&plan, self, position);
    start = buffer->data + buffer->payload_at - plan.front - WAX_HEDGE_SIZE - plan.head;
    status = fill(self, message, &plan, start);
    if (status == WAX_OK) {
        *envelope = (wax_bytes){start, envelope_size(&plan)};
    }
    return status;
}

wax_status wax_sealer_seal(wax_sealer *self, const wax_seal_message *message,
                           const wax_seal_buffer *buffer, wax_bytes *envelope)
{
    return seal(self, message, buffer, envelope, sealer_take);
}

wax_status wax_sealer_seal_will(wax_sealer *self, const wax_seal_message *message,
                                const wax_seal_buffer *buffer, wax_bytes *envelope)
{
    return seal(self, message, buffer, envelope, sealer_take_will);
}
