/* What comes in. */
#include "micro/internal.h"

#include <string.h>

/* What deals with packets once the connection is open. */
typedef wax_status judge_function(wax_micro *micro, const wax_packet *packet,
                                  wax_micro_event *event);

/* Ends the exchange of this id if it waits for this packet. */
static bool end_exchange(wax_micro *micro, wax_packet_type type, uint16_t packet_id)
{
    uint8_t *waits = wax_micro_exchange(micro, packet_id);

    if (waits == NULL || *waits != type) {
        return false;
    }
    *waits = WAX_NO_PACKET;
    return true;
}

/* PUBREC that is no failure: the server has the message, whether we remember it or not.
 * [MQTT-4.3.3-4] */
static wax_status release(wax_micro *micro, uint16_t packet_id)
{
    uint8_t *waits = wax_micro_exchange(micro, packet_id);

    if (waits != NULL && *waits == WAX_PUBREC) {
        *waits = WAX_PUBCOMP;
    }
    return wax_micro_acknowledge(micro, WAX_PUBREL, packet_id);
}

/* The place of a QoS 2 message that came, or with 0 a free one; NULL if there is none. */
static uint16_t *find_receiving(const wax_micro *micro, uint16_t packet_id)
{
    uint16_t *at = micro->config->receiving;

    for (unsigned i = micro->config->receiving_count; i > 0; i--, at++) {
        if (*at == packet_id) {
            return at;
        }
    }
    return NULL;
}

/* PUBREL ends a QoS 2 message that came. [MQTT-4.3.3-11] */
static wax_status complete(wax_micro *micro, uint16_t packet_id)
{
    uint16_t *place = find_receiving(micro, packet_id);

    if (place != NULL) {
        *place = 0;
    }
    return wax_micro_acknowledge(micro, WAX_PUBCOMP, packet_id);
}

static wax_status judge_answer(wax_micro *micro, const wax_packet *packet, wax_micro_event *event)
{
    wax_packet_type type = packet->type;
    wax_notice got;
    wax_status status = WAX_PROTOCOL_ERROR;

    if (type >= WAX_PUBACK && type <= WAX_PUBCOMP) {
        status = wax_notice_read(&got, packet);
    }
    if (status != WAX_OK) {
        return status;
    }
    if (type == WAX_PUBREL) {
        return complete(micro, got.packet_id);
    }
    if (type == WAX_PUBREC && got.reason < 0x80) {
        return release(micro, got.packet_id);
    }
    if (end_exchange(micro, type, got.packet_id)) {
        if (WAX_MQTT5 && micro->sent_count > 0) {
            micro->sent_count--;
        }
        event->type = WAX_MICRO_DELIVERED;
        event->reason = got.reason;
        event->packet_id = got.packet_id;
    }
    return WAX_OK; /* an answer to a question nobody remembers is nothing */
}

/* A QoS 2 message is told once, however often it comes. [MQTT-4.3.3-10] */
static wax_status take_exactly_once(wax_micro *micro, uint16_t packet_id, wax_micro_event *event)
{
    uint16_t *place = find_receiving(micro, packet_id);

    if (place != NULL) {
        return wax_micro_acknowledge(micro, WAX_PUBREC, packet_id);
    }
    place = find_receiving(micro, 0);
    if (place == NULL) {
        return WAX_RECEIVE_MAXIMUM_EXCEEDED; /* [MQTT-3.3.4-8] */
    }
    *place = packet_id;
    micro->owed = WAX_PUBREC;
    event->type = WAX_MICRO_MESSAGE;
    return WAX_OK;
}

