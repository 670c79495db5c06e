/* MQTT 5's properties: one table says where each may stand and what it may be. */
#include "wire/wire.h"

/* A number of 8 bits is 0 or 1, every other is free within its size. */
enum form { NUMBER_8, NUMBER_16, NUMBER_32, NUMBER_VARINT, TEXT, DATA, PAIR };

enum rule {
    ANY,
    NOT_ZERO, /* a number */
    REPEATS,  /* it may stand more than once; a number is not zero either */
};

struct row {
    uint8_t id;
    uint8_t form : 4; /* enum form */
    uint8_t rule : 4; /* enum rule */
    uint16_t places;  /* a bit per packet type, bit 0 for a Will */
};

/* clang-format off */
#define AT(type) (1U << (WAX_##type))
#define ANYWHERE (AT(CONNECT) | AT(CONNACK) | AT(PUBLISH) | AT(WILL) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | \
                  AT(PUBCOMP) | AT(SUBSCRIBE) | AT(SUBACK) | AT(UNSUBSCRIBE) | AT(UNSUBACK) | AT(DISCONNECT) | AT(AUTH))
#define EXPLAINED (AT(CONNACK) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | AT(PUBCOMP) | AT(SUBACK) | \
                   AT(UNSUBACK) | AT(DISCONNECT) | AT(AUTH))

/* [MQTT 5.0, 2.2.2.2, table 2-4], sorted by id */
static const struct row rows[] = {
    /* id                               form           rule      places */
    {WAX_PAYLOAD_FORMAT,                NUMBER_8,      ANY,      AT(PUBLISH) | AT(WILL)},
    {WAX_MESSAGE_EXPIRY,                NUMBER_32,     ANY,      AT(PUBLISH) | AT(WILL)},
    {WAX_CONTENT_TYPE,                  TEXT,          ANY,      AT(PUBLISH) | AT(WILL)},
    {WAX_RESPONSE_TOPIC,                TEXT,          ANY,      AT(PUBLISH) | AT(WILL)},
    {WAX_CORRELATION_DATA,              DATA,          ANY,      AT(PUBLISH) | AT(WILL)},
    {WAX_SUBSCRIPTION_ID,               NUMBER_VARINT, REPEATS,  AT(PUBLISH) | AT(SUBSCRIBE)},
    {WAX_SESSION_EXPIRY,                NUMBER_32,     ANY,      AT(CONNECT) | AT(CONNACK) | AT(DISCONNECT)},
    {WAX_ASSIGNED_CLIENT_ID,            TEXT,          ANY,      AT(CONNACK)},
    {WAX_SERVER_KEEP_ALIVE,             NUMBER_16,     ANY,      AT(CONNACK)},
    {WAX_AUTHENTICATION_METHOD,         TEXT,          ANY,      AT(CONNECT) | AT(CONNACK) | AT(AUTH)},
    {WAX_AUTHENTICATION_DATA,           DATA,          ANY,      AT(CONNECT) | AT(CONNACK) | AT(AUTH)},
    {WAX_REQUEST_PROBLEM_INFORMATION,   NUMBER_8,      ANY,      AT(CONNECT)},
    {WAX_WILL_DELAY,                    NUMBER_32,     ANY,      AT(WILL)},
    {WAX_REQUEST_RESPONSE_INFORMATION,  NUMBER_8,      ANY,      AT(CONNECT)},
    {WAX_RESPONSE_INFORMATION,          TEXT,          ANY,      AT(CONNACK)},
    {WAX_SERVER_REFERENCE,              TEXT,          ANY,      AT(CONNACK) | AT(DISCONNECT)},
    {WAX_REASON_STRING,                 TEXT,          ANY,      EXPLAINED},
    {WAX_RECEIVE_MAXIMUM,               NUMBER_16,     NOT_ZERO, AT(CONNECT) | AT(CONNACK)},
    {WAX_TOPIC_ALIAS_MAXIMUM,           NUMBER_16,     ANY,      AT(CONNECT) | AT(CONNACK)},
    {WAX_TOPIC_ALIAS,                   NUMBER_16,     NOT_ZERO, AT(PUBLISH)},
    {WAX_MAXIMUM_QOS,                   NUMBER_8,      ANY,      AT(CONNACK)},
    {WAX_RETAIN_AVAILABLE,              NUMBER_8,      ANY,      AT(CONNACK)},
    {WAX_USER_PROPERTY,                 PAIR,          REPEATS,  ANYWHERE},
    {WAX_MAXIMUM_PACKET_SIZE,           NUMBER_32,     NOT_ZERO, AT(CONNECT) | AT(CONNACK)},
    {WAX_WILDCARD_AVAILABLE,            NUMBER_8,      ANY,      AT(CONNACK)},
    {WAX_SUBSCRIPTION_ID_AVAILABLE,     NUMBER_8,      ANY,      AT(CONNACK)},
    {WAX_SHARED_AVAILABLE,              NUMBER_8,      ANY,      AT(CONNACK)},
};
/* clang-format on */

