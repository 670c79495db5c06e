/* client: an MQTT client for programs and devices. It owns nothing: memory, time, randomness and
 * the connection are the application's; it never blocks, calls nobody back, and tells one event at
 * a time.
 *
 * The application calls wax_client_poll() until it returns false, then sleeps until the transport
 * is ready for wax_client_waits() or wax_client_deadline_ms() has come, and polls again; also after
 * it asked for something: calls that ask only note what poll() sends. When told
 * WAX_CLIENT_WANTS_CONNECTION it makes a connection (TCP, TLS, anything that is a transport) and
 * gives it with wax_client_attach(). */
#ifndef WAX_CLIENT_H
#define WAX_CLIENT_H

#include "session/session.h"
#include "transport/transport.h"

WAX_C_BEGIN

/* Smallest rooms that work: a PUBLISH's topic and properties must fit the receive buffer, CONNECT
 * and every head that is sent the send buffer. */
#define WAX_CLIENT_RECEIVE_SIZE_MIN 64U
#define WAX_CLIENT_SEND_SIZE_MIN    64U

/* What a message in the queue takes beside its topic, properties and payload. */
#define WAX_CLIENT_RECORD_SIZE 20U

/* How a client behaves. It stays the caller's, may lie in flash, and is read as long as the client
 * is used; fields may change while no transport is attached. Zero is a sensible value where a
 * comment says what it stands for. */
typedef struct wax_client_config {
    wax_version version;
    wax_bytes client_id;
    wax_bytes username;        /* empty: none */
    wax_bytes password;        /* empty: none */
    const wax_will *will;      /* NULL: none */
    wax_bytes properties;      /* MQTT 5: more for CONNECT, encoded; none of those below */
    wax_bytes end_properties;  /* MQTT 5: for DISCONNECT, encoded */
    uint32_t session_expiry_s; /* MQTT 5: how long the server keeps the session; 0: not at all */
    uint16_t keep_alive_s;     /* 0: none */
    bool clean_start;          /* MQTT 5: of the first connection only; MQTT 3: of every one */
    bool acknowledges;  /* a message is acknowledged at the poll after it, without being asked */
    bool keeps_qos_0;   /* QoS 0 messages wait in the queue too while there is no connection */
    bool streams;       /* messages larger than the receive buffer are told in pieces */
    bool connects_once; /* no reconnection: the first end is the end */

    uint32_t packet_size_max;    /* with `streams`; 0: whatever MQTT allows */
    uint32_t connect_timeout_ms; /* from attach() to CONNACK, and for bytes that do not leave;
                                    0: 30 s */
    uint32_t back_off_base_ms;   /* 0: 1 s */
    uint32_t back_off_max_ms;    /* 0: 120 s */
    uint32_t stable_ms;          /* a connection open for so long resets the back-off; 0: 10 s */

    uint8_t *receive_room;
    size_t receive_size; /* from WAX_CLIENT_RECEIVE_SIZE_MIN on */
    uint8_t *send_room;
    size_t send_size;    /* from WAX_CLIENT_SEND_SIZE_MIN on */
    uint8_t *queue_room; /* messages and requests until they are answered */
    size_t queue_size;   /* 0: QoS 0 alone, and only with a connection */
    uint8_t *alias_room; /* topics that the server shortens */
    size_t alias_size;
    uint16_t alias_maximum;   /* MQTT 5; 0: the server shortens none */
    wax_flow *outgoing_slots; /* how many exchanges run at once; 1 or more */
    uint16_t outgoing_count;
    wax_flow *incoming_slots; /* announced as Receive Maximum; 1 or more. MQTT 3 cannot be told: */
    uint16_t incoming_count;  /* as many as the server sends at once at QoS 2 */
} wax_client_config;

typedef enum wax_client_state {
    WAX_CLIENT_WAITING,    /* for the end of the back-off */
    WAX_CLIENT_DIALING,    /* for wax_client_attach() */
    WAX_CLIENT_CONNECTING, /* for CONNACK */
    WAX_CLIENT_OPEN,
    WAX_CLIENT_CLOSING, /* the last bytes go */
    WAX_CLIENT_ENDED,   /* nothing more happens until wax_client_open() */
} wax_client_state;

typedef enum wax_client_event_type {
    WAX_CLIENT_NOTHING,
    WAX_CLIENT_WANTS_CONNECTION, /* attach() a connection now, or detach() if it cannot be made */
    WAX_CLIENT_CONNECTED, /* `connack`; without `session_present` subscriptions must be made anew */
    WAX_CLIENT_REFUSED,   /* `connack`, `reason`; the transport is the application's again */
    WAX_CLIENT_MESSAGE,   /* `publish`, `receipt`; of the payload `payload_left` is still to come */
    WAX_CLIENT_PAYLOAD,   /* `publish.payload`: the next piece; `payload_left` */
    WAX_CLIENT_SENT,      /* `token`: a QoS 0 message that waited has gone, or `status` why not */
    WAX_CLIENT_DELIVERED, /* `token`: the server has the message, or `status` and `reason` why not
                           */
    WAX_CLIENT_SUBSCRIBED,   /* `token`, `suback`; or `status` why it could not be asked */
    WAX_CLIENT_UNSUBSCRIBED, /* `token`, `suback`; or `status` why it could not be asked */
    WAX_CLIENT_AUTHENTICATE, /* `notice`; wax_client_authenticate() answers */
    WAX_CLIENT_DISCONNECTED, /* `status`, `notice` if the server said why, else its reason is 0; the
                                transport is the application's again. A new connection is asked for
                                after the back-off, unless the state is WAX_CLIENT_ENDED */
} wax_client_event_type;

