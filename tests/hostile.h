/* What a hostile server says to a client, and what the client must make of it: packets with the
 * verdict that MQTT demands, and families of packets made from sane ones, which the decoder judges.
 * Rooms are allocated each for itself and at its exact size, so that the sanitizers see a step
 * beyond. */
#ifndef WAX_TESTS_HOSTILE_H
#define WAX_TESTS_HOSTILE_H

#include "check.h"

#include "wire/wire.h"

#include <stdlib.h>

/* Where the conversation stands when the server turns hostile. */
enum hostile_state {
    HOSTILE_CONNECTING, /* no CONNACK yet */
    HOSTILE_OPEN,
    HOSTILE_SENT_1,   /* a message at QoS 1 waits for PUBACK */
    HOSTILE_SENT_2,   /* one at QoS 2 waits for PUBREC */
    HOSTILE_RELEASED, /* and for PUBCOMP */
    HOSTILE_ASKED,    /* SUBSCRIBE waits for SUBACK */
    HOSTILE_HEARD_2,  /* a message came at QoS 2, with id 7, and PUBREL is to come */
    HOSTILE_STATES,
};

enum { HOSTILE_PACKET_MAX = 600, HOSTILE_SENT_MAX = 256 };

/* What the client did. */
struct hostile_outcome {
    wax_status status; /* WAX_MORE: the connection goes on */
    size_t messages;   /* that were told */
    size_t delivered;  /* that were told to be, and subscriptions */
    wax_bytes sent;
};

/* A client under test. */
struct hostile_subject {
    const char *name;
    uint32_t packet_max; /* the largest it takes */
    void (*begin)(wax_version version, enum hostile_state state);
    struct hostile_outcome (*hear)(wax_bytes bytes);
    void (*recover)(void); /* connects anew; a message goes out, and one comes in */
    void (*end)(void);
};

enum { V3 = 1, V5 = 2, BOTH = 3 };

struct hostile_row {
    const char *name;
    unsigned versions;
    const char *bytes;
    size_t size;
    wax_status early; /* before CONNACK */
    wax_status late;  /* WAX_MORE: it is nothing */
};

#define SAYS(literal) literal, sizeof(literal) - 1
#define MALFORMED     WAX_MALFORMED
#define ERROR         WAX_PROTOCOL_ERROR
#define LARGE         WAX_PACKET_TOO_LARGE

