/* What the files of this room share. */
#ifndef WAX_SESSION_INTERNAL_H
#define WAX_SESSION_INTERNAL_H

#include "session/session.h"

/* What a packet does to an exchange. */
typedef struct wax_step {
    uint8_t waits;  /* wax_wait before */
    uint8_t meets;  /* the packet */
    uint8_t reason; /* which reasons it is about: any, good or bad */
    uint8_t next;   /* wax_wait after */
    uint8_t event;  /* what the application hears */
    uint8_t owes;   /* what the application must order */
    uint8_t answer; /* what is sent at once */
} wax_step;

/* The step for a packet that came; NULL if it means nothing here. */
const wax_step *wax_step_on_packet(uint8_t waits, wax_packet_type packet, uint8_t reason);

/* The step that the application orders; NULL if there is nothing to order. */
const wax_step *wax_step_on_order(uint8_t waits, wax_packet_type packet, uint8_t reason);

/* Takes the next packet id and a slot for it. NULL without a free slot. [MQTT-2.2.1-3] */
wax_flow *wax_flows_take(wax_flows *flows, uint8_t waits);

/* The incoming exchange with this id, or NULL. */
wax_flow *wax_flows_incoming(const wax_flows *flows, uint16_t packet_id);

/* A slot for a new incoming exchange, or NULL. */
wax_flow *wax_flows_admit(wax_flows *flows, uint16_t packet_id, uint8_t waits);

/* Puts the exchange into the state that a step leads to, and frees it at the end. */
void wax_flows_step(wax_flows *flows, wax_flow *flow, uint8_t waits);

/* Counts an exchange that is not counted on this connection yet; takes it out of the count. */
void wax_flow_count(wax_flow *flow, uint16_t *count);
void wax_flow_discount(wax_flow *flow, uint16_t *count);

/* A new connection begins: nothing was sent or received on it. [MQTT 5.0, 4.9] */
void wax_flows_reconnect(wax_flows *flows);

/* Forgets SUBSCRIBE and UNSUBSCRIBE, which do not outlive their connection. */
void wax_flows_drop_requests(wax_flows *flows);

/* The topic of an alias; empty if unknown. */
wax_bytes wax_aliases_topic(const wax_aliases *aliases, uint16_t alias);

/* The alias of a topic; 0 if it has none. */
uint16_t wax_aliases_find(const wax_aliases *aliases, wax_bytes topic);

/* Lets the alias stand for the topic from now on. Returns WAX_CROWDED without room, and then
 * nothing changed. [MQTT-3.3.2-12] */
wax_status wax_aliases_set(wax_aliases *aliases, uint16_t alias, wax_bytes topic);

/* Takes back the alias that was made last, if it is this one. */
void wax_aliases_forget(wax_aliases *aliases, uint16_t alias);

/* Whether the peer takes a packet of this size. [MQTT-3.1.2-24] [MQTT-3.2.2-15] */
bool wax_session_fits(const wax_session *session, size_t packet_size);

/* The same for a packet of a head and a body of this size. */
bool wax_session_fits_body(const wax_session *session, size_t body_size);

/* Forgets all exchanges of both directions. */
void wax_session_clear(wax_session *session);

/* Notes what the other end announced in its CONNECT or CONNACK. */
void wax_session_heed(wax_session *session, wax_bytes properties);

/* Tells the peer why, if it may be told, and closes. */
void wax_session_fail(wax_session *session, wax_status status, wax_writer *out);

#endif