/* What stands for a message that wants to be acknowledged. */
typedef struct wax_client_receipt {
    uint16_t packet_id;
    uint16_t era; /* of the connection, or of the session, that it came in */
    uint8_t owes; /* the packet that is owed; WAX_NO_PACKET: none */
} wax_client_receipt;

/* What happened. Views live until the next call with this client. */
typedef struct wax_client_event {
    uint8_t type;   /* wax_client_event_type */
    uint8_t status; /* wax_status. Of SENT, DELIVERED, SUBSCRIBED and UNSUBSCRIBED: WAX_OK;
                       WAX_TOO_LARGE or WAX_INVALID when the server announced that it does not take
                       it; WAX_CLOSED when the connection ended before; from 0x80 on `reason`.
                       Of DISCONNECTED: WAX_OK when the application wanted it; WAX_CLOSED, WAX_IO
                       or WAX_UNTRUSTED as the transport said it; from 0x80 on a reason code */
    uint8_t reason; /* the server's reason code */
    uint32_t token;
    uint32_t payload_left;
    wax_client_receipt receipt; /* for wax_client_acknowledge() */
    union {
        wax_connack connack;
        wax_publish publish;
        wax_suback suback;
        wax_notice notice;
    };
} wax_client_event;

/* One client. The fields are read by whoever likes; only this room writes them. */
typedef struct wax_client {
    const wax_client_config *config;
    wax_transport *transport; /* NULL: none is attached */
    wax_session session;
    wax_aliases aliases; /* that the server makes */
    wax_flows outgoing;
    wax_flows incoming;
    uint64_t now_ms;
    uint64_t dial_ms;     /* when the back-off ends */
    uint64_t opened_ms;   /* when the connection was accepted */
    uint64_t moved_ms;    /* when bytes last left, or there were none to leave */
    size_t receive_start; /* what came and was not dealt with: from here */
    size_t receive_end;   /* to here */
    size_t send_start;
    size_t send_end;
    size_t queue_start; /* the first message that is kept */
    size_t queue_next;  /* the first that was not sent on this connection */
    size_t queue_end;
    size_t queue_used;  /* bytes of messages that are kept */
    uint32_t send_left; /* of the payload that is going out */
    uint32_t last_token;
    uint32_t random;         /* state of the generator */
    wax_client_receipt owed; /* with `acknowledges`: what is acknowledged next */
    uint16_t connection_era;
    uint16_t session_era;
    uint16_t partial_id;   /* the QoS 2 message that is coming in pieces */
    uint8_t state;         /* wax_client_state */
    uint8_t failure_count; /* connections in a row that did not become stable */
    uint8_t end_reason;    /* for DISCONNECT */
    uint8_t broken;        /* wax_status: sending failed; what came before is still read */
    uint8_t receive_waits;
    uint8_t send_waits;
    bool is_streaming; /* `send_left` comes from wax_client_publish_more() */
    bool ends;         /* the application wants to disconnect */
    bool was_clean;    /* CONNECT asked for a new session */
    bool was_open;     /* there was a connection since wax_client_open() */
    bool drops;        /* there may be QoS 0 messages or streams to give up */
    bool skips;        /* the payload that comes belongs to a message that was told before */
} wax_client;

/* Begins a client without a connection; the first one is asked for at once. `random_seed` is any
 * number that differs between devices: it spreads their reconnections. Returns WAX_OK, or
 * WAX_INVALID when a room is smaller than its minimum, MQTT 3 has a password without a user name,
 * or `properties` leave no room in the receive buffer (30 bytes beside them), or `end_properties`
 * in the send buffer (WAX_CLIENT_SEND_SIZE_MIN beside them). Nothing is given back at the end: the
 * memory is the caller's. */
wax_status wax_client_open(wax_client *client, const wax_client_config *config,
                           uint32_t random_seed, uint64_t now_ms) WAX_CHECKED;

/* Gives the client a connection, which stays the caller's and must live until REFUSED,
 * DISCONNECTED or wax_client_detach(). A handshake may still run inside. Returns WAX_OK;
 * WAX_INVALID when there is one already or the client has ended; WAX_FULL when CONNECT does not
 * fit the send buffer: nothing is attached then. */
wax_status wax_client_attach(wax_client *client, wax_transport *transport,
                             uint64_t now_ms) WAX_CHECKED;

/* The application takes the connection away, or could not make the one that was wanted. No event
 * follows; the next connection is wanted after the back-off. */