static wax_status take_publish(wax_micro *micro, const wax_packet *packet, wax_micro_event *event)
{
    wax_version version = WAX_MICRO_VERSION(micro);
    wax_publish *publish = &event->publish;
    wax_status status = wax_publish_read(publish, packet);

    if (status == WAX_OK && WAX_IS_MQTT5(version) && publish->properties.size > 0 &&
        wax_property_number(publish->properties, WAX_TOPIC_ALIAS, 0) != 0) {
        status = WAX_BAD_ALIAS; /* none were allowed [MQTT-3.3.2-9] */
    }
    if (status != WAX_OK) {
        return status;
    }
    micro->owed_id = publish->packet_id;
    if (publish->qos == 2) {
        return take_exactly_once(micro, publish->packet_id, event);
    }
    micro->owed = publish->qos == 1 ? WAX_PUBACK : WAX_NO_PACKET; /* [MQTT-4.3.2-4] */
    event->type = WAX_MICRO_MESSAGE;
    return WAX_OK;
}

static wax_status take_suback(wax_micro *micro, const wax_packet *packet, wax_micro_event *event)
{
    wax_suback *suback = &event->suback;
    wax_status status = wax_suback_read(suback, packet);

    if (status == WAX_OK && end_exchange(micro, packet->type, suback->packet_id)) {
        event->type = WAX_MICRO_SUBSCRIBED;
        event->packet_id = suback->packet_id;
    }
    return status;
}

static wax_status judge_all(wax_micro *micro, const wax_packet *packet, wax_micro_event *event)
{
    switch ((int)packet->type) {
    case WAX_PUBLISH:
        return take_publish(micro, packet, event);
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        return take_suback(micro, packet, event);
    default:
        return judge_answer(micro, packet, event);
    }
}

/* Messages outlive a connection where the server resumes the session; SUBSCRIBE and UNSUBSCRIBE
 * do not. */
static void forget(const wax_micro_config *config, bool resumes)
{
    for (unsigned i = 0; i < config->sending_count; i++) {
        if (!resumes || config->sending[i] > WAX_PUBCOMP) {
            config->sending[i] = WAX_NO_PACKET;
        }
    }
    if (!resumes) {
        memset(config->receiving, 0, config->receiving_count * sizeof *config->receiving);
    }
}

/* Nothing else may come first. [MQTT-3.2.0-1] */
static wax_status take_connack(wax_micro *micro, const wax_packet *packet, wax_micro_event *event)
{
    wax_status status = WAX_PROTOCOL_ERROR;

    if (packet->type == WAX_CONNACK) {
        status = wax_connack_read(&event->connack, packet);
    }
    if (status == WAX_OK) {
        status = wax_micro_judge_connack(micro, event);
    }
    if (status == WAX_OK) {
        forget(micro->config, event->connack.session_present);
    }
    return status;
}

/* Takes the next packet, if all of it is there, and judges it by where the connection stands. */
static wax_status take(wax_micro *micro, wax_micro_event *event, judge_function *judge)
{
    const wax_micro_config *config = micro->config;
    wax_reader in = {.at = config->receive_room,
                     .end = config->receive_room + micro->received_size};
    wax_packet packet;
    wax_status status =
        wax_packet_read(&packet, &in, WAX_MICRO_VERSION(micro), config->receive_size);

    if (status != WAX_OK) {
        return status;
    }
    micro->taken_size = (size_t)(in.at - config->receive_room);
    if (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro)) && packet.type == WAX_DISCONNECT) {
        return wax_micro_take_disconnect(&packet, event);
    }
    if (!micro->is_open) {
        return take_connack(micro, &packet, event);
    }
    if (packet.type == WAX_PINGRESP) {
        micro->is_asked = false;
        return WAX_OK;
    }
    return judge(micro, &packet, event);
}

wax_status wax_micro_take_answers(wax_micro *micro, wax_micro_event *event)
{
    return take(micro, event, judge_answer);
}

wax_status wax_micro_take_all(wax_micro *micro, wax_micro_event *event)
{
    uint8_t owed = micro->owed;

    if (owed != WAX_NO_PACKET) {
        micro->owed = WAX_NO_PACKET;
        return wax_micro_acknowledge(micro, (wax_packet_type)owed, micro->owed_id);
    }
    return take(micro, event, judge_all);
}