/* clang-format off */
static const struct hostile_row hostile_rows[] = {
    {"type 0 [MQTT-2.1.2]",                      BOTH, SAYS("\x00\x00"),                              MALFORMED, MALFORMED},
    {"CONNECT, of clients alone",                BOTH, SAYS("\x10\x0c\0\4MQTT\4\2\0\x3c\0\0"),        ERROR, ERROR},
    {"SUBSCRIBE, of clients alone",              V3,   SAYS("\x82\x06\0\1\0\1t\0"),                   ERROR, ERROR},
    {"SUBSCRIBE, of clients alone",              V5,   SAYS("\x82\x07\0\1\0\0\1t\0"),                 ERROR, ERROR},
    {"UNSUBSCRIBE, of clients alone",            V3,   SAYS("\xa2\x05\0\1\0\1t"),                     ERROR, ERROR},
    {"UNSUBSCRIBE, of clients alone",            V5,   SAYS("\xa2\x06\0\1\0\0\1t"),                   ERROR, ERROR},
    {"PINGREQ, of clients alone",                BOTH, SAYS("\xc0\x00"),                              ERROR, ERROR},
    {"PINGREQ with a body",                      BOTH, SAYS("\xc0\x01\0"),                            MALFORMED, MALFORMED},
    {"DISCONNECT, which 3.1.1 lets no server",   V3,   SAYS("\xe0\x00"),                              ERROR, ERROR},
    {"DISCONNECT, with a session's end",         V5,   SAYS("\xe0\x07\0\5\x11\0\0\0\x09"),            ERROR, ERROR},
    {"DISCONNECT with a reason there is not",    V5,   SAYS("\xe0\x01\xff"),                          MALFORMED, MALFORMED},
    {"AUTH, which 3.1.1 has not",                V3,   SAYS("\xf0\x00"),                              MALFORMED, MALFORMED},
    {"AUTH without a method in CONNECT",         V5,   SAYS("\xf0\x00"),                              ERROR, ERROR},
    {"AUTH with a method, unasked",              V5,   SAYS("\xf0\x06\x18\4\x15\0\1m"),               ERROR, ERROR},
    {"PINGRESP, unasked",                        BOTH, SAYS("\xd0\x00"),                              ERROR, WAX_MORE},
    {"PINGRESP with a body",                     BOTH, SAYS("\xd0\x01\0"),                            MALFORMED, MALFORMED},
    {"CONNACK with flags in its head",           V3,   SAYS("\x21\x02\0\0"),                          MALFORMED, MALFORMED},
    {"PUBACK with flags in its head",            BOTH, SAYS("\x42\x02\0\1"),                          MALFORMED, MALFORMED},
    {"PUBREC with flags in its head",            BOTH, SAYS("\x51\x02\0\1"),                          MALFORMED, MALFORMED},
    {"PUBREL without its flag [MQTT-3.6.1-1]",   BOTH, SAYS("\x60\x02\0\1"),                          MALFORMED, MALFORMED},
    {"PUBCOMP with flags in its head",           BOTH, SAYS("\x78\x02\0\1"),                          MALFORMED, MALFORMED},
    {"SUBACK with flags in its head",            BOTH, SAYS("\x92\x04\0\1\0\0"),                      MALFORMED, MALFORMED},
    {"UNSUBACK with flags in its head",          BOTH, SAYS("\xb2\x04\0\1\0\0"),                      MALFORMED, MALFORMED},
    {"PINGRESP with flags in its head",          BOTH, SAYS("\xd4\x00"),                              MALFORMED, MALFORMED},
    {"a length of five bytes [MQTT-1.5.5-1]",    BOTH, SAYS("\x30\x80\x80\x80\x80"),                  MALFORMED, MALFORMED},
    {"a length that is padded [MQTT-1.5.5-1]",   BOTH, SAYS("\x40\x82\x00\0\1"),                      MALFORMED, MALFORMED},
    {"PUBLISH as large as can be",               BOTH, SAYS("\x30\xff\xff\xff\x7f\0\1t"),             LARGE, LARGE},
    {"PUBACK as large as can be",                BOTH, SAYS("\x40\xff\xff\xff\x7f\0\1"),              LARGE, LARGE},
    {"CONNACK as large as can be",               BOTH, SAYS("\x20\xff\xff\xff\x7f\0\0"),              LARGE, LARGE},
    {"CONNACK with a reserved flag",             V3,   SAYS("\x20\x02\2\0"),                          MALFORMED, ERROR},
    {"CONNACK with a reserved flag",             V5,   SAYS("\x20\x03\2\0\0"),                        MALFORMED, ERROR},
    {"CONNACK with a code that there is not",    V3,   SAYS("\x20\x02\0\6"),                          MALFORMED, ERROR},
    {"CONNACK with a code that there is not",    V5,   SAYS("\x20\x03\0\5\0"),                        MALFORMED, ERROR},
    {"CONNACK, refused, with a session",         V3,   SAYS("\x20\x02\1\5"),                          ERROR, ERROR},
    {"CONNACK, refused, with a session",         V5,   SAYS("\x20\x03\1\x87\0"),                      ERROR, ERROR},
    {"CONNACK with a Receive Maximum of 0",      V5,   SAYS("\x20\x06\0\0\3\x21\0\0"),                ERROR, ERROR},
    {"CONNACK with a property twice",            V5,   SAYS("\x20\x09\0\0\6\x21\0\1\x21\0\1"),        ERROR, ERROR},
    {"CONNACK with a property of PUBLISH",       V5,   SAYS("\x20\x06\0\0\3\x23\0\1"),                MALFORMED, ERROR},
    {"PUBACK of id 0",                           BOTH, SAYS("\x40\x02\0\0"),                          ERROR, ERROR},
    {"PUBREC of id 0",                           BOTH, SAYS("\x50\x02\0\0"),                          ERROR, ERROR},
    {"PUBREL of id 0",                           BOTH, SAYS("\x62\x02\0\0"),                          ERROR, ERROR},
    {"PUBCOMP of id 0",                          BOTH, SAYS("\x70\x02\0\0"),                          ERROR, ERROR},
    {"PUBACK that nobody waits for",             BOTH, SAYS("\x40\x02\0\x09"),                        ERROR, WAX_MORE},
    {"PUBREC that nobody waits for",             BOTH, SAYS("\x50\x02\0\x09"),                        ERROR, WAX_MORE},
    {"PUBREL that nobody waits for",             BOTH, SAYS("\x62\x02\0\x09"),                        ERROR, WAX_MORE},
    {"PUBCOMP that nobody waits for",            BOTH, SAYS("\x70\x02\0\x09"),                        ERROR, WAX_MORE},
    {"SUBACK that nobody waits for",             V3,   SAYS("\x90\x03\0\x09\0"),                      ERROR, WAX_MORE},
    {"SUBACK that nobody waits for",             V5,   SAYS("\x90\x04\0\x09\0\0"),                    ERROR, WAX_MORE},
    {"UNSUBACK that nobody waits for",           V3,   SAYS("\xb0\x02\0\x09"),                        ERROR, WAX_MORE},
    {"UNSUBACK that nobody waits for",           V5,   SAYS("\xb0\x04\0\x09\0\0"),                    ERROR, WAX_MORE},
    {"UNSUBACK for SUBSCRIBE or PUBLISH",        V3,   SAYS("\xb0\x02\0\1"),                          ERROR, WAX_MORE},
    {"UNSUBACK for SUBSCRIBE or PUBLISH",        V5,   SAYS("\xb0\x04\0\1\0\0"),                      ERROR, WAX_MORE},
    {"SUBACK without reasons",                   V3,   SAYS("\x90\x02\0\1"),                          ERROR, MALFORMED},
    {"SUBACK without reasons",                   V5,   SAYS("\x90\x03\0\1\0"),                        ERROR, MALFORMED},
    {"PUBACK with a reason of PUBREL",           V5,   SAYS("\x40\x03\0\1\x92"),                      ERROR, MALFORMED},
    {"PUBACK with a reason, which 3.1.1 has not", V3,  SAYS("\x40\x03\0\1\0"),                        ERROR, MALFORMED},
    {"PUBLISH at QoS 3 [MQTT-3.3.1-4]",          BOTH, SAYS("\x36\x07\0\1t\0\1\0x"),                  ERROR, MALFORMED},
    {"PUBLISH again at QoS 0 [MQTT-3.3.1-2]",    BOTH, SAYS("\x38\x05\0\1t\0x"),                      ERROR, MALFORMED},
    {"PUBLISH with id 0 [MQTT-2.2.1-3]",         BOTH, SAYS("\x32\x07\0\1t\0\0\0x"),                  ERROR, ERROR},
    {"PUBLISH with an empty topic",              BOTH, SAYS("\x30\x04\0\0\0x"),                       ERROR, ERROR},
    {"PUBLISH with + [MQTT-3.3.2-2]",            BOTH, SAYS("\x30\x05\0\1+\0x"),                      ERROR, WAX_BAD_TOPIC},
    {"PUBLISH with # [MQTT-3.3.2-2]",            BOTH, SAYS("\x30\x05\0\1#\0x"),                      ERROR, WAX_BAD_TOPIC},
    {"PUBLISH with a topic that is no UTF-8",    BOTH, SAYS("\x30\x05\0\1\xff\0x"),                   ERROR, MALFORMED},
    {"PUBLISH with U+0000 [MQTT-1.5.4-2]",       BOTH, SAYS("\x30\x05\0\1\0\0x"),                     ERROR, MALFORMED},
    {"PUBLISH with a topic beyond its end",      BOTH, SAYS("\x30\x04\xff\xfft\0"),                   ERROR, MALFORMED},
    {"PUBLISH with properties beyond its end",   V5,   SAYS("\x30\x05\0\1t\x7fx"),                    ERROR, MALFORMED},
    {"PUBLISH with an alias, unasked",           V5,   SAYS("\x30\x08\0\1t\3\x23\0\1x"),              ERROR, WAX_BAD_ALIAS},
    {"PUBLISH with an alias alone, unasked",     V5,   SAYS("\x30\x07\0\0\3\x23\0\1x"),               ERROR, WAX_BAD_ALIAS},
    {"PUBLISH with an alias of 0",               V5,   SAYS("\x30\x08\0\1t\3\x23\0\0x"),              ERROR, WAX_BAD_ALIAS},
    {"PUBLISH with a subscription of 0",         V5,   SAYS("\x30\x07\0\1t\2\x0b\0x"),                ERROR, ERROR},
    {"more at QoS 2 than was allowed",           BOTH, SAYS("\x34\x06\0\1t\0\x0a\0\x34\x06\0\1t\0\x0b\0\x34\x06\0\1t\0\x0c\0"),
                                                                                                      ERROR, WAX_OK},
};

