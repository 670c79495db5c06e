/* wire: MQTT packets to bytes and back. No memory between calls: what is read is views into the
 * bytes it was read from, what is written is copied into the caller's room.
 *
 * Readers return WAX_OK, or from 0x80 on why the packet is refused; the struct is then not to be
 * used. Writers return WAX_OK, or WAX_FULL with nothing written (what lies behind `used` means
 * nothing); writing what the specification forbids is the caller's fault and asserted. MQTT 3.1
 * and 3.1.1 have no properties and fewer reason codes: fields they lack are empty when read, and
 * left out when written. */
#ifndef WAX_WIRE_H
#define WAX_WIRE_H

#include "base/base.h"

WAX_C_BEGIN

/* A program that speaks MQTT 3 alone is built with -DWAX_MQTT5=0: what only MQTT 5 has is then left
 * out of it, and WAX_VERSION_5 is a version that is not known. */
#ifndef WAX_MQTT5
#define WAX_MQTT5 1
#endif

/* Whether packets have properties and reasons of their own. */
#define WAX_IS_MQTT5(version) (WAX_MQTT5 && (version) == WAX_VERSION_5)

typedef enum wax_version {
    WAX_VERSION_NONE = 0, /* no CONNECT was seen yet */
    WAX_VERSION_3_1 = 3,
    WAX_VERSION_3_1_1 = 4,
    WAX_VERSION_5 = 5,
} wax_version;

/* The types of packets, as the first four bits say them. [MQTT 5.0, 2.1.2] */
typedef enum wax_packet_type {
    WAX_NO_PACKET = 0,
    WAX_CONNECT = 1,
    WAX_CONNACK = 2,
    WAX_PUBLISH = 3,
    WAX_PUBACK = 4,
    WAX_PUBREC = 5,
    WAX_PUBREL = 6,
    WAX_PUBCOMP = 7,
    WAX_SUBSCRIBE = 8,
    WAX_SUBACK = 9,
    WAX_UNSUBSCRIBE = 10,
    WAX_UNSUBACK = 11,
    WAX_PINGREQ = 12,
    WAX_PINGRESP = 13,
    WAX_DISCONNECT = 14,
    WAX_AUTH = 15,
} wax_packet_type;

/* Reason codes that are no failures; those from 0x80 on are wax_status. [MQTT 5.0, 2.4] */
enum {
    WAX_REASON_SUCCESS = 0x00,
    WAX_REASON_GRANTED_QOS_1 = 0x01,
    WAX_REASON_GRANTED_QOS_2 = 0x02,
    WAX_REASON_DISCONNECT_WITH_WILL = 0x04,
    WAX_REASON_NO_MATCHING_SUBSCRIBERS = 0x10,
    WAX_REASON_NO_SUBSCRIPTION_EXISTED = 0x11,
    WAX_REASON_CONTINUE_AUTHENTICATION = 0x18,
    WAX_REASON_RE_AUTHENTICATE = 0x19,
};

/* Whether `reason` is one that a packet of this type may carry in MQTT 5. */
bool wax_reason_is_allowed(wax_packet_type type, uint8_t reason);

/* A packet, not yet looked into. */
typedef struct wax_packet {
    wax_packet_type type;
    wax_version version; /* of the connection that it came on */
    uint8_t flags;       /* the low four bits of the first byte */
    uint8_t head_size;   /* the first byte and the Remaining Length */
    uint32_t body_size;  /* the Remaining Length */
    wax_bytes body;      /* what of the body is there */
} wax_packet;

/* The largest packet that the Remaining Length can tell: 5 + 268,435,455 bytes. */
#define WAX_PACKET_SIZE_MAX (5U + WAX_VARINT_MAX)

/* What the standards call packets of this type; "RESERVED" for WAX_NO_PACKET. */
const char *wax_packet_name(wax_packet_type type);

/* Takes one packet off the front of `in`. `version` is WAX_VERSION_NONE before CONNECT.
 * Returns WAX_OK; WAX_MORE when `in` does not hold all of it, and is untouched: `type` is then
 * WAX_NO_PACKET as long as the head is not complete, otherwise `body` views what there is;
 * WAX_PACKET_TOO_LARGE when head and body are more than `size_max`; WAX_MALFORMED for a type or
 * flags that are reserved, and for a PINGREQ or PINGRESP with a body. [MQTT-2.1.3-1] */
wax_status wax_packet_read(wax_packet *packet, wax_reader *in, wax_version version,
                           uint32_t size_max) WAX_CHECKED;

/* Makes a packet of the body that was written from `start` on: the head goes before it. Returns
 * WAX_OK; WAX_FULL when not all of it fits, or the body did not; WAX_TOO_LARGE when no packet can
 * hold the body. Nothing stays written then. */
wax_status wax_packet_enclose(wax_writer *out, size_t start, wax_packet_type type,
                              uint8_t flags) WAX_CHECKED;

/* Writes a packet that is only a head: PINGREQ, PINGRESP. */
wax_status wax_packet_write_empty(wax_writer *out, wax_packet_type type) WAX_CHECKED;

