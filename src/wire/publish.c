/* PUBLISH. [MQTT 5.0, 3.3] */
#include "wire/wire.h"

enum { RETAIN = 0x01, QOS = 0x06, QOS_SHIFT = 1, DUPLICATE = 0x08 };

/* An empty topic is fine where an alias stands for it. [MQTT-4.7.3-1] */
static bool names_topic(const wax_publish *publish)
{
    return publish->topic.size > 0 ||
           (WAX_MQTT5 && wax_property_number(publish->properties, WAX_TOPIC_ALIAS, 0) != 0);
}

size_t wax_publish_head_size(uint8_t flags, wax_bytes body, wax_version version)
{
    wax_reader in = wax_reader_over(body);

    (void)wax_read_blob(&in);
    if ((flags & QOS) != 0) {
        (void)wax_read_u16(&in);
    }
    if (WAX_IS_MQTT5(version)) {
        (void)wax_read_bytes(&in, wax_read_varint(&in));
    }
    return in.status == WAX_OK ? body.size - wax_reader_left(&in) : 0;
}

static wax_status judge(const wax_publish *publish)
{
    bool is_acknowledged = publish->qos > 0;

    if (publish->qos > 2 || (publish->duplicate && !is_acknowledged)) {
        return WAX_MALFORMED; /* [MQTT-3.3.1-4] [MQTT-3.3.1-2] */
    }
    if ((is_acknowledged && publish->packet_id == 0) || !names_topic(publish)) {
        return WAX_PROTOCOL_ERROR;
    }
    return wax_topic_has_wildcard(publish->topic) ? WAX_BAD_TOPIC : WAX_OK; /* [MQTT-3.3.2-2] */
}

wax_status wax_publish_read(wax_publish *publish, const wax_packet *packet)
{
    uint8_t flags = packet->flags;
    wax_reader in = wax_reader_over(packet->body);
    bool is_acknowledged = (flags & QOS) != 0;

    *publish = (wax_publish){
        .duplicate = (flags & DUPLICATE) != 0,
        .qos = (uint8_t)((flags & QOS) >> QOS_SHIFT),
        .retain = (flags & RETAIN) != 0,
    };
    publish->topic = wax_read_text(&in); /* [MQTT-3.3.2-1] */
    if (is_acknowledged) {
        publish->packet_id = wax_read_u16(&in); /* [MQTT-2.2.1-2] */
    }
    if (WAX_IS_MQTT5(packet->version)) {
        publish->properties = wax_read_properties(&in, WAX_PUBLISH);
    }
    publish->payload = wax_reader_rest(&in);

    return in.status == WAX_OK ? judge(publish) : in.status;
}

static uint8_t flags_of(const wax_publish *publish)
{
    wax_assert(publish->qos > 0 || !publish->duplicate); /* [MQTT-3.3.1-2] */
    return (uint8_t)(publish->qos << QOS_SHIFT | publish->retain * RETAIN |
                     publish->duplicate * DUPLICATE);
}

static size_t body_size(const wax_publish *publish, wax_version version)
{
    return 2 + publish->topic.size + (publish->qos > 0 ? 2U : 0U) +
           wax_properties_size(publish->properties, version) + publish->payload.size;
}

size_t wax_publish_size(const wax_publish *publish, wax_version version)
{
    size_t size = body_size(publish, version);

    return size > WAX_VARINT_MAX ? SIZE_MAX : 1 + wax_varint_size((uint32_t)size) + size;
}

/* All between the head and the payload. */
static void write_fields(wax_writer *out, const wax_publish *publish, wax_version version)
{
    wax_write_blob(out, publish->topic);
    if (publish->qos > 0) {
        wax_assert(publish->qos <= 2 && publish->packet_id != 0);
        wax_write_u16(out, publish->packet_id);
    }
    if (WAX_IS_MQTT5(version)) {
        wax_write_properties(out, publish->properties);
    }
}

wax_status wax_publish_write_start(wax_writer *out, const wax_publish *publish, wax_version version)
{
    size_t size = body_size(publish, version);
    size_t start = out->used;

    if (size > WAX_VARINT_MAX) {
        out->status = WAX_TOO_LARGE;
        return out->status;
    }
    if (wax_publish_size(publish, version) - publish->payload.size > wax_writer_left(out)) {
        out->status = WAX_FULL;
    }
    wax_write_u8(out, (uint8_t)((unsigned)WAX_PUBLISH << 4 | flags_of(publish)));
    wax_write_varint(out, (uint32_t)size);
    write_fields(out, publish, version);
    return wax_writer_end(out, start);
}

wax_status wax_publish_write_head(wax_writer *out, const wax_publish *publish, wax_version version)
{
    if (wax_publish_size(publish, version) > wax_writer_left(out)) {
        out->status = WAX_FULL;
    }
    return wax_publish_write_start(out, publish, version);
}

wax_status wax_publish_write(wax_writer *out, const wax_publish *publish, wax_version version)
{
    size_t start = out->used;

    write_fields(out, publish, version);
    wax_write_bytes(out, publish->payload);
    return wax_packet_enclose(out, start, WAX_PUBLISH, flags_of(publish));
}