/* Packets that a server sends, from which worse ones are made. */
static const struct hostile_row hostile_seeds[] = {
    {"CONNACK",           V3,   SAYS("\x20\x02\0\0"),                         0, 0},
    {"CONNACK",           V5,   SAYS("\x20\x0b\0\0\x08\x21\0\1\x27\0\0\1\0"), 0, 0},
    {"PUBLISH at QoS 0",  BOTH, SAYS("\x30\x06\0\2t/\0x"),                    0, 0},
    {"PUBLISH at QoS 1",  BOTH, SAYS("\x32\x08\0\2t/\0\5\0x"),                0, 0},
    {"PUBLISH at QoS 2",  BOTH, SAYS("\x34\x08\0\2t/\0\6\0x"),                0, 0},
    {"PUBLISH, wordy",    V5,   SAYS("\x31\x10\0\1t\x0b\1\1\x26\0\1k\0\1v\x0b\1x"), 0, 0},
    {"PUBACK",            BOTH, SAYS("\x40\x02\0\1"),                         0, 0},
    {"PUBACK, wordy",     V5,   SAYS("\x40\x08\0\1\x80\4\x1f\0\1x"),          0, 0},
    {"PUBREC",            BOTH, SAYS("\x50\x02\0\1"),                         0, 0},
    {"PUBREC, refused",   V5,   SAYS("\x50\x03\0\1\x97"),                     0, 0},
    {"PUBREL",            BOTH, SAYS("\x62\x02\0\7"),                         0, 0},
    {"PUBCOMP",           BOTH, SAYS("\x70\x02\0\1"),                         0, 0},
    {"SUBACK",            V3,   SAYS("\x90\x03\0\1\1"),                       0, 0},
    {"SUBACK",            V5,   SAYS("\x90\x08\0\1\4\x1f\0\1x\1"),            0, 0},
    {"UNSUBACK",          V3,   SAYS("\xb0\x02\0\1"),                         0, 0},
    {"UNSUBACK",          V5,   SAYS("\xb0\x04\0\1\0\0"),                     0, 0},
    {"PINGRESP",          BOTH, SAYS("\xd0\x00"),                             0, 0},
    {"DISCONNECT",        V5,   SAYS("\xe0\x06\x8b\4\x1f\0\1x"),              0, 0},
    {"AUTH",              V5,   SAYS("\xf0\x06\x18\4\x15\0\1m"),              0, 0},
};
/* clang-format on */

