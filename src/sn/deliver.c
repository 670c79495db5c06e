/* Messages for the device: they wait in a queue, and one of QoS 1 or 2 is out at a time. */
#include "sn/internal.h"

#include <string.h>

/* A PUBLISH takes so much beside the payload, and every other packet less. */
enum { HEAD_SIZE_MAX = 9 };

/* --- The queue --- */

static struct record front_of(const wax_sn_client *client)
{
    struct record record;

    wax_assert(client->queue_used >= sizeof record);
    memcpy(&record, client->queue, sizeof record);
    return record;
}

static size_t size_of(const struct record *record)
{
    return sizeof *record + record->topic_size + record->payload_size;
}

static wax_bytes topic_of(const wax_sn_client *client, const struct record *record)
{
    return wax_bytes_of(client->queue + sizeof *record, record->topic_size);
}

static wax_bytes payload_of(const wax_sn_client *client, const struct record *record)
{
    return wax_bytes_of(client->queue + sizeof *record + record->topic_size, record->payload_size);
}

static void pop(wax_sn_client *client)
{
    const struct record record = front_of(client);
    size_t size = size_of(&record);

    client->queue_used -= (uint32_t)size;
    memmove(client->queue, client->queue + size, client->queue_used);
    client->is_crowded = false;
    client->refused_count = 0;
}

/* The message at the front is done with. */
static void finish(wax_sn_client *client)
{
    pop(client);
    client->delivery = DELIVERY_IDLE;
    client->retry_ms = WAX_NEVER;
}

/* --- What comes from the broker --- */

void wax_sn_deliver_refuse(wax_sn_client *client, uint8_t qos, uint16_t packet_id,
                           const wax_sn_turn *turn)
{
    client->dropped_count++;
    if (qos > 0) {
        (void)wax_sn_up_acknowledge(client, qos == 1 ? WAX_PUBACK : WAX_PUBREC, packet_id, turn);
    }
}

/* Whether it fits a packet, and its topic the table. */
static bool fits(const wax_publish *publish)
{
    return publish->payload.size + HEAD_SIZE_MAX <= WAX_SN_PACKET_MAX && publish->topic.size > 0 &&
           publish->topic.size <= WAX_SN_TOPIC_SIZE_MAX;
}

bool wax_sn_deliver_put(wax_sn_client *client, const wax_publish *publish, const wax_sn_turn *turn)
{
    struct record record = {
        .payload_size = (uint16_t)publish->payload.size,
        .packet_id = publish->packet_id,
        .topic_size = (uint8_t)publish->topic.size,
        .qos = publish->qos,
    };
    uint8_t *at = client->queue + client->queue_used;

    if (!fits(publish)) {
        client->fault = "a message is larger than a packet, or its topic is too long";
        wax_sn_deliver_refuse(client, publish->qos, publish->packet_id, turn);
        return true;
    }
    if (size_of(&record) > WAX_SN_QUEUE_SIZE - client->queue_used) {
        client->is_crowded = publish->qos > 0;
        if (publish->qos == 0) {
            client->fault = "messages of QoS 0 are dropped: more of them wait than there is room";
            client->dropped_count++;
        }
        return publish->qos == 0;
    }
    record.flags = (uint8_t)((publish->retain ? WAX_SN_RETAIN : 0U) |
                             (publish->duplicate ? WAX_SN_DUPLICATE : 0U));
    memcpy(at, &record, sizeof record);
    memcpy(at + sizeof record, publish->topic.data, publish->topic.size);
    if (publish->payload.size > 0) {
        memcpy(at + sizeof record + publish->topic.size, publish->payload.data,
               publish->payload.size);
    }
    client->queue_used += (uint32_t)size_of(&record);
    return true;
}

/* --- What goes to the device --- */

static void await(wax_sn_client *client, enum delivery what, const wax_sn_turn *turn)
{
    if (client->delivery != what) {
        client->retry_count = 0;
    }
    client->delivery = (uint8_t)what;
    client->retry_ms = turn->now_ms + client->config->retry_ms;
}

static void ask_to_register(wax_sn_client *client, const wax_sn_topic *topic,
                            const wax_sn_turn *turn)
{
    if (client->delivery != DELIVERY_REGACK) {
        client->last_id = client->last_id == UINT16_MAX ? 1 : (uint16_t)(client->last_id + 1);
        client->delivery_id = client->last_id;
    }
    wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_REGISTER,
                                      .topic_id = wax_sn_topic_id(client, topic),
                                      .message_id = client->delivery_id,
                                      .data = wax_sn_topic_name(topic)});
    await(client, DELIVERY_REGACK, turn);
}

