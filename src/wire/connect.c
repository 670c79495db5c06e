/* CONNECT. [MQTT 5.0, 3.1] */
#include "wire/wire.h"

enum {
    RESERVED = 0x01,
    CLEAN_START = 0x02,
    WILL = 0x04,
    WILL_QOS_SHIFT = 3,
    WILL_RETAIN = 0x20,
    PASSWORD = 0x40,
    USERNAME = 0x80,
    BRIDGE = 0x80, /* of the version */
};

/* Which name goes with which version. */
static wax_version version_of(wax_bytes name, uint8_t level, bool *is_bridge)
{
    uint8_t plain = level & 0x7fU;

    *is_bridge = (level & BRIDGE) != 0;
    if (plain == WAX_VERSION_3_1 && wax_bytes_equal(name, WAX_TEXT("MQIsdp"))) {
        return WAX_VERSION_3_1;
    }
    if (plain == WAX_VERSION_3_1_1 && wax_bytes_equal(name, WAX_TEXT("MQTT"))) {
        return WAX_VERSION_3_1_1;
    }
    if (level == WAX_VERSION_5 && wax_bytes_equal(name, WAX_TEXT("MQTT"))) {
        return WAX_VERSION_5; /* [MQTT-3.1.2-1] */
    }
    return WAX_VERSION_NONE;
}

static void read_will(wax_reader *in, wax_connect *connect, uint8_t flags)
{
    wax_will *will = &connect->will;

    will->qos = flags >> WILL_QOS_SHIFT & 0x03U;
    will->retain = (flags & WILL_RETAIN) != 0;
    connect->has_will = (flags & WILL) != 0;
    if (connect->has_will) { /* [MQTT-3.1.2-9] */
        if (WAX_IS_MQTT5(connect->version)) {
            will->properties = wax_read_properties(in, WAX_WILL);
        }
        will->topic = wax_read_text(in); /* [MQTT-3.1.3-11] */
        will->payload = wax_read_blob(in);
        wax_require(in, will->topic.size > 0, WAX_PROTOCOL_ERROR); /* [MQTT-4.7.3-1] */
        wax_require(in, !wax_topic_has_wildcard(will->topic), WAX_BAD_TOPIC);
    }
    wax_require(in, will->qos <= 2, WAX_MALFORMED);
    wax_require(in, connect->has_will || will->qos == 0, WAX_MALFORMED); /* [MQTT-3.1.2-7] */
    wax_require(in, connect->has_will || !will->retain, WAX_MALFORMED);  /* [MQTT-3.1.2-8] */
}

/* The fields of the payload, in their one order. [MQTT-3.1.3-1] */
static void read_payload(wax_reader *in, wax_connect *connect, uint8_t flags)
{
    connect->client_id = wax_read_text(in);
    read_will(in, connect, flags);
    connect->has_username = (flags & USERNAME) != 0;
    connect->has_password = (flags & PASSWORD) != 0;
    if (connect->has_username) { /* [MQTT-3.1.2-17] */
        connect->username = wax_read_text(in);
    }
    if (connect->has_password) { /* [MQTT-3.1.2-19] */
        connect->password = wax_read_blob(in);
    }
}

/* Whether there is data for an authentication whose method nobody named. [MQTT 5.0, 3.1.2.11.10] */
static bool has_data_alone(wax_bytes properties)
{
    wax_property property;

    return wax_property_find(properties, WAX_AUTHENTICATION_DATA, &property) &&
           !wax_property_find(properties, WAX_AUTHENTICATION_METHOD, &property);
}

wax_status wax_connect_read(wax_connect *connect, wax_bytes body)
{
    wax_reader in = wax_reader_over(body);
    wax_bytes name = wax_read_text(&in);
    uint8_t level = wax_read_u8(&in);
    uint8_t flags;

    *connect = (wax_connect){.version = WAX_VERSION_NONE};
    if (in.status != WAX_OK) {
        return in.status;
    }
    connect->version = version_of(name, level, &connect->is_bridge);
    wax_require(&in, connect->version != WAX_VERSION_NONE, WAX_UNSUPPORTED_VERSION);
    flags = wax_read_u8(&in);
    connect->keep_alive_s = wax_read_u16(&in);
    if (WAX_IS_MQTT5(connect->version)) {
        connect->properties = wax_read_properties(&in, WAX_CONNECT);
    }
    connect->clean_start = (flags & CLEAN_START) != 0;
    read_payload(&in, connect, flags);

    wax_require(&in, (flags & RESERVED) == 0, WAX_MALFORMED); /* [MQTT-3.1.2-3] */
    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    wax_require(&in, !has_data_alone(connect->properties), WAX_PROTOCOL_ERROR);
    wax_require(&in,
                WAX_IS_MQTT5(connect->version) || connect->has_username || !connect->has_password,
                WAX_MALFORMED); /* [MQTT-3.1.2-22 in 3.1.1] */
    return in.status;
}

static uint32_t level_of(const wax_connect *connect)
{
    return connect->version | (connect->is_bridge ? BRIDGE : 0U);
}

static uint32_t flags_of(const wax_connect *connect)
{
    uint32_t flags = connect->clean_start ? CLEAN_START : 0;

    if (connect->has_will) {
        flags |= WILL | (unsigned)connect->will.qos << WILL_QOS_SHIFT;
        flags |= connect->will.retain ? WILL_RETAIN : 0;
    }
    flags |= connect->has_username ? USERNAME : 0;
    flags |= connect->has_password ? PASSWORD : 0;
    return flags;
}

wax_status wax_connect_write(wax_writer *out, const wax_connect *connect)
{
    bool is_old = connect->version == WAX_VERSION_3_1;
    size_t start = out->used;

    wax_assert(connect->version != WAX_VERSION_NONE);
    wax_write_blob(out, is_old ? WAX_TEXT("MQIsdp") : WAX_TEXT("MQTT"));
    wax_write_u32(out, level_of(connect) << 24 | flags_of(connect) << 16 | connect->keep_alive_s);
    if (WAX_IS_MQTT5(connect->version)) {
        wax_write_properties(out, connect->properties);
    }
    wax_write_blob(out, connect->client_id);
    if (connect->has_will) {
        if (WAX_IS_MQTT5(connect->version)) {
            wax_write_properties(out, connect->will.properties);
        }
        wax_write_blob(out, connect->will.topic);
        wax_write_blob(out, connect->will.payload);
    }
    if (connect->has_username) {
        wax_write_blob(out, connect->username);
    }
    if (connect->has_password) {
        wax_write_blob(out, connect->password);
    }
    if (wax_packet_enclose(out, start, WAX_CONNECT, 0) != WAX_OK) {
        wax_wipe(out->data + start, out->size - start); /* the password may have fitted */
    }
    return out->status;
}