#undef ERROR
#undef LARGE
#undef MALFORMED

static const wax_version hostile_versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};

/* What the decoder says of a body that may come from a server. */
static inline wax_status hostile_body(const wax_packet *packet)
{
    wax_connack connack;
    wax_publish publish;
    wax_suback suback;
    wax_notice notice;

    switch ((int)packet->type) {
    case WAX_CONNACK:
        return wax_connack_read(&connack, packet);
    case WAX_PUBLISH:
        return wax_publish_read(&publish, packet);
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        return wax_suback_read(&suback, packet);
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
    case WAX_DISCONNECT:
        return wax_notice_read(&notice, packet);
    case WAX_PINGRESP:
        return WAX_OK;
    default:
        return WAX_PROTOCOL_ERROR;
    }
}

/* What the first packet of these bytes must come to: WAX_OK when it may be taken, WAX_MORE when it
 * is not whole. */
static inline wax_status hostile_judge(wax_bytes bytes, wax_version version,
                                       enum hostile_state state, uint32_t packet_max)
{
    wax_reader in = wax_reader_over(bytes);
    wax_packet packet;
    wax_status status = wax_packet_read(&packet, &in, version, packet_max);
    bool is_notice = version == WAX_VERSION_5 && packet.type == WAX_DISCONNECT;

