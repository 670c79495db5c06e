/* session: one end of an MQTT connection as a machine. Bytes and time go in, bytes and *returned*
 * events come out; the same code serves client and server, and it knows no socket and no clock.
 *
 * A session never acknowledges by itself: an event that `owes` a packet waits until the application
 * says, with wax_session_acknowledge(), that the message is safe. */
#ifndef WAX_SESSION_H
#define WAX_SESSION_H

#include "wire/wire.h"

WAX_C_BEGIN

/* What an exchange waits for: the peer's packet, or the application's word that it may go on. */
typedef enum wax_wait {
    WAX_WAIT_NONE, /* the slot is free */
    WAX_WAIT_PUBACK,
    WAX_WAIT_PUBREC,
    WAX_OWES_PUBREL,
    WAX_WAIT_PUBCOMP,
    WAX_WAIT_SUBACK,
    WAX_WAIT_UNSUBACK,
    WAX_OWES_PUBREC,
    WAX_WAIT_PUBREL,
    WAX_OWES_PUBCOMP,
} wax_wait;

/* One exchange: a QoS 1 or 2 message on its way, or a SUBSCRIBE or UNSUBSCRIBE of the client. */
typedef struct wax_flow {
    uint16_t packet_id;
    uint8_t waits;   /* wax_wait */
    bool is_counted; /* it was sent or received on this connection, and counts until it ends */
} wax_flow;

/* The exchanges of one direction: the part of a session that outlives its connection. The slots are
 * the caller's; an outgoing exchange sits at `packet_id % slot_count`, so that the caller can keep
 * the message itself in an array beside it. */
typedef struct wax_flows {
    wax_flow *slots;
    uint16_t slot_count;
    uint16_t used_count;
    uint16_t last_id; /* the packet id given out last */
} wax_flows;

/* Begins without exchanges; clears the slots. Without slots, `slots` may be NULL, there is no room
 * for any before wax_flows_move() gives some. */
void wax_flows_init(wax_flows *flows, wax_flow *slots, uint16_t slot_count);

/* Moves all exchanges to more slots: `slot_count` is a multiple of the old count, unless that is 0,
 * so that no two of them meet. The old slots are the caller's again. */
void wax_flows_move(wax_flows *flows, wax_flow *slots, uint16_t slot_count);

/* Finds an outgoing exchange. Returns its slot's index, or `slot_count` if there is none. */
uint16_t wax_flows_find(const wax_flows *flows, uint16_t packet_id);

/* Takes the outgoing exchanges one by one in the order they were begun; `packet_id` is 0 for the
 * first, then the one before. Returns NULL at the end. [MQTT-4.6.0-1] */
const wax_flow *wax_flows_after(const wax_flows *flows, uint16_t packet_id);

/* Takes up an exchange that an earlier process or another broker began, under its packet id: an
 * outgoing one waits for PUBACK, PUBREC or PUBCOMP, an incoming one for PUBREL. `last_id` stays as
 * the caller set it; wax_flows_after() tells the order by it. Returns WAX_OK; WAX_INVALID without a
 * packet id; WAX_PACKET_ID_IN_USE when there is such an exchange; WAX_CROWDED when there is no slot
 * for it: more are needed. */
wax_status wax_flows_restore(wax_flows *flows, uint16_t packet_id, wax_wait waits) WAX_CHECKED;

/* Forgets an outgoing exchange whose message the caller gives up; its packet id may be used anew.
 * For QoS 1, where the peer keeps nothing of it, and for what was never sent. Returns WAX_OK or
 * WAX_NOT_FOUND. */
wax_status wax_flows_forget(wax_flows *flows, uint16_t packet_id);

/* The same as wax_session_acknowledge() for a session that has no connection now: the exchange goes
 * on, and nothing is sent. Returns WAX_OK or WAX_NOT_FOUND. */
wax_status wax_flows_acknowledge(wax_flows *flows, wax_packet_type type, uint16_t packet_id,
                                 uint8_t reason);

/* Topic aliases of one direction on one connection, in room that the caller gives: `room` and
 * `size` are the caller's to set, the others begin with 0. */
typedef struct wax_aliases {
    uint8_t *room;
    size_t size;
    size_t used;
    uint16_t count;
} wax_aliases;

/* A program that is a client alone is built with -DWAX_SERVER=0: what only a server does is then
 * left out of it. */
