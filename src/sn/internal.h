/* sn: what its files share. */
#ifndef WAX_SN_INTERNAL_H
#define WAX_SN_INTERNAL_H

#include "sn/sn.h"

/* What the message at the front of the queue waits for. */
enum delivery {
    DELIVERY_IDLE,
    DELIVERY_REGACK,  /* the device is told the topic's id */
    DELIVERY_PUBACK,  /* QoS 1: the message is out */
    DELIVERY_PUBREC,  /* QoS 2: likewise */
    DELIVERY_PUBREL,  /* QoS 2: the device has it; the broker is to say so, too */
    DELIVERY_PUBCOMP, /* QoS 2: PUBREL is out */
};

/* A message that waits for the device; topic and payload lie behind it. */
struct record {
    uint16_t payload_size;
    uint16_t packet_id;
    uint8_t topic_size;
    uint8_t qos;
    uint8_t flags; /* retain and duplicate, as PUBLISH has them */
    uint8_t unused;
};

/* --- say.c --- */

/* Sends a packet to the device; without room it is lost, as packets are. */
void wax_sn_say(const wax_sn_turn *turn, const wax_sn_packet *packet);

/* --- topics.c --- */

/* The topic behind an id, or with a name; NULL: there is none. */
wax_sn_topic *wax_sn_topic_of_id(wax_sn_client *client, uint16_t id);
wax_sn_topic *wax_sn_topic_find(wax_sn_client *client, wax_bytes name);

/* Gives a topic an id, for which another one that the device did not ask for may lose its own.
 * NULL when there is none, or the name is too long. */
wax_sn_topic *wax_sn_topic_add(wax_sn_client *client, wax_bytes name, bool is_devices);
uint16_t wax_sn_topic_id(const wax_sn_client *client, const wax_sn_topic *topic);
wax_bytes wax_sn_topic_name(const wax_sn_topic *topic);
const wax_sn_predefined *wax_sn_topic_predefined(const wax_sn_config *config, wax_bytes name);

/* The name that the topic of a PUBLISH, SUBSCRIBE or UNSUBSCRIBE stands for; a short one is written
 * to `room`. Empty: there is none. */
wax_bytes wax_sn_topic_resolve(wax_sn_client *client, const wax_sn_packet *packet,
                               uint8_t room[static 2]);

/* --- up.c: what the broker gets; false, and nothing written, without room, or unless the line is
 * open (CONNECT: opening) --- */

bool wax_sn_up_connect(wax_sn_client *client, const wax_sn_turn *turn);
bool wax_sn_up_publish(wax_sn_client *client, const wax_publish *publish, const wax_sn_turn *turn);
bool wax_sn_up_acknowledge(wax_sn_client *client, wax_packet_type type, uint16_t packet_id,
                           const wax_sn_turn *turn);
bool wax_sn_up_subscribe(wax_sn_client *client, const wax_sn_packet *packet, wax_bytes filter,
                         const wax_sn_turn *turn);
bool wax_sn_up_ping(wax_sn_client *client, const wax_sn_turn *turn);
bool wax_sn_up_disconnect(wax_sn_client *client, bool is_final, const wax_sn_turn *turn);

/* Whether the session outlives its connection, so that another Will can be brought to it. */
bool wax_sn_up_is_lasting(const wax_sn_client *client);

/* --- deliver.c --- */

/* Puts a message into the queue. False: there is no room for it now. What can never be delivered
 * is acknowledged and dropped. */
bool wax_sn_deliver_put(wax_sn_client *client, const wax_publish *publish, const wax_sn_turn *turn);

/* Drops a message that the device cannot get, and says so to the broker. */
void wax_sn_deliver_refuse(wax_sn_client *client, uint8_t qos, uint16_t packet_id,
                           const wax_sn_turn *turn);

/* Sends what can be sent. */
void wax_sn_deliver(wax_sn_client *client, const wax_sn_turn *turn);

/* The device's REGACK, PUBACK, PUBREC and PUBCOMP; the broker's PUBREL. */
void wax_sn_deliver_regack(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn);
void wax_sn_deliver_puback(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn);
void wax_sn_deliver_pubrec(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn);
void wax_sn_deliver_pubcomp(wax_sn_client *client, const wax_sn_packet *packet,
                            const wax_sn_turn *turn);
void wax_sn_deliver_release(wax_sn_client *client, uint16_t packet_id, const wax_sn_turn *turn);

/* Sends again what was not answered. False when that was often enough. */
bool wax_sn_deliver_again(wax_sn_client *client, const wax_sn_turn *turn);

/* Whatever is out counts as not sent. */
void wax_sn_deliver_rest(wax_sn_client *client);

/* Goes on after that. */
void wax_sn_deliver_resume(wax_sn_client *client, const wax_sn_turn *turn);

/* Forgets all that waits; with `keeps_qos_0` what the broker sends again. */
void wax_sn_deliver_forget(wax_sn_client *client, bool keeps_qos_0);

/* --- publish.c: what the device asks for --- */

void wax_sn_take_register(wax_sn_client *client, const wax_sn_packet *packet,
                          const wax_sn_turn *turn);
void wax_sn_take_publish(wax_sn_client *client, const wax_sn_packet *packet,
                         const wax_sn_turn *turn);
void wax_sn_take_pubrel(wax_sn_client *client, const wax_sn_packet *packet,
                        const wax_sn_turn *turn);
void wax_sn_take_subscribe(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn);

/* The broker's answers. */
void wax_sn_answer_acknowledgement(wax_sn_client *client, const wax_notice *acknowledgement,
                                   const wax_sn_turn *turn);
void wax_sn_answer_suback(wax_sn_client *client, const wax_suback *suback, wax_packet_type type,
                          const wax_sn_turn *turn);

/* --- client.c --- */

/* Ends the client; the line is cut, so that the broker publishes the Will. */
void wax_sn_give_up(wax_sn_client *client, const char *fault);

/* The broker let the client in, or not. */
void wax_sn_joined(wax_sn_client *client, bool session_present, const wax_sn_turn *turn);
void wax_sn_refused(wax_sn_client *client, uint8_t reason, const wax_sn_turn *turn);

#endif