/* Writes the head of a packet whose body of `body_size` bytes the caller writes next. Returns
 * WAX_FULL when not all of the packet fits, WAX_TOO_LARGE when no packet can hold the body: what is
 * then written to `out` does nothing either. */
wax_status wax_packet_write_head(wax_writer *out, wax_packet_type type, uint8_t flags,
                                 size_t body_size) WAX_CHECKED;

/* --- Properties: they stay encoded, without their length; looked up when asked for. --- */

typedef enum wax_property_id {
    WAX_PAYLOAD_FORMAT = 1,
    WAX_MESSAGE_EXPIRY = 2,
    WAX_CONTENT_TYPE = 3,
    WAX_RESPONSE_TOPIC = 8,
    WAX_CORRELATION_DATA = 9,
    WAX_SUBSCRIPTION_ID = 11,
    WAX_SESSION_EXPIRY = 17,
    WAX_ASSIGNED_CLIENT_ID = 18,
    WAX_SERVER_KEEP_ALIVE = 19,
    WAX_AUTHENTICATION_METHOD = 21,
    WAX_AUTHENTICATION_DATA = 22,
    WAX_REQUEST_PROBLEM_INFORMATION = 23,
    WAX_WILL_DELAY = 24,
    WAX_REQUEST_RESPONSE_INFORMATION = 25,
    WAX_RESPONSE_INFORMATION = 26,
    WAX_SERVER_REFERENCE = 28,
    WAX_REASON_STRING = 31,
    WAX_RECEIVE_MAXIMUM = 33,
    WAX_TOPIC_ALIAS_MAXIMUM = 34,
    WAX_TOPIC_ALIAS = 35,
    WAX_MAXIMUM_QOS = 36,
    WAX_RETAIN_AVAILABLE = 37,
    WAX_USER_PROPERTY = 38,
    WAX_MAXIMUM_PACKET_SIZE = 39,
    WAX_WILDCARD_AVAILABLE = 40,
    WAX_SUBSCRIPTION_ID_AVAILABLE = 41,
    WAX_SHARED_AVAILABLE = 42,
} wax_property_id;

/* One property. Numbers are in `number`, texts and binary data in `value`; a User Property's name
 * is in `name`. */
typedef struct wax_property {
    wax_property_id id;
    uint32_t number;
    wax_bytes name;
    wax_bytes value;
} wax_property;

/* Where properties of a Will stand; the other places are the packet types. */
#define WAX_WILL WAX_NO_PACKET

/* Reads a length and that many bytes of properties, and checks each against the table of
 * [MQTT 5.0, 2.2.2.2]: whether it may stand in `place`, once or often, and its value.
 * Failures are WAX_MALFORMED and WAX_PROTOCOL_ERROR; a Topic Alias of 0 is WAX_BAD_ALIAS. */
wax_bytes wax_read_properties(wax_reader *in, wax_packet_type place);

/* Takes the next property. Returns false at the end. The bytes were read by wax_read_properties(),
 * or written by the functions below. */
bool wax_property_next(wax_reader *in, wax_property *property);

/* Looks for the first property of this id. Returns false, and `property` untouched, without one. */
bool wax_property_find(wax_bytes properties, wax_property_id id, wax_property *property);

/* The number of the first property of this id, or `otherwise`. */
uint32_t wax_property_number(wax_bytes properties, wax_property_id id, uint32_t otherwise);

/* Its text or data, or the empty view. */
wax_bytes wax_property_value(wax_bytes properties, wax_property_id id);

/* Writes one property, in the form that the table gives to its id. */
void wax_property_write(wax_writer *out, const wax_property *property);
void wax_property_write_number(wax_writer *out, wax_property_id id, uint32_t number);
void wax_property_write_value(wax_writer *out, wax_property_id id, wax_bytes value);

/* Writes the length of `properties` and then them. */
void wax_write_properties(wax_writer *out, wax_bytes properties);

/* The size of what wax_write_properties() writes; 0 for versions without properties. */
size_t wax_properties_size(wax_bytes properties, wax_version version);

/* --- The packets --- Readers look at a packet's type, version, flags and body, and no further. */

typedef struct wax_will {
    wax_bytes topic;
    wax_bytes payload;
    wax_bytes properties;
    uint8_t qos;
    bool retain;
} wax_will;

typedef struct wax_connect {
    wax_version version;
    bool is_bridge; /* a bridge of Mosquitto's kind: the version's high bit, MQTT 3 only */
    bool clean_start;
    bool has_will;
    bool has_username;
    bool has_password;
    uint16_t keep_alive_s; /* 0: none */
    wax_bytes client_id;
    wax_bytes username;
    wax_bytes password;
    wax_bytes properties;
    wax_will will;
} wax_connect;

/* Returns WAX_UNSUPPORTED_VERSION for a protocol name or version that is none of the three. */
wax_status wax_connect_read(wax_connect *connect, wax_bytes body) WAX_CHECKED;
wax_status wax_connect_write(wax_writer *out, const wax_connect *connect) WAX_CHECKED;

typedef struct wax_connack {
    bool session_present;
    uint8_t reason; /* of MQTT 5, whatever the version */
    wax_bytes properties;
} wax_connack;