void wax_client_detach(wax_client *client, uint64_t now_ms);

/* Moves bytes and tells what happened. Returns false when nothing is left to do for now. */
bool wax_client_poll(wax_client *client, uint64_t now_ms, wax_client_event *event);

/* When wax_client_poll() has something to do though no byte moves, or WAX_NEVER. */
uint64_t wax_client_deadline_ms(const wax_client *client);

/* What of the transport's descriptor to wait for: WAX_WAITS_TO_READ, WAX_WAITS_TO_WRITE, both, or 0
 * without a connection. */
unsigned wax_client_waits(const wax_client *client);

/* Sends a message, or keeps it until it can be sent; never waits. Topic, properties and payload are
 * copied; `packet_id` and `duplicate` are ignored. QoS 1 and 2 messages are kept until the server
 * has them, and go out again after a reconnection, in order [MQTT-4.4.0-1] [MQTT-4.6.0-1]; a server
 * that lost the session gets them as new ones. `token` names the message in SENT or DELIVERED; 0:
 * it went to the send buffer already, and nothing more is told. Returns WAX_OK; WAX_FULL when the
 * queue has no room now; WAX_TOO_LARGE when it never fits; WAX_CLOSED at QoS 0 without a
 * connection, or at the client's end; WAX_INVALID for a QoS above 2 or a topic that is empty or has
 * wildcards. */
wax_status wax_client_publish(wax_client *client, const wax_publish *publish,
                              uint32_t *token) WAX_CHECKED;

/* Begins a QoS 0 or 1 message whose payload of `payload_size` bytes comes with
 * wax_client_publish_more(); until it is complete nothing else goes out. The message is not kept:
 * a connection that ends before the server has it makes DELIVERED (at QoS 0 SENT) with WAX_CLOSED.
 * `token` is told at the end at both QoS. Returns WAX_OK; WAX_FULL when messages wait before it or
 * there is no room or slot now: poll and try again; WAX_CLOSED without a connection; WAX_TOO_LARGE
 * as the server announced or when the head never fits; WAX_INVALID as wax_client_publish(), and at
 * QoS 2. */
wax_status wax_client_publish_start(wax_client *client, const wax_publish *publish,
                                    uint32_t payload_size, uint32_t *token) WAX_CHECKED;

/* Gives the next bytes of the payload; `taken` says how many went. Returns WAX_OK when some did;
 * WAX_FULL when there is no room now: poll and try again; WAX_INVALID for more than was announced;
 * WAX_CLOSED when the connection has ended and the message with it. */
wax_status wax_client_publish_more(wax_client *client, wax_bytes bytes, size_t *taken) WAX_CHECKED;

/* Says that the message behind the receipt is safe, or with a `reason` from 0x80 on that it is
 * refused (MQTT 5). Not before its last piece came, and not with `acknowledges`. Returns WAX_OK;
 * WAX_FULL when there is no room now: poll and try again; WAX_NOT_FOUND when the connection or
 * session of the message has ended: the server sends it again. */
wax_status wax_client_acknowledge(wax_client *client, wax_client_receipt receipt,
                                  uint8_t reason) WAX_CHECKED;

/* What wax_client_subscribe() asks for. */
typedef struct wax_client_request {
    const wax_subscription *subscriptions; /* of UNSUBSCRIBE the filters alone count */
    size_t count;                          /* 1 or more */
    wax_bytes properties;                  /* MQTT 5; encoded */
} wax_client_request;

/* Asks for subscriptions, or gives them up, behind the messages that wait; without a connection the
 * request waits in the queue. It is asked again after a reconnection until it is answered. `token`
 * names it in SUBSCRIBED or UNSUBSCRIBED. Returns WAX_OK; WAX_FULL when the queue has no room now;
 * WAX_TOO_LARGE when it never fits the queue or the send buffer; WAX_CLOSED at the client's end;
 * WAX_INVALID without a filter. */
wax_status wax_client_subscribe(wax_client *client, const wax_client_request *request,
                                uint32_t *token) WAX_CHECKED;
wax_status wax_client_unsubscribe(wax_client *client, const wax_client_request *request,
                                  uint32_t *token) WAX_CHECKED;

/* Sends AUTH. Returns WAX_OK; WAX_FULL when there is no room now; WAX_TOO_LARGE as the server
 * announced; WAX_INVALID without a connection or an Authentication Method in CONNECT. */
wax_status wax_client_authenticate(wax_client *client, const wax_notice *notice) WAX_CHECKED;

/* Says good-bye when what is in the send buffer has gone, then tells DISCONNECTED with WAX_OK; what
 * waits in the queue is not sent. `reason` is WAX_REASON_SUCCESS,
 * WAX_REASON_DISCONNECT_WITH_WILL or one from 0x80 on (MQTT 5). Without a connection the client
 * just ends. */
void wax_client_disconnect(wax_client *client, uint8_t reason);

/* How many messages and requests wait in the queue for the server: to be sent, or to be answered.
 */
size_t wax_client_waiting_count(const wax_client *client);

WAX_C_END

#endif
