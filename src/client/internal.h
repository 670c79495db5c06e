/* What the files of this room share. */
#ifndef WAX_CLIENT_INTERNAL_H
#define WAX_CLIENT_INTERNAL_H

#include "client/client.h"

/* --- The queue: records one behind the other, in the order they are sent. --- */

enum wax_record_state {
    WAX_RECORD_DEAD,     /* room that is free again */
    WAX_RECORD_WAITS,    /* to be sent */
    WAX_RECORD_SENT,     /* to be answered */
    WAX_RECORD_RELEASED, /* QoS 2: the server has the message; PUBCOMP is to come */
    WAX_RECORD_STREAMED, /* the payload is not kept here */
};

/* Before every message and request: then follow its topic, properties and payload; of a request the
 * properties and encoded filters. */
typedef struct wax_record {
    uint32_t size; /* of all of it */
    uint32_t token;
    uint32_t payload_size;
    uint16_t packet_id; /* 0 until it is sent */
    uint16_t topic_size;
    uint16_t properties_size;
    uint8_t state; /* wax_record_state */
    uint8_t head;  /* the packet's first byte, without DUP */
} wax_record;

wax_record wax_queue_read(const wax_client *client, size_t at);
void wax_queue_write(wax_client *client, size_t at, const wax_record *record);

wax_packet_type wax_record_type(const wax_record *record);
uint8_t wax_record_qos(const wax_record *record);

/* The message of a record. */
wax_publish wax_queue_message(const wax_client *client, size_t at);

/* Puts a record at the end, `content` behind it; its size is set here. Payload that is not in
 * `content` is the caller's to write. Returns WAX_OK with `at`; WAX_FULL, or WAX_TOO_LARGE when it
 * never fits. */
wax_status wax_queue_append(wax_client *client, wax_record *record, wax_bytes topic,
                            wax_bytes properties, size_t *at) WAX_CHECKED;

/* The payload's room in a record. */
wax_writer wax_queue_payload(wax_client *client, size_t at);

/* Gives a record's room back. */
void wax_queue_drop(wax_client *client, size_t at);

/* Gives back all but the head of a record. */
void wax_queue_shrink(wax_client *client, size_t at);

/* The first live record from `at` on, or `queue_end`. */
size_t wax_queue_skip(const wax_client *client, size_t at);

/* The record of an exchange, or `queue_end`. */
size_t wax_queue_find(const wax_client *client, uint16_t packet_id);

/* Everything is to be sent from the start; what a lost session knew is new again. */
void wax_queue_restart(wax_client *client, bool session_present);

/* --- Bytes out --- */

/* Whether a packet may be written now. */
bool wax_client_can_write(const wax_client *client);

/* Room for packets behind those that wait to go; given back with wax_client_wrote(). */
wax_writer wax_client_out(wax_client *client);
void wax_client_wrote(wax_client *client, const wax_writer *out);

/* Offers the transport what waits. Returns whether something moved. */
bool wax_client_flush(wax_client *client);

/* Sends the next of what waits in the queue. Returns whether something moved. */
bool wax_client_pump(wax_client *client, wax_client_event *event);

/* Gives up one thing that does not outlive a connection, or notes that there is none. */
void wax_client_sweep(wax_client *client, wax_client_event *event);

/* --- Beginning and end of connections --- */

/* Ends the connection on this side; what follows is the back-off or the end. */
void wax_client_cut(wax_client *client);

/* Cuts, and tells the application why. */
void wax_client_lose(wax_client *client, wax_status status, wax_client_event *event);

/* Deals with a packet that came. Returns whether there was one. */
bool wax_client_take(wax_client *client, wax_client_event *event);

uint32_t wax_client_timeout_ms(const wax_client *client);

#endif
