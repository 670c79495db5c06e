/* sn: MQTT-SN 1.2, for devices that have neither TCP nor TLS. Its packets to bytes and back, as a
 * gateway and as a device needs them; frames for a serial line; and the gateway's side of one
 * device as a machine: packets, the broker's bytes and time go in, packets and bytes for the broker
 * come out. It knows no socket, no clock and no memory but what the caller gives.
 *
 * Each device has a connection to the broker that is its own (a transparent gateway), so that the
 * broker's rights and Wills are each device's. Payloads pass as they are.
 *
 * Sections are those of "MQTT For Sensor Networks (MQTT-SN) Protocol Specification, Version 1.2".
 */
#ifndef WAX_SN_H
#define WAX_SN_H

#include "wire/wire.h"

WAX_C_BEGIN

/* --- Packets --- */

/* The types, as the byte behind the length says them. [5.2.2] */
typedef enum wax_sn_type {
    WAX_SN_ADVERTISE = 0x00,
    WAX_SN_SEARCHGW = 0x01,
    WAX_SN_GWINFO = 0x02,
    WAX_SN_CONNECT = 0x04,
    WAX_SN_CONNACK = 0x05,
    WAX_SN_WILLTOPICREQ = 0x06,
    WAX_SN_WILLTOPIC = 0x07,
    WAX_SN_WILLMSGREQ = 0x08,
    WAX_SN_WILLMSG = 0x09,
    WAX_SN_REGISTER = 0x0a,
    WAX_SN_REGACK = 0x0b,
    WAX_SN_PUBLISH = 0x0c,
    WAX_SN_PUBACK = 0x0d,
    WAX_SN_PUBCOMP = 0x0e,
    WAX_SN_PUBREC = 0x0f,
    WAX_SN_PUBREL = 0x10,
    WAX_SN_SUBSCRIBE = 0x12,
    WAX_SN_SUBACK = 0x13,
    WAX_SN_UNSUBSCRIBE = 0x14,
    WAX_SN_UNSUBACK = 0x15,
    WAX_SN_PINGREQ = 0x16,
    WAX_SN_PINGRESP = 0x17,
    WAX_SN_DISCONNECT = 0x18,
    WAX_SN_WILLTOPICUPD = 0x1a,
    WAX_SN_WILLTOPICRESP = 0x1b,
    WAX_SN_WILLMSGUPD = 0x1c,
    WAX_SN_WILLMSGRESP = 0x1d,
} wax_sn_type;

/* The bits of the flags. [5.3.4] */
enum {
    WAX_SN_DUPLICATE = 0x80,
    WAX_SN_QOS_0 = 0x00,
    WAX_SN_QOS_1 = 0x20,
    WAX_SN_QOS_2 = 0x40,
    WAX_SN_QOS_LESS = 0x60, /* QoS -1: without a connection */
    WAX_SN_QOS = 0x60,
    WAX_SN_RETAIN = 0x10,
    WAX_SN_WILL = 0x08,
    WAX_SN_CLEAN = 0x04,
    WAX_SN_TOPIC_NAME = 0x00, /* a topic's name, or the id that was registered for it */
    WAX_SN_TOPIC_PREDEFINED = 0x01,
    WAX_SN_TOPIC_SHORT = 0x02, /* the id is the two bytes of the name */
    WAX_SN_TOPIC = 0x03,
};

/* Return codes. [5.3.10] */
enum {
    WAX_SN_ACCEPTED = 0,
    WAX_SN_CONGESTION = 1,
    WAX_SN_INVALID_TOPIC = 2,
    WAX_SN_NOT_SUPPORTED = 3,
};

enum {
    WAX_SN_PROTOCOL = 1,         /* CONNECT's Protocol Id [5.3.8] */
    WAX_SN_PACKET_MAX = 1472,    /* what one datagram on Ethernet carries; of a message all but 7 */
    WAX_SN_TOPIC_SIZE_MAX = 200, /* of a topic's name */
    WAX_SN_ID_SIZE_MAX = 64,     /* of a client id; the specification wants 1 to 23 */
    WAX_SN_WILL_SIZE_MAX = 1024, /* of a Will's message */
};

/* A packet of any type: which fields it has stands in a table in packet.c; the others are 0. */
typedef struct wax_sn_packet {
    uint8_t type; /* wax_sn_type */
    uint8_t flags;
    uint8_t protocol;
    uint8_t code; /* a return code */
    uint8_t gateway_id;
    uint8_t radius;
    uint16_t duration_s; /* of CONNECT and ADVERTISE; of DISCONNECT, 0: there is none */
    uint16_t topic_id;   /* in SUBSCRIBE and UNSUBSCRIBE where the flags say so */
    uint16_t message_id;
    wax_bytes data; /* what ends the packet: client id, topic, message, address of a gateway */
} wax_sn_packet;

