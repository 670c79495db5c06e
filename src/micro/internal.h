/* What the files of this room share. */
#ifndef WAX_MICRO_INTERNAL_H
#define WAX_MICRO_INTERNAL_H

#include "micro/micro.h"

/* The version that CONNECT says; without MQTT 5 there is one alone. */
#define WAX_MICRO_VERSION(micro) (WAX_MQTT5 ? (micro)->config->connect.version : WAX_VERSION_3_1_1)

/* Makes a packet of the body that was written from `start` on; without room for all of it nothing
 * stays written. Returns WAX_OK, WAX_FULL, or WAX_TOO_LARGE when it never fits. */
wax_status wax_micro_send(wax_micro *micro, size_t start, wax_packet_type type, uint8_t flags);

/* The same for a packet that is written already. */
wax_status wax_micro_wrote(wax_micro *micro, size_t start);

/* Writes PUBACK, PUBREC, PUBREL or PUBCOMP, with success. */
wax_status wax_micro_acknowledge(wax_micro *micro, wax_packet_type type, uint16_t packet_id);

/* What the exchange of this id waits for: a packet type, or 0. NULL for an id we never gave. */
uint8_t *wax_micro_exchange(const wax_micro *micro, uint16_t packet_id);

/* The first id whose exchange is free; one that we never gave if none is. */
uint16_t wax_micro_free_id(const wax_micro *micro);

/* Deals with the CONNACK that is in the event. */
wax_status wax_micro_judge_connack(wax_micro *micro, wax_micro_event *event);

/* MQTT 5 alone: deals with DISCONNECT; tells the server why the connection ends. */
wax_status wax_micro_take_disconnect(const wax_packet *packet, wax_micro_event *event);
void wax_micro_fail(wax_micro *micro, wax_status status);

#endif
