/* micro: an MQTT client for the smallest devices. What `client` does besides the protocol is the
 * application's: it keeps messages until they are delivered, and chooses when to connect again. In
 * return it takes a fraction of the memory. A packet must fit the room that is given for it.
 *
 * A program pays for what it uses: linked with --gc-sections, one that only publishes has no code
 * that reads messages. The application attaches a transport, then calls wax_micro_poll() until it
 * says WAX_MORE, sleeps until the transport is ready or wax_micro_rest_ms() are over, and polls
 * again, also after it asked for something.
 *
 * Times are milliseconds of any clock of 32 bits, which may wrap. */
#ifndef WAX_MICRO_H
#define WAX_MICRO_H

#include "transport/transport.h"
#include "wire/wire.h"

WAX_C_BEGIN

/* The smallest send room that works, and what CONNECT takes beside the application's properties
 * with MQTT 5, in the receive room. */
#define WAX_MICRO_SEND_SIZE_MIN   16U
#define WAX_MICRO_PROPERTIES_ROOM 8U

typedef struct wax_micro wax_micro;
typedef struct wax_micro_event wax_micro_event;

/* What takes packets that come; one of those below. */
typedef wax_status wax_micro_taker(wax_micro *micro, wax_micro_event *event);

/* How a client behaves. It stays the caller's and may lie in flash. */
typedef struct wax_micro_config {
    wax_micro_taker *take; /* what may come */
    uint8_t *receive_room; /* for one packet */
    uint8_t *send_room;    /* for all packets that wait to go; CONNECT must fit */
    uint8_t *sending;      /* a byte per exchange that this end begins; packet ids are 1 to
                              `sending_count` */
    uint16_t *receiving;   /* ids of QoS 2 messages that come */
    uint16_t receive_size;
    uint16_t send_size;      /* from WAX_MICRO_SEND_SIZE_MIN on */
    uint8_t sending_count;   /* 0: QoS 0 alone, and no subscriptions */
    uint8_t receiving_count; /* QoS 2 messages at once, announced as Receive Maximum; a program
                                that takes messages has 1 or more with MQTT 5 */
    wax_connect
        connect; /* as it is sent, of MQTT 3.1.1 or 5; with MQTT 5 Receive Maximum and Maximum
                    Packet Size are added to its properties, so they are none of them */
    uint32_t timeout_ms; /* for CONNACK and PINGRESP */
} wax_micro_config;

/* One client. The fields are read by whoever likes; only this room writes them. What is used most
 * stands first, where Thumb reaches it with short instructions. */
struct wax_micro {
    const wax_micro_config *config;
    wax_writer out;           /* over the send room */
    wax_transport *transport; /* NULL: none is attached */
    uint16_t owed_id;
    uint8_t owed;             /* the acknowledgement of the message that was told last, or 0 */
    uint8_t sent_count;       /* MQTT 5: messages that are not answered on this connection */
    bool is_open;             /* CONNACK came, and DISCONNECT was not written */
    bool is_asked;            /* CONNACK or PINGRESP is to come */
    bool ends;                /* DISCONNECT is written */
    uint8_t maximum_qos;      /* of the server */
    uint8_t retain_available; /* 0 or 1 */
    uint16_t peer_receive_maximum;
    uint32_t peer_packet_size_max;
    uint32_t now_ms;
    uint32_t sent_ms;     /* when a packet was last written */
    uint32_t received_ms; /* when bytes last came */
    uint32_t asked_ms;    /* when CONNECT or PINGREQ was written */
    uint32_t keep_alive_ms;
    size_t received_size; /* bytes in the receive room */
    size_t taken_size;    /* of them, those of the packet that was told last */
};

typedef enum wax_micro_event_type {
    WAX_MICRO_NOTHING,
    WAX_MICRO_CONNECTED,    /* `connack`; without `session_present` the server knows no subscription
                               and none of our exchanges: what was not delivered is published anew;
                               with it, published again as `duplicate` under its packet id */
    WAX_MICRO_REFUSED,      /* `connack`; the connection has ended, with its reason as status */
    WAX_MICRO_MESSAGE,      /* `publish`; the next poll acknowledges it */
    WAX_MICRO_DELIVERED,    /* `packet_id`: the message need not be kept any longer; `reason` */
    WAX_MICRO_SUBSCRIBED,   /* `packet_id`, `suback`; of an UNSUBSCRIBE too */
    WAX_MICRO_DISCONNECTED, /* `notice`: MQTT 5; the connection has ended, with its reason, or
                               WAX_CLOSED, as status */
} wax_micro_event_type;