/* Reads a packet, which is all of `bytes`; `data` views them. Returns WAX_OK, or WAX_MALFORMED for
 * a length that is not that of `bytes`, a type that there is not, fields that are missing or left
 * over, and a reserved type of topic. [5.2] [5.4] */
wax_status wax_sn_packet_read(wax_sn_packet *packet, wax_bytes bytes) WAX_CHECKED;

/* Takes one packet off the front of `in`, where packets follow one another. Returns as
 * wax_sn_packet_read(), or WAX_MORE when `in` does not hold all of it, and is untouched. */
wax_status wax_sn_packet_next(wax_bytes *bytes, wax_reader *in) WAX_CHECKED;

/* Writes a packet. Returns WAX_OK, or WAX_FULL with nothing written when it does not fit, or is
 * larger than 65,535 bytes. */
wax_status wax_sn_packet_write(wax_writer *out, const wax_sn_packet *packet) WAX_CHECKED;

/* What the specification calls packets of this type; NULL where there is none. */
const char *wax_sn_packet_name(uint8_t type);

/* --- What a device sends; each returns as wax_sn_packet_write() --- */

/* CONNECT: of the flags WAX_SN_CLEAN and WAX_SN_WILL; silence longer than one and a half times
 * `duration_s` is taken for the device's end. */
wax_status wax_sn_write_connect(wax_writer *out, uint8_t flags, uint16_t duration_s,
                                wax_bytes client_id) WAX_CHECKED;

/* REGISTER: asks for the id of a topic, which REGACK with this `message_id` tells. */
wax_status wax_sn_write_register(wax_writer *out, uint16_t message_id, wax_bytes topic) WAX_CHECKED;

/* PUBLISH: the flags are the QoS, the kind of topic, and perhaps WAX_SN_RETAIN and, for what is
 * sent again, WAX_SN_DUPLICATE. `message_id` is 0 at QoS 0 and -1. */
wax_status wax_sn_write_publish(wax_writer *out, uint8_t flags, uint16_t topic_id,
                                uint16_t message_id, wax_bytes message) WAX_CHECKED;

/* PINGREQ: with a client id a device that sleeps asks for what has come meanwhile. */
wax_status wax_sn_write_pingreq(wax_writer *out, wax_bytes client_id) WAX_CHECKED;

/* DISCONNECT: with a duration the device sleeps for so long, and stays connected. */
wax_status wax_sn_write_disconnect(wax_writer *out, uint16_t duration_s) WAX_CHECKED;

/* --- A serial line --- */

/* On a serial line a packet stands in a frame like HDLC's: 0x7e, the packet and its CRC, low byte
 * first, 0x7e; within it 0x7e and 0x7d are sent as 0x7d and the byte with bit 5 turned. So whatever
 * is lost, the next 0x7e begins anew. The CRC is FCS-16. [RFC 1662, 4 and appendix C.2] */
enum {
    WAX_SN_FLAG = 0x7e,
    WAX_SN_CRC_START = 0xffff,
    WAX_SN_FRAME_SIZE_MAX = 2 * (WAX_SN_PACKET_MAX + 2) + 2,
};

/* Goes on with a CRC over one byte; begins with WAX_SN_CRC_START. What is sent is the complement.
 */
uint16_t wax_sn_crc_next(uint16_t crc, uint8_t byte);

/* Writes the frame of a packet. Returns WAX_OK, or WAX_FULL with nothing written. */
wax_status wax_sn_frame_write(wax_writer *out, wax_bytes packet) WAX_CHECKED;

/* What of a frame has come. The caller sets `room`, `size`, and the rest to 0; a frame needs two
 * bytes more than its packet. */
typedef struct wax_sn_frame {
    uint8_t *room;
    size_t size;
    size_t used;
    uint32_t broken_count; /* frames that were too long, cut short, or not what their CRC says */
    bool is_escaped;
    bool is_broken; /* up to the next 0x7e all is noise */
} wax_sn_frame;

/* Takes bytes off the front of `in` up to the end of a frame. Returns WAX_OK with the `packet` in
 * it, which lives until the next call, or WAX_MORE when all bytes are taken. */
wax_status wax_sn_frame_take(wax_sn_frame *frame, wax_reader *in, wax_bytes *packet) WAX_CHECKED;

/* --- The gateway's side of one device --- */