/* How the device knows a topic: the flags and the id. A topic without an id gets one, of which it
 * may know nothing yet: `topic` is its place. False when there is none to give. */
static bool name_topic(wax_sn_client *client, wax_bytes name, wax_sn_packet *packet,
                       wax_sn_topic **topic)
{
    const wax_sn_predefined *predefined;

    *topic = wax_sn_topic_find(client, name);
    predefined = *topic == NULL ? wax_sn_topic_predefined(client->config, name) : NULL;
    if (predefined != NULL) {
        packet->flags |= WAX_SN_TOPIC_PREDEFINED;
        packet->topic_id = predefined->id;
        return true;
    }
    if (*topic == NULL && name.size == 2) {
        packet->flags |= WAX_SN_TOPIC_SHORT;
        packet->topic_id = (uint16_t)(name.data[0] << 8 | name.data[1]);
        return true;
    }
    *topic = *topic == NULL ? wax_sn_topic_add(client, name, false) : *topic;
    if (*topic == NULL) {
        return false;
    }
    packet->topic_id = wax_sn_topic_id(client, *topic);
    return true;
}

/* Sends the message at the front, or asks the device to learn its topic. */
static void send_front(wax_sn_client *client, const wax_sn_turn *turn)
{
    const struct record record = front_of(client);
    wax_sn_topic *topic;
    wax_sn_packet packet = {
        .type = WAX_SN_PUBLISH,
        .flags = (uint8_t)(record.flags | (unsigned)record.qos << 5),
        .message_id = record.packet_id,
        .data = payload_of(client, &record),
    };

    if (!name_topic(client, topic_of(client, &record), &packet, &topic)) {
        client->fault = "a message is dropped: the device has registered all the topics it may";
        wax_sn_deliver_refuse(client, record.qos, record.packet_id, turn);
        finish(client);
        return;
    }
    if (topic != NULL && !topic->is_known) {
        ask_to_register(client, topic, turn);
        return;
    }
    wax_sn_say(turn, &packet);
    if (record.qos == 0) {
        finish(client);
        return;
    }
    client->delivery_id = record.packet_id;
    await(client, record.qos == 1 ? DELIVERY_PUBACK : DELIVERY_PUBREC, turn);
}

static void say_release(wax_sn_client *client, const wax_sn_turn *turn)
{
    wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PUBREL, .message_id = client->delivery_id});
    await(client, DELIVERY_PUBCOMP, turn);
}

/* Whether the largest packet has room, and its answer to the broker. */
static bool has_room(const wax_sn_turn *turn)
{
    return wax_writer_left(turn->down) >= WAX_SN_PACKET_MAX &&
           wax_writer_left(turn->up) >= HEAD_SIZE_MAX;
}

void wax_sn_deliver(wax_sn_client *client, const wax_sn_turn *turn)
{
    bool is_up = (client->state == WAX_SN_ACTIVE || client->state == WAX_SN_AWAKE) &&
                 client->line == WAX_SN_LINE_OPEN;

    client->has_more = false;
    while (is_up && client->delivery == DELIVERY_IDLE && client->queue_used > 0) {
        if (!has_room(turn)) {
            client->has_more = true;
            return;
        }
        send_front(client, turn);
    }
    if (client->state == WAX_SN_AWAKE && client->delivery == DELIVERY_IDLE) {
        client->state = WAX_SN_ASLEEP; /* it has all that waited [6.14] */
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PINGRESP});
    }
}

/* --- What the device says to that --- */

void wax_sn_deliver_regack(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn)
{
    struct record record;
    wax_sn_topic *topic = wax_sn_topic_of_id(client, packet->topic_id);

    if (client->delivery != DELIVERY_REGACK || packet->message_id != client->delivery_id) {
        return;
    }
    client->delivery = DELIVERY_IDLE;
    if (packet->code == WAX_SN_ACCEPTED && topic != NULL) {
        topic->is_known = true;
    } else {
        record = front_of(client);
        client->fault = "a message is dropped: the device does not take its topic";
        wax_sn_deliver_refuse(client, record.qos, record.packet_id, turn);
        finish(client);
    }
    wax_sn_deliver(client, turn);
}

/* The device does not know what the id stands for: it is told again, but not for ever. */
static bool forget_topic(wax_sn_client *client, uint16_t topic_id)
{
    wax_sn_topic *topic = wax_sn_topic_of_id(client, topic_id);

    if (topic != NULL) {
        topic->is_known = false;
    }
    return topic != NULL && client->refused_count++ < client->config->retries_max;
}