#ifndef WAX_SERVER
#define WAX_SERVER 1
#endif

typedef enum wax_role { WAX_ROLE_CLIENT, WAX_ROLE_SERVER } wax_role;

/* What this end announces and bears. */
typedef struct wax_session_limits {
    uint32_t packet_size_max;    /* the largest packet taken; Maximum Packet Size */
    uint32_t connect_size_max;   /* server: the largest packet taken before a CONNECT is accepted */
    uint32_t connect_timeout_ms; /* how long the peer may take to connect */
    uint32_t send_size_max;      /* the largest packet sent; 0: as large as the peer takes */
    uint16_t receive_maximum;    /* QoS > 0 messages taken at once; 0: no limit of our own */
    uint16_t send_maximum;       /* QoS > 0 messages sent at once; 0: as many as the peer takes */
    uint16_t topic_alias_maximum; /* aliases the peer may make; needs room in `aliases_in` */
    bool streams; /* a PUBLISH need not fit the receive buffer: it comes in pieces */
} wax_session_limits;

typedef enum wax_session_state {
    WAX_SESSION_OPENING,   /* client: no CONNACK yet; server: no CONNECT yet */
    WAX_SESSION_ACCEPTING, /* server: CONNECT is with the application */
    WAX_SESSION_OPEN,
    WAX_SESSION_CLOSED,
} wax_session_state;

/* One end of one connection. The fields are read by whoever likes; only this room writes them, but
 * for the aliases, which the caller gives when it wants to, and `alias_maximum`, which it may
 * lower.
 */
typedef struct wax_session {
    wax_flows *outgoing; /* NULL until accept() or connect() */
    wax_flows *incoming;
    wax_aliases *aliases_in; /* NULL: there is no room for any */
    wax_aliases *aliases_out;
    uint64_t now_ms;
    uint64_t received_ms; /* when the last packet came, or the connection began */
    uint64_t sent_ms;     /* when the last packet went */
    uint32_t pinged_ms;   /* client: when PINGREQ went; the lower half of the time */
    uint32_t keep_alive_ms;
    uint32_t packet_size_max; /* as in the limits, like the next five */
    uint32_t connect_size_max;
    uint32_t connect_timeout_ms;
    uint16_t receive_maximum;
    uint16_t topic_alias_maximum;
    bool streams : 1;
    bool retain_available : 1;
    bool has_authentication : 1; /* CONNECT named an Authentication Method */
    bool has_expiry : 1;         /* CONNECT's Session Expiry Interval is more than 0 */
    bool pinged : 1;             /* client: PINGREQ is out, PINGRESP is not in */
    bool starts_clean : 1;       /* client: CONNECT asked for a clean start */
    bool payload_is_told : 1;    /* the application knows the PUBLISH that comes in pieces */
    uint8_t role;                /* wax_role */
    uint8_t state;               /* wax_session_state */
    uint8_t version;             /* wax_version */
    uint8_t maximum_qos;
    uint16_t alias_maximum; /* aliases that the peer takes; 0: none are sent */
    uint16_t send_maximum;  /* the peer's Receive Maximum, or our own limit if that is less */
    uint16_t sending_count;
    uint16_t receiving_count;
    uint16_t receiving_qos_1_count; /* of them, those that wait for PUBACK */
    uint32_t peer_packet_size_max;  /* or our own limit for what is sent */
    uint32_t payload_left;          /* of the PUBLISH that is coming in pieces */
} wax_session;

typedef enum wax_event_type {
    WAX_EVENT_NONE,         /* a packet was dealt with; there is nothing to know */
    WAX_EVENT_CONNECT,      /* server: `connect`; accept() or close() answers */
    WAX_EVENT_CONNECTED,    /* client: `connack`; the connection is open */
    WAX_EVENT_REFUSED,      /* client: `connack`; the session is closed */
    WAX_EVENT_PUBLISH,      /* `publish`; of the payload `payload_left` bytes are still to come. If
                             * the connection ends before they do, a QoS 2 exchange is given up with
                             * wax_flows_acknowledge(WAX_PUBREC) and a reason from 0x80 on */
    WAX_EVENT_PAYLOAD,      /* `publish.payload`: the next piece; `payload_left` */
    WAX_EVENT_RECEIVED,     /* our QoS 2 message arrived; it need not be kept any longer */
    WAX_EVENT_DELIVERED,    /* our message's exchange ended; `reason` says how */
    WAX_EVENT_RELEASED,     /* the peer's QoS 2 exchange ends; its id need not be kept any longer */
    WAX_EVENT_SUBSCRIBE,    /* server: `subscribe`; wax_session_grant() answers */
    WAX_EVENT_UNSUBSCRIBE,  /* server: `subscribe`; wax_session_grant() answers */
    WAX_EVENT_SUBSCRIBED,   /* client: `suback` */
    WAX_EVENT_UNSUBSCRIBED, /* client: `suback` */
    WAX_EVENT_AUTHENTICATE, /* `notice`: enhanced authentication goes on */
    WAX_EVENT_DISCONNECTED, /* `notice`: the peer says good-bye; the session is closed */
} wax_event_type;