enum {
    WAX_SN_TOPICS_MAX = 64,          /* registered at a time, for each device */
    WAX_SN_QUEUE_SIZE = 16 * 1024,   /* messages that wait for a device, with 8 bytes each */
    WAX_SN_EXCHANGES_MAX = 4,        /* of a device, that wait for an answer */
    WAX_SN_INFLIGHT_MAX = 8,         /* QoS 1 and 2 messages that the broker sends at once */
    WAX_SN_DOWN_SIZE_MIN = 2 * 1472, /* room for packets that each call finds */
    WAX_SN_UP_SIZE_MIN = 4096,       /* room for what the broker gets; CONNECT fits, too */
    WAX_SN_HEAR_SIZE_MIN = 4096,     /* of the broker's bytes so many are offered at once */
};

/* A topic that both sides know by a number. */
typedef struct wax_sn_predefined {
    uint16_t id;
    wax_bytes topic;
} wax_sn_predefined;

/* How a gateway behaves, to all devices. It stays the caller's. */
typedef struct wax_sn_config {
    wax_version version; /* that is spoken with the broker: MQTT 3.1.1 or 5 */
    wax_bytes id_prefix; /* stands before each client id at the broker */
    wax_bytes username;  /* empty: none */
    wax_bytes password;  /* empty: none */
    const wax_sn_predefined *predefined;
    size_t predefined_count;
    uint64_t hash_key[2];      /* random */
    uint32_t retry_ms;         /* for an answer of the device; T_retry [7.2] */
    uint32_t retries_max;      /* how often a packet is sent again; N_retry [7.2] */
    uint32_t connect_ms;       /* how long connecting may take, Will and broker included */
    uint32_t session_expiry_s; /* MQTT 5: how long the broker keeps a session that is not clean */
    uint16_t keep_alive_s;     /* with the broker */
} wax_sn_config;

typedef enum wax_sn_state {
    WAX_SN_NEW,        /* CONNECT did not come yet */
    WAX_SN_WILL_TOPIC, /* WILLTOPIC is asked for */
    WAX_SN_WILL_MESSAGE,
    WAX_SN_JOINING, /* the broker is being asked */
    WAX_SN_ACTIVE,
    WAX_SN_ASLEEP, /* messages wait until PINGREQ or CONNECT comes */
    WAX_SN_AWAKE,  /* they are sent; PINGRESP ends that */
    WAX_SN_ENDED,  /* nothing more happens */
} wax_sn_state;

/* The connection to the broker, as the machine wants it. */
typedef enum wax_sn_line {
    WAX_SN_LINE_NONE,
    WAX_SN_LINE_WANTED,  /* connect, then say wax_sn_client_attach(), or _lost() */
    WAX_SN_LINE_OPENING, /* CONNECT is out */
    WAX_SN_LINE_OPEN,
    WAX_SN_LINE_LEAVING, /* close it when all is sent, then say wax_sn_client_lost() */
    WAX_SN_LINE_CUT,     /* close it at once, so that the broker publishes the Will */
} wax_sn_line;

/* A topic that has an id: its place in the table and one. */
typedef struct wax_sn_topic {
    uint32_t used;   /* when it was last used, as a count of uses */
    bool is_known;   /* the device knows the id */
    bool is_devices; /* the device asked for it: it is not given to another topic */
    uint8_t size;    /* 0: free */
    uint8_t name[WAX_SN_TOPIC_SIZE_MAX];
} wax_sn_topic;

/* Something that a device began and that waits for an answer. */
typedef struct wax_sn_exchange {
    uint16_t message_id; /* 0: free */
    uint16_t topic_id;
    uint8_t waits; /* wax_packet_type: of the broker, or PUBREL of the device */
    bool is_name;  /* of a subscription: the id is a registered one */
    uint64_t hash; /* of a QoS 2 message */
} wax_sn_exchange;

/* A QoS 2 message of the device that is complete; the network may bring it again. */
typedef struct wax_sn_done {
    uint64_t until_ms;
    uint64_t hash;
    uint16_t message_id;
} wax_sn_done;

/* A Will, as the device told it. */
typedef struct wax_sn_will {
    uint8_t flags; /* QoS and retain */
    uint8_t topic_size;
    uint16_t message_size;
    uint8_t topic[WAX_SN_TOPIC_SIZE_MAX];
    uint8_t message[WAX_SN_WILL_SIZE_MAX];
} wax_sn_will;

/* One device. The fields are read by whoever likes; only this room writes them, but for `fault`,
 * which the caller may set to NULL when it has told it. About 32 KiB. */