    if (status != WAX_OK) {
        return status;
    }
    if (!is_notice && (packet.type == WAX_CONNACK) != (state == HOSTILE_CONNECTING)) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.2.0-1] [MQTT-3.2.0-2] */
    }
    if (packet.type == WAX_DISCONNECT && !is_notice) {
        return WAX_PROTOCOL_ERROR;
    }
    return hostile_body(&packet);
}

/* The server is told why, once, at the very end, if it may be. [MQTT-4.13.1-1] */
static inline bool hostile_is_told(const struct hostile_outcome *outcome, wax_version version,
                                   enum hostile_state state)
{
    wax_bytes sent = outcome->sent;

    if (version != WAX_VERSION_5 || state == HOSTILE_CONNECTING) {
        return sent.size < 1 || sent.data[0] != 0xe0;
    }
    return sent.size >= 3 && sent.data[sent.size - 3] == 0xe0 && sent.data[sent.size - 2] == 1 &&
           sent.data[sent.size - 1] == (uint8_t)outcome->status;
}

static inline void hostile_row_holds(const struct hostile_subject *subject,
                                     const struct hostile_row *row, wax_version version,
                                     enum hostile_state state)
{
    const wax_status wanted = state == HOSTILE_CONNECTING ? row->early : row->late;
    struct hostile_outcome outcome;

    subject->begin(version, state);
    outcome = subject->hear(wax_bytes_of((const uint8_t *)row->bytes, row->size));
    if (wanted != WAX_OK && outcome.status != wanted) {
        fail_msg("%s, MQTT %d, state %d: %s: 0x%02x instead of 0x%02x", subject->name, version,
                 state, row->name, outcome.status, wanted);
    }
    check_row(row->name, outcome.delivered == 0);
    check_row(row->name, wanted == WAX_OK || outcome.messages == 0);
    check_row(row->name, outcome.messages <= 2);
    check_row(row->name, outcome.status < 0x80 || hostile_is_told(&outcome, version, state));
    subject->recover();
    subject->end();
}

/* Calls a check for each row, version and state. */
typedef void hostile_check(const struct hostile_subject *subject, const struct hostile_row *row,
                           wax_version version, enum hostile_state state);

static inline void hostile_each(const struct hostile_subject *subject,
                                const struct hostile_row *rows, size_t count, hostile_check *check)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t v = 0; v < WAX_COUNT(hostile_versions); v++) {
            if ((rows[i].versions >> v & 1U) == 0) {
                continue;
            }
            for (unsigned state = 0; state < HOSTILE_STATES; state++) {
                check(subject, &rows[i], hostile_versions[v], (enum hostile_state)state);
            }
        }
    }
}

/* Whatever was made of a packet: what the decoder refuses ends the connection with the decoder's
 * reason, what is not whole is waited for, and nothing of either is told. */