/* What happened. Views live until the next call with this client. */
struct wax_micro_event {
    uint8_t type;   /* wax_micro_event_type */
    uint8_t reason; /* of DELIVERED; the server's reason code */
    uint16_t packet_id;
    union {
        wax_connack connack;
        wax_publish publish;
        wax_suback suback;
        wax_notice notice;
    };
};

/* Everything. */
wax_status wax_micro_take_all(wax_micro *micro, wax_micro_event *event) WAX_CHECKED;

/* Only answers to what this end sends at QoS 1 and 2: for programs that publish. */
wax_status wax_micro_take_answers(wax_micro *micro, wax_micro_event *event) WAX_CHECKED;

/* Only answers to CONNECT and PINGREQ, of MQTT 3: for programs that publish at QoS 0. */
wax_status wax_micro_take_little(wax_micro *micro, wax_micro_event *event) WAX_CHECKED;

/* Begins a client without a connection. */
void wax_micro_open(wax_micro *micro, const wax_micro_config *config);

/* Gives the client a connection, which stays the caller's, and writes CONNECT. The one before has
 * ended, or is given up by this. Returns WAX_OK, or WAX_FULL when CONNECT does not fit the send
 * room. [MQTT-3.1.0-1] */
wax_status wax_micro_attach(wax_micro *micro, wax_transport *transport,
                            uint32_t now_ms) WAX_CHECKED;

/* Moves bytes and takes a packet. Returns WAX_OK: poll again, something was done, and `event` may
 * tell what; WAX_MORE when nothing is left to do for now. Anything else is why the connection has
 * ended; it is the application's to close: WAX_CLOSED, also after wax_micro_disconnect() and
 * without a connection, WAX_IO or WAX_UNTRUSTED as the transport said it; from 0x80 on a reason
 * code, of the server if `event` tells REFUSED or DISCONNECTED, otherwise of this end. */
wax_status wax_micro_poll(wax_micro *micro, uint32_t now_ms, wax_micro_event *event) WAX_CHECKED;

/* How long until wax_micro_poll() has something to do though no byte moves, or UINT32_MAX. */
uint32_t wax_micro_rest_ms(const wax_micro *micro);

/* Sends a message at QoS 0. `qos`, `packet_id` and `duplicate` are 0. Returns WAX_OK; WAX_FULL when
 * there is no room now: poll and try again; WAX_TOO_LARGE when the server takes no such packet, or
 * it never fits the send room; WAX_INVALID when the connection is not open, the server does not
 * take it, or the topic is empty or has wildcards. */
wax_status wax_micro_publish_0(wax_micro *micro, const wax_publish *publish) WAX_CHECKED;

/* Sends a message at any QoS. At QoS 1 and 2 `packet_id` is set, and names the message in
 * DELIVERED; the application keeps it until then. With `duplicate` and its old `packet_id` it is
 * sent again on a new connection that resumes the session, as far as the server does not have it
 * [MQTT-4.4.0-1]; the application does so in the order it published in [MQTT-4.6.0-1]. Returns as
 * wax_micro_publish_0(), and WAX_CROWDED when exchanges or the server's Receive Maximum are used
 * up; WAX_NOT_FOUND when the duplicate's exchange has ended. */
wax_status wax_micro_publish(wax_micro *micro, wax_publish *publish) WAX_CHECKED;

/* Asks for a subscription (`type` WAX_SUBSCRIBE), or gives it up (WAX_UNSUBSCRIBE; only the filter
 * counts). SUBSCRIBED with `packet_id` tells the answer; a connection that ends before drops the
 * request. Returns WAX_OK, WAX_FULL, WAX_CROWDED, WAX_TOO_LARGE or WAX_INVALID as
 * wax_micro_publish(). */
wax_status wax_micro_subscribe(wax_micro *micro, const wax_subscription *subscription,
                               wax_packet_type type, uint16_t *packet_id) WAX_CHECKED;

/* Says good-bye; poll() ends the connection when it has left. `reason` is 0 with MQTT 3. Returns
 * WAX_OK, WAX_FULL when there is no room now, or WAX_INVALID when the connection is not open. */
wax_status wax_micro_disconnect(wax_micro *micro, uint8_t reason) WAX_CHECKED;

WAX_C_END

#endif
