/* Packets to bytes and back: a table says which fields each type has. */
#include "sn/sn.h"

/* What ends a packet. */
#define REST '*'

struct field {
    char letter;
    uint8_t size;
    uint8_t place; /* in wax_sn_packet */
};

struct row {
    uint8_t type;
    char fields[5]; /* in the order of the wire; behind '?' all of them may be missing */
};

#define AT(field) offsetof(wax_sn_packet, field)

/* clang-format off */
static const struct field fields[] = {
    {'F', 1, AT(flags)},      /* [5.3.4] */
    {'P', 1, AT(protocol)},   /* [5.3.8] */
    {'R', 1, AT(code)},       /* [5.3.10] */
    {'G', 1, AT(gateway_id)}, /* [5.3.6] */
    {'A', 1, AT(radius)},     /* [5.3.9] */
    {'D', 2, AT(duration_s)}, /* [5.3.3] */
    {'T', 2, AT(topic_id)},   /* [5.3.11] */
    {'M', 2, AT(message_id)}, /* [5.3.7] */
};

static const struct row rows[] = {
    {WAX_SN_ADVERTISE,     "GD"},     /* [5.4.1] */
    {WAX_SN_SEARCHGW,      "A"},      /* [5.4.2] */
    {WAX_SN_GWINFO,        "G*"},        /* [5.4.3] */
    {WAX_SN_CONNECT,       "FPD*"},       /* [5.4.4] */
    {WAX_SN_CONNACK,       "R"},       /* [5.4.5] */
    {WAX_SN_WILLTOPICREQ,  ""},  /* [5.4.6] */
    {WAX_SN_WILLTOPIC,     "?F*"},     /* [5.4.7] */
    {WAX_SN_WILLMSGREQ,    ""},    /* [5.4.8] */
    {WAX_SN_WILLMSG,       "*"},       /* [5.4.9] */
    {WAX_SN_REGISTER,      "TM*"},      /* [5.4.10] */
    {WAX_SN_REGACK,        "TMR"},        /* [5.4.11] */
    {WAX_SN_PUBLISH,       "FTM*"},       /* [5.4.12] */
    {WAX_SN_PUBACK,        "TMR"},        /* [5.4.13] */
    {WAX_SN_PUBCOMP,       "M"},       /* [5.4.14] */
    {WAX_SN_PUBREC,        "M"},        /* [5.4.14] */
    {WAX_SN_PUBREL,        "M"},        /* [5.4.14] */
    {WAX_SN_SUBSCRIBE,     "FM*"},     /* [5.4.15] */
    {WAX_SN_SUBACK,        "FTMR"},        /* [5.4.16] */
    {WAX_SN_UNSUBSCRIBE,   "FM*"},   /* [5.4.17] */
    {WAX_SN_UNSUBACK,      "M"},      /* [5.4.18] */
    {WAX_SN_PINGREQ,       "*"},       /* [5.4.19] */
    {WAX_SN_PINGRESP,      ""},      /* [5.4.20] */
    {WAX_SN_DISCONNECT,    "?D"},    /* [5.4.21] */
    {WAX_SN_WILLTOPICUPD,  "?F*"},  /* [5.4.22] */
    {WAX_SN_WILLTOPICRESP, "R"}, /* [5.4.24] */
    {WAX_SN_WILLMSGUPD,    "*"},    /* [5.4.23] */
    {WAX_SN_WILLMSGRESP,   "R"},   /* [5.4.25] */
};
/* clang-format on */

static const struct row *row_of(uint8_t type)
{
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].type == type) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct field *field_of(char letter)
{
    size_t i = 0;

    while (fields[i].letter != letter) {
        i++;
    }
    return &fields[i];
}

const char *wax_sn_packet_name(uint8_t type)
{
    /* clang-format off */
    static const struct {
        uint8_t type;
        char name[14];
    } names[] = {
        {WAX_SN_ADVERTISE, "ADVERTISE"},
        {WAX_SN_SEARCHGW, "SEARCHGW"},
        {WAX_SN_GWINFO, "GWINFO"},
        {WAX_SN_CONNECT, "CONNECT"},
        {WAX_SN_CONNACK, "CONNACK"},
        {WAX_SN_WILLTOPICREQ, "WILLTOPICREQ"},
        {WAX_SN_WILLTOPIC, "WILLTOPIC"},
        {WAX_SN_WILLMSGREQ, "WILLMSGREQ"},
        {WAX_SN_WILLMSG, "WILLMSG"},
        {WAX_SN_REGISTER, "REGISTER"},
        {WAX_SN_REGACK, "REGACK"},
        {WAX_SN_PUBLISH, "PUBLISH"},
        {WAX_SN_PUBACK, "PUBACK"},
        {WAX_SN_PUBCOMP, "PUBCOMP"},
        {WAX_SN_PUBREC, "PUBREC"},
        {WAX_SN_PUBREL, "PUBREL"},
        {WAX_SN_SUBSCRIBE, "SUBSCRIBE"},
        {WAX_SN_SUBACK, "SUBACK"},
        {WAX_SN_UNSUBSCRIBE, "UNSUBSCRIBE"},
        {WAX_SN_UNSUBACK, "UNSUBACK"},
        {WAX_SN_PINGREQ, "PINGREQ"},
        {WAX_SN_PINGRESP, "PINGRESP"},
        {WAX_SN_DISCONNECT, "DISCONNECT"},
        {WAX_SN_WILLTOPICUPD, "WILLTOPICUPD"},
        {WAX_SN_WILLTOPICRESP, "WILLTOPICRESP"},
        {WAX_SN_WILLMSGUPD, "WILLMSGUPD"},
        {WAX_SN_WILLMSGRESP, "WILLMSGRESP"},
    };
    /* clang-format on */

    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    return NULL;
}