static inline void hostile_made(const struct hostile_subject *subject, wax_bytes bytes,
                                wax_version version, enum hostile_state state)
{
    const wax_status wanted = hostile_judge(bytes, version, state, subject->packet_max);
    struct hostile_outcome outcome;

    subject->begin(version, state);
    outcome = subject->hear(bytes);
    if (wanted != WAX_OK && outcome.status != wanted) {
        fail_msg("%s, MQTT %d, state %d: packet 0x%02x of %zu bytes: 0x%02x instead of 0x%02x",
                 subject->name, version, state, bytes.data[0], bytes.size, outcome.status, wanted);
    }
    if (wanted != WAX_OK) {
        assert_int_equal(outcome.messages, 0);
        assert_int_equal(outcome.delivered, 0);
        assert_true(outcome.status < 0x80 || hostile_is_told(&outcome, version, state));
    }
    subject->recover();
    subject->end();
}

/* A body of this size with its Remaining Length. */
static inline wax_bytes hostile_packet(uint8_t room[static HOSTILE_PACKET_MAX], uint8_t first,
                                       wax_bytes body)
{
    wax_writer out = wax_writer_over(room, HOSTILE_PACKET_MAX);

    wax_write_u8(&out, first);
    wax_write_varint(&out, (uint32_t)body.size);
    wax_write_bytes(&out, body);
    assert_int_equal(out.status, WAX_OK);
    return wax_writer_bytes(&out);
}

/* Every body that ends too early or too late, and every packet that does not come whole. */
static inline void hostile_cuts(const struct hostile_subject *subject,
                                const struct hostile_row *row, wax_version version,
                                enum hostile_state state)
{
    uint8_t room[HOSTILE_PACKET_MAX];
    uint8_t body[64] = {0};

    memcpy(body, row->bytes + 2, row->size - 2);
    for (size_t size = 0; size <= row->size; size++) { /* up to two bytes too many */
        wax_bytes made = hostile_packet(room, (uint8_t)row->bytes[0], wax_bytes_of(body, size));
        hostile_made(subject, made, version, state);
    }
    for (size_t size = 1; size < row->size; size++) {
        hostile_made(subject, wax_bytes_of((const uint8_t *)row->bytes, size), version, state);
    }
}

/* Every byte with every bit turned, and as its extremes. */
static inline void hostile_bytes(const struct hostile_subject *subject,
                                 const struct hostile_row *row, wax_version version,
                                 enum hostile_state state)
{
    static const uint8_t extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint8_t bytes[64];

    for (size_t at = 0; at < row->size; at++) {
        memcpy(bytes, row->bytes, row->size);
        for (unsigned i = 0; i < 8 + WAX_COUNT(extremes); i++) {
            const unsigned turned = (uint8_t)row->bytes[at] ^ 1U << i % 8;
            bytes[at] = i < 8 ? (uint8_t)turned : extremes[i - 8];
            hostile_made(subject, wax_bytes_of(bytes, row->size), version, state);
        }
    }
}

/* A Remaining Length that says anything, up to the largest there is. */
static inline void hostile_lengths(const struct hostile_subject *subject,
                                   const struct hostile_row *row, wax_version version,
                                   enum hostile_state state)
{
    const uint32_t room = subject->packet_max;
    const uint32_t sizes[] = {0,        1,    2,     127,   128,     room - 3, room - 2,
                              room - 1, room, 16383, 16384, 2097151, 2097152,  WAX_VARINT_MAX};
    uint8_t bytes[64];

    for (size_t i = 0; i < WAX_COUNT(sizes); i++) {
        wax_writer out = wax_writer_over(bytes, sizeof bytes);
        wax_write_u8(&out, (uint8_t)row->bytes[0]);
        wax_write_varint(&out, sizes[i]);
        wax_write_bytes(&out, wax_bytes_of((const uint8_t *)row->bytes + 2, row->size - 2));
        hostile_made(subject, wax_writer_bytes(&out), version, state);
    }
}

#endif