/* What came of a packet. Views borrow from the reader, a topic that came as an alias from the
 * session, both until the next wax_session_receive(). */
typedef struct wax_event {
    uint8_t type;       /* wax_event_type */
    uint8_t owes;       /* the packet that wax_session_acknowledge() must send, or WAX_NO_PACKET */
    uint8_t reason;     /* of DELIVERED */
    uint16_t packet_id; /* of the exchange */
    uint32_t payload_left; /* of PUBLISH and PAYLOAD */
    union {
        wax_connect connect;
        wax_connack connack;
        wax_publish publish;
        wax_subscribe subscribe;
        wax_suback suback;
        wax_notice notice;
    };
} wax_event;

/* Room that `out` must have when wax_session_receive() is called. */
#define WAX_ANSWER_SIZE_MAX 8U

/* Begins one end of a new connection. */
void wax_session_open(wax_session *session, wax_role role, const wax_session_limits *limits,
                      uint64_t now_ms);

/* Gives the session its exchanges, those of an earlier connection if it is resumed. Client: before
 * wax_session_connect(); server: before wax_session_accept(). */
void wax_session_attach(wax_session *session, wax_flows *outgoing, wax_flows *incoming);

/* Client: writes CONNECT. `properties` holds what the application wants among its properties and
 * has 16 bytes of room left: the session adds its own limits. `connect->clean_start` clears the
 * exchanges. Returns WAX_OK, WAX_FULL with `properties` as they were, or WAX_INVALID when CONNECT
 * was sent already. [MQTT-3.1.0-1] */
wax_status wax_session_connect(wax_session *session, const wax_connect *connect,
                               wax_writer *properties, wax_writer *out) WAX_CHECKED;

/* Server: answers CONNECT with success. `properties` as in wax_session_connect(). `keep_alive_s`
 * is the time that is in force: other than the client's only if Server Keep Alive is among the
 * properties. Without `session_present` the exchanges are cleared. Returns WAX_OK; WAX_FULL;
 * WAX_TOO_LARGE when the client takes no packet of that size: `properties` are then as they were.
 * [MQTT-3.2.0-1] */
wax_status wax_session_accept(wax_session *session, bool session_present, uint16_t keep_alive_s,
                              wax_writer *properties, wax_writer *out) WAX_CHECKED;

/* Takes one packet off the front of `in` and writes what the protocol answers at once to `out`.
 * Returns WAX_OK with `event` set; WAX_MORE when `in` holds no whole packet, or one that must wait
 * until CONNECT is answered: `in` is untouched; WAX_FULL when `out` failed before or has less than
 * WAX_ANSWER_SIZE_MAX of room, or WAX_CROWDED when there is no slot for the exchange or no room for
 * the alias: nothing was taken; WAX_CLOSED after the end; from 0x80 on, why the connection must
 * close: `out` then ends with what the peer is told, if it may be told. [MQTT-4.13.1-1] */
wax_status wax_session_receive(wax_session *session, wax_reader *in, wax_writer *out,
                               uint64_t now_ms, wax_event *event) WAX_CHECKED;

/* Begins an exchange, or counts a QoS 0 message, for a PUBLISH of `packet_size` bytes that the
 * caller writes itself. Returns WAX_OK with `packet_id` (0 at QoS 0); WAX_TOO_LARGE when the peer
 * takes no such packet: the message is then as good as sent [MQTT-3.1.2-25]; WAX_CROWDED when the
 * peer's Receive Maximum or the slots are used up [MQTT-3.3.4-7]; WAX_INVALID when the connection
 * is not open, or the peer does not take the QoS [MQTT-3.2.2-11]. */
