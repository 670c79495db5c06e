/* MQTT 5's properties: one table says where each may stand and what it may be. */
#include "wire/wire.h"

/* How a value is encoded. That of a number of fixed size is its size; of 8 bits it is 0 or 1. */
enum form { NONE, NUMBER_8, NUMBER_16, NUMBER_VARINT, NUMBER_32, TEXT, DATA, PAIR };

/* Where a property may stand. */
enum place {
    NOWHERE,
    IN_CONNECT,
    IN_CONNACK,
    IN_PUBLISH,
    IN_WILL,
    OF_MESSAGES,
    OF_SUBSCRIPTIONS,
    OF_CONNECTIONS,
    OF_SESSIONS,
    OF_LOGINS,
    OF_SERVERS,
    IN_ANSWERS,
    ANYWHERE,
};

struct row {
    uint8_t form : 3;  /* enum form */
    uint8_t least : 1; /* of a number */
    uint8_t place : 4; /* enum place */
};

/* clang-format off */
#define AT(type) (1U << (WAX_##type))

/* A bit per packet type, bit 0 for a Will. */
static const uint16_t places[] = {
    [IN_CONNECT]       = AT(CONNECT),
    [IN_CONNACK]       = AT(CONNACK),
    [IN_PUBLISH]       = AT(PUBLISH),
    [IN_WILL]          = AT(WILL),
    [OF_MESSAGES]      = AT(PUBLISH) | AT(WILL),
    [OF_SUBSCRIPTIONS] = AT(PUBLISH) | AT(SUBSCRIBE),
    [OF_CONNECTIONS]   = AT(CONNECT) | AT(CONNACK),
    [OF_SESSIONS]      = AT(CONNECT) | AT(CONNACK) | AT(DISCONNECT),
    [OF_LOGINS]        = AT(CONNECT) | AT(CONNACK) | AT(AUTH),
    [OF_SERVERS]       = AT(CONNACK) | AT(DISCONNECT),
    [IN_ANSWERS]       = AT(CONNACK) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | AT(PUBCOMP) | AT(SUBACK) |
                         AT(UNSUBACK) | AT(DISCONNECT) | AT(AUTH),
    [ANYWHERE]         = AT(CONNECT) | AT(CONNACK) | AT(PUBLISH) | AT(WILL) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) |
                         AT(PUBCOMP) | AT(SUBSCRIBE) | AT(SUBACK) | AT(UNSUBSCRIBE) | AT(UNSUBACK) | AT(DISCONNECT) | AT(AUTH),
};

/* [MQTT 5.0, 2.2.2.2, table 2-4] */
static const struct row rows[] = {
    /* id                                  form          least place */
    [WAX_PAYLOAD_FORMAT]               = {NUMBER_8,      0, OF_MESSAGES},
    [WAX_MESSAGE_EXPIRY]               = {NUMBER_32,     0, OF_MESSAGES},
    [WAX_CONTENT_TYPE]                 = {TEXT,          0, OF_MESSAGES},
    [WAX_RESPONSE_TOPIC]               = {TEXT,          0, OF_MESSAGES},
    [WAX_CORRELATION_DATA]             = {DATA,          0, OF_MESSAGES},
    [WAX_SUBSCRIPTION_ID]              = {NUMBER_VARINT, 1, OF_SUBSCRIPTIONS},
    [WAX_SESSION_EXPIRY]               = {NUMBER_32,     0, OF_SESSIONS},
    [WAX_ASSIGNED_CLIENT_ID]           = {TEXT,          0, IN_CONNACK},
    [WAX_SERVER_KEEP_ALIVE]            = {NUMBER_16,     0, IN_CONNACK},
    [WAX_AUTHENTICATION_METHOD]        = {TEXT,          0, OF_LOGINS},
    [WAX_AUTHENTICATION_DATA]          = {DATA,          0, OF_LOGINS},
    [WAX_REQUEST_PROBLEM_INFORMATION]  = {NUMBER_8,      0, IN_CONNECT},
    [WAX_WILL_DELAY]                   = {NUMBER_32,     0, IN_WILL},
    [WAX_REQUEST_RESPONSE_INFORMATION] = {NUMBER_8,      0, IN_CONNECT},
    [WAX_RESPONSE_INFORMATION]         = {TEXT,          0, IN_CONNACK},
    [WAX_SERVER_REFERENCE]             = {TEXT,          0, OF_SERVERS},
    [WAX_REASON_STRING]                = {TEXT,          0, IN_ANSWERS},
    [WAX_RECEIVE_MAXIMUM]              = {NUMBER_16,     1, OF_CONNECTIONS},
    [WAX_TOPIC_ALIAS_MAXIMUM]          = {NUMBER_16,     0, OF_CONNECTIONS},
    [WAX_TOPIC_ALIAS]                  = {NUMBER_16,     1, IN_PUBLISH},
    [WAX_MAXIMUM_QOS]                  = {NUMBER_8,      0, IN_CONNACK},
    [WAX_RETAIN_AVAILABLE]             = {NUMBER_8,      0, IN_CONNACK},
    [WAX_USER_PROPERTY]                = {PAIR,          0, ANYWHERE},
    [WAX_MAXIMUM_PACKET_SIZE]          = {NUMBER_32,     1, OF_CONNECTIONS},
    [WAX_WILDCARD_AVAILABLE]           = {NUMBER_8,      0, IN_CONNACK},
    [WAX_SUBSCRIPTION_ID_AVAILABLE]    = {NUMBER_8,      0, IN_CONNACK},
    [WAX_SHARED_AVAILABLE]             = {NUMBER_8,      0, IN_CONNACK},
};
/* clang-format on */