void wax_sn_deliver_puback(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn)
{
    bool is_mine = (client->delivery == DELIVERY_PUBACK || client->delivery == DELIVERY_PUBREC) &&
                   packet->message_id == client->delivery_id;
    struct record record;

    if (packet->code == WAX_SN_INVALID_TOPIC && forget_topic(client, packet->topic_id) && is_mine) {
        wax_sn_deliver_rest(client);
    } else if (is_mine) {
        record = front_of(client);
        if (packet->code != WAX_SN_ACCEPTED) {
            client->fault = "the device does not take a message";
            wax_sn_deliver_refuse(client, record.qos, record.packet_id, turn);
        } else if (record.qos == 1) {
            (void)wax_sn_up_acknowledge(client, WAX_PUBACK, record.packet_id, turn);
        } else {
            return; /* an acceptance of QoS 2 is PUBREC */
        }
        finish(client);
    }
    wax_sn_deliver(client, turn);
}

void wax_sn_deliver_pubrec(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn)
{
    if (packet->message_id != client->delivery_id) {
        return;
    }
    if (client->delivery == DELIVERY_PUBREC &&
        wax_sn_up_acknowledge(client, WAX_PUBREC, client->delivery_id, turn)) {
        pop(client);
        client->delivery = DELIVERY_PUBREL;
        client->retry_ms = WAX_NEVER;
    } else if (client->delivery == DELIVERY_PUBCOMP) {
        say_release(client, turn);
    }
}

void wax_sn_deliver_release(wax_sn_client *client, uint16_t packet_id, const wax_sn_turn *turn)
{
    if (client->delivery == DELIVERY_PUBREL && packet_id == client->delivery_id) {
        say_release(client, turn);
        return;
    }
    /* Of an exchange that this gateway knows nothing of: the device may. */
    wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PUBREL, .message_id = packet_id});
    (void)wax_sn_up_acknowledge(client, WAX_PUBCOMP, packet_id, turn);
}

void wax_sn_deliver_pubcomp(wax_sn_client *client, const wax_sn_packet *packet,
                            const wax_sn_turn *turn)
{
    if (client->delivery == DELIVERY_PUBCOMP && packet->message_id == client->delivery_id &&
        wax_sn_up_acknowledge(client, WAX_PUBCOMP, client->delivery_id, turn)) {
        client->delivery = DELIVERY_IDLE;
        client->retry_ms = WAX_NEVER;
        wax_sn_deliver(client, turn);
    }
}

/* --- Again --- */

/* The message at the front goes out as one that may have come before. */
static void mark_duplicate(wax_sn_client *client)
{
    struct record record = front_of(client);

    if (record.qos > 0) {
        record.flags |= WAX_SN_DUPLICATE;
        memcpy(client->queue, &record, sizeof record);
    }
}

bool wax_sn_deliver_again(wax_sn_client *client, const wax_sn_turn *turn)
{
    if (client->retry_count >= client->config->retries_max) {
        return false;
    }
    client->retry_count++;
    if (client->delivery == DELIVERY_PUBCOMP) {
        say_release(client, turn);
        return true;
    }
    if (client->delivery != DELIVERY_REGACK) {
        mark_duplicate(client);
    }
    send_front(client, turn);
    return true;
}

void wax_sn_deliver_rest(wax_sn_client *client)
{
    client->retry_ms = WAX_NEVER;
    client->retry_count = 0;
    if (client->delivery == DELIVERY_PUBACK || client->delivery == DELIVERY_PUBREC) {
        mark_duplicate(client);
        client->delivery = DELIVERY_IDLE;
    } else if (client->delivery == DELIVERY_REGACK) {
        client->delivery = DELIVERY_IDLE;
    }
}

void wax_sn_deliver_resume(wax_sn_client *client, const wax_sn_turn *turn)
{
    wax_sn_deliver_rest(client);
    if (client->delivery == DELIVERY_PUBCOMP) {
        say_release(client, turn);
    }
    wax_sn_deliver(client, turn);
}

void wax_sn_deliver_forget(wax_sn_client *client, bool keeps_qos_0)
{
    size_t at = 0;
    size_t kept = 0;

    while (at < client->queue_used) {
        struct record record;
        size_t size;

        memcpy(&record, client->queue + at, sizeof record);
        size = size_of(&record);
        if (keeps_qos_0 && record.qos == 0) {
            memmove(client->queue + kept, client->queue + at, size);
            kept += size;
        }
        at += size;
    }
    client->queue_used = (uint32_t)kept;
    client->delivery = DELIVERY_IDLE;
    client->retry_ms = WAX_NEVER;
    client->is_crowded = false;
}
