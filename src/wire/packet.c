/* The fixed header of every packet. */
#include "wire/wire.h"

#include <string.h>

/* A bit per packet type. */
#define AT(type) (1U << (WAX_##type))

enum {
    MARKED = AT(PUBREL) | AT(SUBSCRIBE) | AT(UNSUBSCRIBE), /* with the flag below */
    ONLY_HEADS = AT(PINGREQ) | AT(PINGRESP),
    MARK = 0x02,      /* [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] */
    DUPLICATE = 0x08, /* MQTT 3.1 marks what it sends again, these three too */
};

/* Whether the type may come, with these flags and, where it is only a head, without a body.
 * [MQTT-2.1.3-1] [MQTT-3.15.1-1] */
static bool head_is_allowed(const wax_packet *packet)
{
    unsigned bit = 1U << packet->type;
    uint8_t flags = packet->flags;

    if (packet->type == WAX_PUBLISH) {
        return true; /* its flags are its own */
    }
    if ((bit & MARKED) != 0) {
        if (packet->version == WAX_VERSION_3_1) {
            flags &= (uint8_t)~DUPLICATE;
        }
        return flags == MARK;
    }
    if (packet->type == WAX_NO_PACKET ||
        (packet->type == WAX_AUTH && !WAX_IS_MQTT5(packet->version)) ||
        ((bit & ONLY_HEADS) != 0 && packet->body_size > 0)) {
        return false;
    }
    return flags == 0;
}

/* Reads what stands before the body. Returns WAX_MORE when it is cut short. The fourth byte of the
 * Remaining Length is the last, whatever it says: one that announces a fifth is refused at once.
 * [MQTT-1.5.5-1] */
static wax_status read_head(wax_packet *packet, const wax_reader *in)
{
    size_t left = wax_reader_left(in);
    size_t size = 1;
    uint32_t body_size = 0;
    uint8_t byte;

    do {
        if (size >= left) {
            return WAX_MORE;
        }
        byte = in->at[size];
        body_size |= (uint32_t)(byte & 0x7fU) << (7 * (size - 1));
        size++;
    } while ((byte & 0x80U) != 0 && size <= 4);

    packet->type = (wax_packet_type)(in->at[0] >> 4);
    packet->flags = in->at[0] & 0x0fU;
    packet->body_size = body_size;
    packet->head_size = (uint8_t)size;
    return (byte & 0x80U) != 0 || (byte == 0 && size > 2) ? WAX_MALFORMED : WAX_OK;
}

wax_status wax_packet_read(wax_packet *packet, wax_reader *in, wax_version version,
                           uint32_t size_max)
{
    wax_status status = in->status;
    size_t left;

    *packet = (wax_packet){.version = version};
    if (status == WAX_OK) {
        status = read_head(packet, in);
    }
    if (status != WAX_OK) {
        return status;
    }
    if (!head_is_allowed(packet)) {
        return WAX_MALFORMED;
    }
    if (packet->body_size + packet->head_size > size_max) {
        return WAX_PACKET_TOO_LARGE;
    }
    left = wax_reader_left(in) - packet->head_size;
    packet->body = (wax_bytes){in->at + packet->head_size, packet->body_size};
    if (packet->body_size > left) {
        packet->body.size = left;
        return WAX_MORE;
    }
    in->at += packet->head_size + packet->body_size;
    return WAX_OK;
}

wax_status wax_packet_write_head(wax_writer *out, wax_packet_type type, uint8_t flags,
                                 size_t body_size)
{
    wax_assert(type != WAX_NO_PACKET);
    if (body_size > WAX_VARINT_MAX) {
        out->status = WAX_TOO_LARGE;
        return out->status;
    }
    if (1 + wax_varint_size((uint32_t)body_size) + body_size > wax_writer_left(out)) {
        out->status = WAX_FULL;
    }
    wax_write_u8(out, (uint8_t)((unsigned)type << 4 | flags));
    wax_write_varint(out, (uint32_t)body_size);
    return out->status;
}

wax_status wax_packet_enclose(wax_writer *out, size_t start, wax_packet_type type, uint8_t flags)
{
    size_t body_size = out->used - start;
    uint8_t *packet = out->data + start;
    uint8_t head[5];
    size_t head_size;

    if (body_size > WAX_VARINT_MAX) {
        out->status = WAX_TOO_LARGE;
    }
    head[0] = (uint8_t)((unsigned)type << 4 | flags);
    head_size = 1 + wax_varint_encode(head + 1, (uint32_t)body_size & WAX_VARINT_MAX);
    wax_write_bytes(out, (wax_bytes){head, head_size}); /* where there is room */
    if (out->status == WAX_OK) {
        memmove(packet + head_size, packet, body_size);
        memcpy(packet, head, head_size); /* where it belongs */
    }
    return wax_writer_end(out, start);
}

wax_status wax_packet_write_empty(wax_writer *out, wax_packet_type type)
{
    return wax_packet_enclose(out, out->used, type, 0);
}

const char *wax_packet_name(wax_packet_type type)
{
    static const char *const names[] = {
        [WAX_NO_PACKET] = "RESERVED",      [WAX_CONNECT] = "CONNECT",
        [WAX_CONNACK] = "CONNACK",         [WAX_PUBLISH] = "PUBLISH",
        [WAX_PUBACK] = "PUBACK",           [WAX_PUBREC] = "PUBREC",
        [WAX_PUBREL] = "PUBREL",           [WAX_PUBCOMP] = "PUBCOMP",
        [WAX_SUBSCRIBE] = "SUBSCRIBE",     [WAX_SUBACK] = "SUBACK",
        [WAX_UNSUBSCRIBE] = "UNSUBSCRIBE", [WAX_UNSUBACK] = "UNSUBACK",
        [WAX_PINGREQ] = "PINGREQ",         [WAX_PINGRESP] = "PINGRESP",
        [WAX_DISCONNECT] = "DISCONNECT",   [WAX_AUTH] = "AUTH",
    };

    return names[type];
}