/* The reason that a return code of MQTT 3 stands for; WAX_MALFORMED for one that there is not. */
uint8_t wax_connack_reason(uint8_t code);

/* CONNACK; the return codes of MQTT 3 become the reasons they stand for, and back. */
wax_status wax_connack_read(wax_connack *connack, const wax_packet *packet) WAX_CHECKED;
/* Writes it. A reason that MQTT 3 lacks becomes the nearest of its codes. */
wax_status wax_connack_write(wax_writer *out, const wax_connack *connack,
                             wax_version version) WAX_CHECKED;

typedef struct wax_publish {
    wax_bytes topic; /* empty: the Topic Alias among the properties stands for it */
    wax_bytes properties;
    wax_bytes payload;
    uint16_t packet_id; /* 0 at QoS 0 */
    uint8_t qos;
    bool retain;
    bool duplicate;
} wax_publish;

/* How many bytes at the front of a PUBLISH's body stand before the payload; 0 when `body`, which
 * may be cut short, does not tell yet. */
size_t wax_publish_head_size(uint8_t flags, wax_bytes body, wax_version version);

/* `payload` is what of it is in the body. */
wax_status wax_publish_read(wax_publish *publish, const wax_packet *packet) WAX_CHECKED;

/* Writes all but the payload, whose size is `publish->payload.size`: it goes out from where it
 * lies. Returns WAX_FULL when head and payload together do not fit, or WAX_TOO_LARGE when no packet
 * can hold them. */
wax_status wax_publish_write_head(wax_writer *out, const wax_publish *publish,
                                  wax_version version) WAX_CHECKED;

/* As wax_publish_write_head(), but only the head needs to fit: for payloads sent in pieces. */
wax_status wax_publish_write_start(wax_writer *out, const wax_publish *publish,
                                   wax_version version) WAX_CHECKED;

/* Writes all of it. Returns WAX_FULL when that does not fit. */
wax_status wax_publish_write(wax_writer *out, const wax_publish *publish,
                             wax_version version) WAX_CHECKED;

/* The size of the whole packet. */
size_t wax_publish_size(const wax_publish *publish, wax_version version);

/* SUBSCRIBE and UNSUBSCRIBE; `filters` is read and written by the two functions below. */
typedef struct wax_subscribe {
    uint16_t packet_id;
    wax_bytes properties;
    wax_bytes filters; /* encoded; at least one, and every one well-formed */
} wax_subscribe;

/* A filter with what is wanted of it; UNSUBSCRIBE has the filter alone. */
typedef struct wax_subscription {
    wax_bytes filter;
    uint8_t qos;
    bool no_local;
    bool retain_as_published;
    uint8_t retain_handling; /* 0: send retained, 1: only if new, 2: never */
} wax_subscription;

/* Every filter has been read once when it returns WAX_OK. */
wax_status wax_subscribe_read(wax_subscribe *subscribe, const wax_packet *packet) WAX_CHECKED;
/* Writes it; `type` says which of the two it is, `filters` is copied as it is. */
wax_status wax_subscribe_write(wax_writer *out, const wax_subscribe *subscribe,
                               wax_packet_type type, wax_version version) WAX_CHECKED;

/* Takes the next filter of a SUBSCRIBE or UNSUBSCRIBE (`type`). Returns false at the end. */
bool wax_subscription_next(wax_reader *filters, wax_packet_type type, wax_version version,
                           wax_subscription *subscription);

/* Appends a filter to those of a SUBSCRIBE or UNSUBSCRIBE. */
void wax_subscription_write(wax_writer *filters, const wax_subscription *subscription,
                            wax_packet_type type, wax_version version);

/* SUBACK and UNSUBACK. */
typedef struct wax_suback {
    uint16_t packet_id;
    wax_bytes properties;
    wax_bytes reasons; /* one byte per filter; UNSUBACK has none before MQTT 5 */
} wax_suback;

/* Every reason has been judged when it returns WAX_OK. */
wax_status wax_suback_read(wax_suback *suback, const wax_packet *packet) WAX_CHECKED;
/* Writes it; `type` says which of the two it is. Reasons that MQTT 3.1.1 lacks become its one
 * failure. */
wax_status wax_suback_write(wax_writer *out, const wax_suback *suback, wax_packet_type type,
                            wax_version version) WAX_CHECKED;

/* PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH: a reason and properties. */
typedef struct wax_notice {
    wax_packet_type type;
    uint16_t packet_id; /* 0 in DISCONNECT and AUTH, which have none */
    uint8_t reason;
    wax_bytes properties;
} wax_notice;

/* A packet that says no reason means success. */
wax_status wax_notice_read(wax_notice *notice, const wax_packet *packet) WAX_CHECKED;
/* Writes it in its shortest form. */
wax_status wax_notice_write(wax_writer *out, const wax_notice *notice,
                            wax_version version) WAX_CHECKED;

/* Whether a name for a message holds no wildcard. [MQTT-3.3.2-2] */
bool wax_topic_has_wildcard(wax_bytes topic);

WAX_C_END

#endif