/* Reads the value in the form that the row of its id gives. */
static void read_value(wax_reader *in, unsigned form, wax_property *property)
{
    if (form == NUMBER_VARINT) {
        property->number = wax_read_varint(in);
    } else if (form <= NUMBER_32) {
        property->number = wax_read_number(in, form);
    } else {
        if (form == PAIR) {
            property->name = wax_read_text(in); /* [MQTT-1.5.7-1] */
        }
        property->value = form == DATA ? wax_read_blob(in) : wax_read_text(in);
    }
}

bool wax_property_next(wax_reader *in, wax_property *property)
{
    uint32_t id;

    if (wax_reader_left(in) == 0) {
        return false;
    }
    id = wax_read_varint(in);
    if (id >= WAX_COUNT(rows)) {
        id = 0;
    }
    *property = (wax_property){.id = (wax_property_id)id};
    wax_require(in, rows[id].form != NONE, WAX_MALFORMED);
    read_value(in, rows[id].form, property);
    return in->status == WAX_OK;
}

/* What the table says of a property behind those that were seen, among which it may be if it is a
 * User Property or one of a message's Subscription Identifiers. Never inlined: with the loop around
 * it, it wants more registers than small processors have. [MQTT 5.0, 2.2.2.2] */
__attribute__((noinline)) static wax_status judge(const wax_property *property,
                                                  wax_packet_type place, bool *is_seen)
{
    struct row row = rows[property->id];

    if ((places[row.place] >> place & 1U) == 0) {
        return WAX_MALFORMED;
    }
    if (is_seen[property->id] && row.form != PAIR &&
        (row.form != NUMBER_VARINT || place != WAX_PUBLISH)) {
        return WAX_PROTOCOL_ERROR;
    }
    is_seen[property->id] = true;
    if (property->number < row.least || (row.form == NUMBER_8 && property->number > 1)) {
        return property->id == WAX_TOPIC_ALIAS ? WAX_BAD_ALIAS : WAX_PROTOCOL_ERROR;
    }
    if (property->id == WAX_RESPONSE_TOPIC &&
        (property->value.size == 0 || wax_topic_has_wildcard(property->value))) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.3.2-14] */
    }
    return WAX_OK;
}

/* A size that a small processor would cut is more than there can be. */
static size_t whole(uint32_t size)
{
    return (size_t)size == size ? (size_t)size : SIZE_MAX;
}

wax_bytes wax_read_properties(wax_reader *in, wax_packet_type place)
{
    wax_bytes properties = wax_read_bytes(in, whole(wax_read_varint(in)));
    wax_reader inside = wax_reader_over(properties);
    bool is_seen[WAX_COUNT(rows)] = {false};
    wax_property property;

    while (wax_property_next(&inside, &property)) {
        inside.status = judge(&property, place, is_seen);
    }
    wax_require(in, inside.status == WAX_OK, inside.status);
    return in->status == WAX_OK ? properties : (wax_bytes){NULL, 0};
}

/* As wax_property_find(), but `property` is not to be used without one. */
static bool seek(wax_bytes properties, wax_property_id id, wax_property *property)
{
    wax_reader in = wax_reader_over(properties);

    while (WAX_MQTT5 && wax_property_next(&in, property)) {
        if (property->id == id) {
            return true;
        }
    }
    return false;
}

bool wax_property_find(wax_bytes properties, wax_property_id id, wax_property *property)
{
    wax_property found;

    if (!seek(properties, id, &found)) {
        return false;
    }
    *property = found;
    return true;
}

uint32_t wax_property_number(wax_bytes properties, wax_property_id id, uint32_t otherwise)
{
    wax_property property;

    return seek(properties, id, &property) ? property.number : otherwise;
}

wax_bytes wax_property_value(wax_bytes properties, wax_property_id id)
{
    wax_property property;

    return seek(properties, id, &property) ? property.value : (wax_bytes){NULL, 0};
}

void wax_property_write(wax_writer *out, const wax_property *property)
{
    wax_assert(property->id < WAX_COUNT(rows) && rows[property->id].form != NONE);
    wax_write_u8(out, (uint8_t)property->id);
    switch (rows[property->id].form) {
    case NUMBER_8:
        wax_write_u8(out, (uint8_t)property->number);
        break;
    case NUMBER_16:
        wax_write_u16(out, (uint16_t)property->number);
        break;
    case NUMBER_32:
        wax_write_u32(out, property->number);
        break;
    case NUMBER_VARINT:
        wax_write_varint(out, property->number);
        break;
    case PAIR:
        wax_write_blob(out, property->name);
        wax_write_blob(out, property->value);
        break;
    default:
        wax_write_blob(out, property->value);
        break;
    }
}

void wax_property_write_number(wax_writer *out, wax_property_id id, uint32_t number)
{
    wax_property_write(out, &(wax_property){.id = id, .number = number});
}

void wax_property_write_value(wax_writer *out, wax_property_id id, wax_bytes value)
{
    wax_property_write(out, &(wax_property){.id = id, .value = value});
}

void wax_write_properties(wax_writer *out, wax_bytes properties)
{
    wax_write_varint(out, (uint32_t)properties.size);
    wax_write_bytes(out, properties);
}

size_t wax_properties_size(wax_bytes properties, wax_version version)
{
    if (!WAX_IS_MQTT5(version)) {
        return 0;
    }
    return wax_varint_size((uint32_t)properties.size) + properties.size;
}