static void read_field(wax_sn_packet *packet, const struct field *field, wax_reader *in)
{
    uint8_t *place = (uint8_t *)packet + field->place;

    if (field->size == 1) {
        *place = wax_read_u8(in);
    } else {
        *(uint16_t *)(void *)place = wax_read_u16(in);
    }
}

static void read_fields(wax_sn_packet *packet, const char *letters, wax_reader *in)
{
    for (; *letters != '\0'; letters++) {
        if (*letters == REST) {
            packet->data = wax_read_bytes(in, wax_reader_left(in));
        } else if (*letters != '?') {
            read_field(packet, field_of(*letters), in);
        } else if (wax_reader_left(in) == 0) {
            return;
        }
    }
}

/* What the fields must be, beside being there. */
static void judge(wax_sn_packet *packet, wax_reader *in)
{
    uint8_t kind = packet->flags & WAX_SN_TOPIC;
    bool subscribes = packet->type == WAX_SN_SUBSCRIBE || packet->type == WAX_SN_UNSUBSCRIBE;
    bool has_topic = subscribes || packet->type == WAX_SN_PUBLISH;

    if ((packet->type == WAX_SN_WILLTOPIC || packet->type == WAX_SN_WILLTOPICUPD) &&
        packet->data.size == 0) {
        packet->flags = 0; /* without a topic there is no Will */
    }
    wax_require(in, wax_reader_left(in) == 0, WAX_MALFORMED);
    wax_require(in, !has_topic || kind != WAX_SN_TOPIC, WAX_MALFORMED);
    if (subscribes && kind != WAX_SN_TOPIC_NAME) { /* the id stands where the name would */
        wax_require(in, packet->data.size == 2, WAX_MALFORMED);
        if (in->status == WAX_OK) {
            packet->topic_id = (uint16_t)(packet->data.data[0] << 8 | packet->data.data[1]);
        }
    }
}

/* Reads the length. [5.2.1] */
static size_t read_size(wax_reader *in)
{
    size_t size = wax_read_u8(in);

    return size == 1 ? wax_read_u16(in) : size;
}

wax_status wax_sn_packet_read(wax_sn_packet *packet, wax_bytes bytes)
{
    wax_reader in = wax_reader_over(bytes);
    size_t size = read_size(&in);
    const struct row *row;

    *packet = (wax_sn_packet){.type = wax_read_u8(&in)};
    row = row_of(packet->type);
    wax_require(&in, size == bytes.size && row != NULL, WAX_MALFORMED);
    if (in.status == WAX_OK && row != NULL) {
        read_fields(packet, row->fields, &in);
        judge(packet, &in);
    }
    return in.status;
}

wax_status wax_sn_packet_next(wax_bytes *bytes, wax_reader *in)
{
    wax_reader ahead = *in;
    size_t size = read_size(&ahead);

    if (ahead.status != WAX_OK || size > wax_reader_left(in)) {
        return WAX_MORE;
    }
    if (size < 2) {
        return WAX_MALFORMED;
    }
    *bytes = wax_read_bytes(in, size);
    return WAX_OK;
}

/* Whether what stands behind '?' is left out. */
static bool is_bare(const wax_sn_packet *packet)
{
    return packet->duration_s == 0 && packet->data.size == 0;
}

static size_t size_of(const wax_sn_packet *packet, const char *letters)
{
    size_t size = 0;

    for (; *letters != '\0'; letters++) {
        if (*letters == REST) {
            size += packet->data.size;
        } else if (*letters != '?') {
            size += field_of(*letters)->size;
        } else if (is_bare(packet)) {
            break;
        }
    }
    return size;
}

static void write_field(wax_writer *out, const wax_sn_packet *packet, const struct field *field)
{
    const uint8_t *place = (const uint8_t *)packet + field->place;

    if (field->size == 1) {
        wax_write_u8(out, *place);
    } else {
        wax_write_u16(out, *(const uint16_t *)(const void *)place);
    }
}

static void write_fields(wax_writer *out, const wax_sn_packet *packet, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        if (*letters == REST) {
            wax_write_bytes(out, packet->data);
        } else if (*letters != '?') {
            write_field(out, packet, field_of(*letters));
        } else if (is_bare(packet)) {
            return;
        }
    }
}

wax_status wax_sn_packet_write(wax_writer *out, const wax_sn_packet *packet)
{
    const struct row *row = row_of(packet->type);
    size_t start = out->used;
    size_t size;

    wax_assert(row != NULL);
    size = 2 + size_of(packet, row->fields);
    if (size > UINT16_MAX - 2) {
        out->status = WAX_FULL;
    } else if (size <= UINT8_MAX) {
        wax_write_u8(out, (uint8_t)size);
    } else {
        wax_write_u8(out, 1);
        wax_write_u16(out, (uint16_t)(size + 2));
    }
    wax_write_u8(out, packet->type);
    write_fields(out, packet, row->fields);
    return wax_writer_end(out, start);
}