wax_status wax_session_begin(wax_session *session, uint8_t qos, size_t packet_size,
                             uint16_t *packet_id) WAX_CHECKED;

/* Begins an exchange and writes all of the PUBLISH but the payload. With `publish->duplicate` it
 * sends again, under its old `packet_id`, what wax_flows_after() told. Returns as
 * wax_session_begin(), and WAX_FULL when the packet does not fit in `out`: nothing was begun. For
 * what is sent again also WAX_NOT_FOUND when no such exchange waits for PUBACK or PUBREC, and
 * WAX_INVALID when it was sent on this connection already [MQTT-4.4.0-1]. When it is too large by
 * now, its exchange ends: at QoS 1 at once, at QoS 2 as if PUBREC had come, by a PUBREL. */
wax_status wax_session_publish(wax_session *session, wax_publish *publish,
                               wax_writer *out) WAX_CHECKED;

/* As wax_session_publish(), but `out` needs room for the head alone. */
wax_status wax_session_publish_start(wax_session *session, wax_publish *publish,
                                     wax_writer *out) WAX_CHECKED;

/* The application's word that what an event owed may be sent: the message is safe, or refused with
 * a `reason` from 0x80 on. `type` is the event's `owes`; after a reconnection also WAX_PUBREL for
 * an exchange that waits for PUBCOMP, or for the PUBREC of a message that must not be sent again
 * although the peer may know its id. Returns WAX_OK, WAX_FULL, or WAX_NOT_FOUND. */
wax_status wax_session_acknowledge(wax_session *session, wax_packet_type type, uint16_t packet_id,
                                   uint8_t reason, wax_writer *out) WAX_CHECKED;

/* Client: asks for, or gives up, subscriptions. `type` is WAX_SUBSCRIBE or WAX_UNSUBSCRIBE; the
 * packet id is set in `subscribe`. Returns WAX_OK, WAX_FULL, WAX_CROWDED, WAX_TOO_LARGE or
 * WAX_INVALID, as wax_session_begin(). */
wax_status wax_session_subscribe(wax_session *session, wax_subscribe *subscribe,
                                 wax_packet_type type, wax_writer *out) WAX_CHECKED;

/* Server: answers SUBSCRIBE (`type` WAX_SUBACK) or UNSUBSCRIBE (WAX_UNSUBACK). Returns WAX_OK,
 * WAX_FULL, WAX_TOO_LARGE, or WAX_INVALID when the connection is not open. */
wax_status wax_session_grant(wax_session *session, const wax_suback *suback, wax_packet_type type,
                             wax_writer *out) WAX_CHECKED;

/* Sends AUTH. Returns WAX_OK, WAX_FULL, WAX_TOO_LARGE, or WAX_INVALID when CONNECT named no method.
 * [MQTT-4.12.0-6] [MQTT-4.12.0-7] */
wax_status wax_session_authenticate(wax_session *session, const wax_notice *notice,
                                    wax_writer *out) WAX_CHECKED;

/* Ends the session and tells the peer why, where the protocol has a word for it: CONNACK before the
 * connection is open, DISCONNECT after; nothing where that is not allowed. Properties that would
 * make the packet larger than the peer takes are left out. The session is closed in any case.
 * Returns WAX_OK, or WAX_FULL when `out` had no room to tell. [MQTT-3.14.0-1] [MQTT-3.14.2-3] */
wax_status wax_session_close(wax_session *session, uint8_t reason, wax_bytes properties,
                             wax_writer *out);

/* The alias for a topic that is about to be sent, or 0 if it gets none; with `is_new` the topic
 * goes along this once: if wax_session_publish() fails, the alias is forgotten. [MQTT-3.1.2-26]
 * [MQTT-3.3.2-12] */
uint16_t wax_session_alias(wax_session *session, wax_bytes topic, bool *is_new);

/* When wax_session_tick() has something to do, or WAX_NEVER. */
uint64_t wax_session_deadline_ms(const wax_session *session);

/* Does what is due: sends PINGREQ, gives up a silent peer. Returns WAX_OK, WAX_FULL, or from 0x80
 * on why the connection must close, as wax_session_receive(). */
wax_status wax_session_tick(wax_session *session, uint64_t now_ms, wax_writer *out) WAX_CHECKED;

WAX_C_END

#endif