typedef struct wax_sn_client {
    const wax_sn_config *config;
    const char *fault;     /* why something was dropped or ended, in words; NULL: nothing was */
    uint8_t state;         /* wax_sn_state */
    uint8_t line;          /* wax_sn_line */
    uint8_t delivery;      /* what the message at the front waits for; see deliver.c */
    uint8_t retry_count;   /* of it */
    uint8_t refused_count; /* how often the device did not know its topic */
    uint8_t answers;       /* WILLTOPICRESP or WILLMSGRESP that is owed when the line is open */
    bool is_own;           /* of the gateway itself: no device is behind it */
    bool is_clean;
    bool has_will;
    bool has_subscribed; /* the session may have subscriptions */
    bool rejoins;        /* a new line is wanted when this one is closed */
    bool is_crowded;     /* the broker's bytes wait until the device has taken messages */
    bool has_more;       /* there was no room for all that could be sent */
    bool is_pinged;
    uint8_t peer_maximum_qos; /* the broker's */
    bool peer_retains;
    uint8_t id_size;
    uint8_t id[WAX_SN_ID_SIZE_MAX];
    uint16_t duration_s; /* 0: 65,535 */
    uint16_t sleep_s;
    uint16_t last_id;     /* of a message id that this end chose */
    uint16_t delivery_id; /* message id of what is being delivered */
    uint16_t peer_receive_maximum;
    uint32_t peer_packet_max;
    uint32_t skip_left; /* of a message too large to take */
    uint32_t use_count;
    uint32_t dropped_count; /* messages that the device did not get */
    uint64_t heard_ms;      /* when the device last said something */
    uint64_t began_ms;      /* when it began to connect */
    uint64_t retry_ms;      /* when something is sent again */
    uint64_t sent_ms;       /* when something last went to the broker */
    uint64_t came_ms;       /* when something last came from it */
    uint32_t peer_keep_alive_ms;
    uint32_t queue_used;
    wax_sn_will will;
    wax_sn_exchange exchanges[WAX_SN_EXCHANGES_MAX];
    wax_sn_done done[WAX_SN_EXCHANGES_MAX];
    size_t done_next;
    wax_sn_topic topics[WAX_SN_TOPICS_MAX];
    uint8_t queue[WAX_SN_QUEUE_SIZE];
} wax_sn_client;

/* What a call finds: the time, and where what comes out is written. `down` gets whole packets for
 * the device, one behind the other; `up` gets bytes for the broker. Both have at least the room
 * named above, else less is done; neither has failed. */
typedef struct wax_sn_turn {
    uint64_t now_ms;
    wax_writer *down;
    wax_writer *up;
} wax_sn_turn;

/* What to do with a packet of a peer that is no client. */
typedef enum wax_sn_welcome {
    WAX_SN_IGNORE,
    WAX_SN_ANSWER,  /* send what was written to `down`, which is no longer than what came */
    WAX_SN_ADMIT,   /* a CONNECT that may be taken by a new client */
    WAX_SN_FORWARD, /* a message of QoS -1 */
} wax_sn_welcome;

/* Judges it, and writes the answer that it may have: GWINFO, DISCONNECT, or CONNACK with a refusal.
 */
wax_sn_welcome wax_sn_greet(const wax_sn_packet *packet, uint8_t gateway_id, wax_writer *down);

/* Begins a client, whose CONNECT comes by wax_sn_client_take(). */
void wax_sn_client_open(wax_sn_client *client, const wax_sn_config *config, uint64_t now_ms);

/* Begins the gateway's own, by which messages of QoS -1 go; a line is wanted at once. `id` is at
 * most WAX_SN_ID_SIZE_MAX bytes. */
void wax_sn_client_open_own(wax_sn_client *client, const wax_sn_config *config, wax_bytes id,
                            uint64_t now_ms);

/* Takes a packet of the device; one that makes no sense now is ignored. */
void wax_sn_client_take(wax_sn_client *client, const wax_sn_packet *packet,
                        const wax_sn_turn *turn);

/* The broker is reached: writes CONNECT. Only while a line is wanted. */
void wax_sn_client_attach(wax_sn_client *client, const wax_sn_turn *turn);

/* Takes a packet of the broker off the front of `in`. Returns WAX_OK when something was taken;
 * WAX_MORE when `in` holds no whole packet, or there is no room for it now. */
wax_status wax_sn_client_hear(wax_sn_client *client, wax_reader *in,
                              const wax_sn_turn *turn) WAX_CHECKED;

/* The line is gone, or could not be made; `fault` says why, or is NULL. */
void wax_sn_client_lost(wax_sn_client *client, const char *fault, const wax_sn_turn *turn);

/* Does what is due; also sends what waits for the device. */
void wax_sn_client_tick(wax_sn_client *client, const wax_sn_turn *turn);

/* When wax_sn_client_tick() has something to do, or WAX_NEVER. */
uint64_t wax_sn_client_deadline_ms(const wax_sn_client *client);

/* The gateway ends: says so to the device and to the broker. */
void wax_sn_client_end(wax_sn_client *client, const wax_sn_turn *turn);

WAX_C_END

#endif