_Static_assert(WAX_COUNT(rows) <= 32, "a bit per row tells which were seen");

static const struct row *find_row(uint32_t id)
{
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].id == id) {
            return &rows[i];
        }
    }
    return NULL;
}

static uint32_t read_number(wax_reader *in, uint8_t form)
{
    switch (form) {
    case NUMBER_8:
        return wax_read_u8(in);
    case NUMBER_16:
        return wax_read_u16(in);
    case NUMBER_32:
        return wax_read_u32(in);
    default:
        return wax_read_varint(in);
    }
}

/* Reads the value in the form that its row gives. */
static void read_value(wax_reader *in, const struct row *row, wax_property *property)
{
    *property = (wax_property){.id = (wax_property_id)row->id};
    if (row->form <= NUMBER_VARINT) {
        property->number = read_number(in, row->form);
        return;
    }
    if (row->form == PAIR) {
        property->name = wax_read_text(in); /* [MQTT-1.5.7-1] */
    }
    property->value = row->form == DATA ? wax_read_blob(in) : wax_read_text(in);
}

/* What the table cannot say in a range. */
static wax_status judge_value(const struct row *row, const wax_property *property)
{
    if (row->form <= NUMBER_VARINT) {
        bool is_in_range = row->form == NUMBER_8 ? property->number <= 1
                                                 : property->number > 0 || row->rule == ANY;
        if (is_in_range) {
            return WAX_OK;
        }
        return row->id == WAX_TOPIC_ALIAS ? WAX_BAD_ALIAS : WAX_PROTOCOL_ERROR;
    }
    if (row->id == WAX_RESPONSE_TOPIC &&
        (property->value.size == 0 || wax_topic_has_wildcard(property->value))) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.3.2-14] */
    }
    return WAX_OK;
}

/* Whether it may stand in this place, behind what was `seen` there. [MQTT 5.0, 2.2.2.2] */
static wax_status judge(const struct row *row, const wax_property *property, wax_packet_type place,
                        bool is_seen)
{
    bool repeats = row->rule == REPEATS && place != WAX_SUBSCRIBE;

    if ((row->places >> place & 1U) == 0) {
        return WAX_MALFORMED;
    }
    if (is_seen && !repeats && row->id != WAX_USER_PROPERTY) {
        return WAX_PROTOCOL_ERROR;
    }
    return judge_value(row, property);
}

static void check_next(wax_reader *in, wax_packet_type place, uint32_t *seen)
{
    const struct row *row = find_row(wax_read_varint(in));
    wax_property property;
    wax_status status = WAX_MALFORMED;
    uint32_t mark;

    if (row != NULL) {
        mark = UINT32_C(1) << (row - rows);
        read_value(in, row, &property);
        status = judge(row, &property, place, (*seen & mark) != 0);
        *seen |= mark;
    }
    wax_require(in, status == WAX_OK, status);
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
    uint32_t seen = 0;

    while (wax_reader_left(&inside) > 0) {
        check_next(&inside, place, &seen);
    }
    wax_require(in, inside.status == WAX_OK, inside.status);
    return in->status == WAX_OK ? properties : (wax_bytes){NULL, 0};
}

bool wax_property_next(wax_reader *in, wax_property *property)
{
    const struct row *row;

    if (wax_reader_left(in) == 0) {
        return false;
    }
    row = find_row(wax_read_varint(in));
    if (row == NULL) {
        return false;
    }
    read_value(in, row, property);
    return in->status == WAX_OK;
}

bool wax_property_find(wax_bytes properties, wax_property_id id, wax_property *property)
{
    wax_reader in = wax_reader_over(properties);
    wax_property next;

    while (WAX_MQTT5 && wax_property_next(&in, &next)) {
        if (next.id == id) {
            *property = next;
            return true;
        }
    }
    return false;
}

uint32_t wax_property_number(wax_bytes properties, wax_property_id id, uint32_t otherwise)
{
    wax_property property = {.number = otherwise};

    (void)wax_property_find(properties, id, &property);
    return property.number;
}

wax_bytes wax_property_value(wax_bytes properties, wax_property_id id)
{
    wax_property property = {
        .value = {NULL, 0}
    };

    (void)wax_property_find(properties, id, &property);
    return property.value;
}

void wax_property_write(wax_writer *out, const wax_property *property)
{
    const struct row *row = find_row((uint32_t)property->id);

    wax_assert(row != NULL);
    wax_write_varint(out, row->id);
    switch (row->form) {
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
