/* A packet of any type and version: read, written and compared by what its type says. Shared by the
 * property tests and the fuzz targets of the room wire. */
#ifndef WAX_TESTS_ANY_H
#define WAX_TESTS_ANY_H

#include "wire/wire.h"

struct any {
    wax_packet_type type;
    wax_version version;
    wax_connect connect;
    wax_connack connack;
    wax_publish publish;
    wax_subscribe subscribe;
    wax_suback suback;
    wax_notice notice;
};

static inline wax_status any_read(struct any *any, uint8_t flags, wax_bytes body)
{
    const wax_packet packet = {
        .type = any->type, .version = any->version, .flags = flags, .body = body};

    switch (any->type) {
    case WAX_CONNECT:
        return wax_connect_read(&any->connect, body);
    case WAX_CONNACK:
        return wax_connack_read(&any->connack, &packet);
    case WAX_PUBLISH:
        return wax_publish_read(&any->publish, &packet);
    case WAX_SUBSCRIBE:
    case WAX_UNSUBSCRIBE:
        return wax_subscribe_read(&any->subscribe, &packet);
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        return wax_suback_read(&any->suback, &packet);
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
    case WAX_DISCONNECT:
    case WAX_AUTH:
        return wax_notice_read(&any->notice, &packet);
    case WAX_PINGREQ:
    case WAX_PINGRESP:
        return body.size == 0 ? WAX_OK : WAX_MALFORMED;
    case WAX_NO_PACKET:
    default:
        return WAX_MALFORMED;
    }
}

static inline wax_status any_write(wax_writer *out, const struct any *any)
{
    switch (any->type) {
    case WAX_CONNECT:
        return wax_connect_write(out, &any->connect);
    case WAX_CONNACK:
        return wax_connack_write(out, &any->connack, any->version);
    case WAX_PUBLISH:
        return wax_publish_write(out, &any->publish, any->version);
    case WAX_SUBSCRIBE:
    case WAX_UNSUBSCRIBE:
        return wax_subscribe_write(out, &any->subscribe, any->type, any->version);
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        return wax_suback_write(out, &any->suback, any->type, any->version);
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
    case WAX_DISCONNECT:
    case WAX_AUTH:
        return wax_notice_write(out, &any->notice, any->version);
    case WAX_PINGREQ:
    case WAX_PINGRESP:
        return wax_packet_write_empty(out, any->type);
    case WAX_NO_PACKET:
    default:
        return WAX_INVALID;
    }
}

static inline bool same_connect(const wax_connect *one, const wax_connect *other)
{
    return one->version == other->version && one->is_bridge == other->is_bridge &&
           one->clean_start == other->clean_start && one->has_will == other->has_will &&
           one->has_username == other->has_username && one->has_password == other->has_password &&
           one->keep_alive_s == other->keep_alive_s &&
           wax_bytes_equal(one->client_id, other->client_id) &&
           wax_bytes_equal(one->username, other->username) &&
           wax_bytes_equal(one->password, other->password) &&
           wax_bytes_equal(one->properties, other->properties) &&
           wax_bytes_equal(one->will.topic, other->will.topic) &&
           wax_bytes_equal(one->will.payload, other->will.payload) &&
           wax_bytes_equal(one->will.properties, other->will.properties) &&
           one->will.qos == other->will.qos && one->will.retain == other->will.retain;
}

static inline bool same_publish(const wax_publish *one, const wax_publish *other)
{
    return one->packet_id == other->packet_id && one->qos == other->qos &&
           one->retain == other->retain && one->duplicate == other->duplicate &&
           wax_bytes_equal(one->topic, other->topic) &&
           wax_bytes_equal(one->properties, other->properties) &&
           wax_bytes_equal(one->payload, other->payload);
}

/* Compares what neither CONNECT nor PUBLISH has. Fields of other types are zero in both. */
static inline bool same_rest(const struct any *one, const struct any *other)
{
    return one->connack.session_present == other->connack.session_present &&
           one->connack.reason == other->connack.reason &&
           wax_bytes_equal(one->connack.properties, other->connack.properties) &&
           one->subscribe.packet_id == other->subscribe.packet_id &&
           wax_bytes_equal(one->subscribe.properties, other->subscribe.properties) &&
           wax_bytes_equal(one->subscribe.filters, other->subscribe.filters) &&
           one->suback.packet_id == other->suback.packet_id &&
           wax_bytes_equal(one->suback.properties, other->suback.properties) &&
           wax_bytes_equal(one->suback.reasons, other->suback.reasons) &&
           one->notice.packet_id == other->notice.packet_id &&
           one->notice.reason == other->notice.reason &&
           wax_bytes_equal(one->notice.properties, other->notice.properties);
}

static inline bool any_same(const struct any *one, const struct any *other)
{
    return one->type == other->type && same_connect(&one->connect, &other->connect) &&
           same_publish(&one->publish, &other->publish) && same_rest(one, other);
}

#endif
