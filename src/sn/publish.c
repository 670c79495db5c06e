/* What the device asks for, and the broker's answers to that. Message ids are packet ids: what is
 * acknowledged was acknowledged by the broker. */
#include "sn/internal.h"

#include "router/router.h"

/* --- Exchanges --- */

/* The exchange with this message id, or, for 0, a free one; NULL: there is none. */
static wax_sn_exchange *find(wax_sn_client *client, uint16_t message_id)
{
    for (size_t i = 0; i < WAX_SN_EXCHANGES_MAX; i++) {
        if (client->exchanges[i].message_id == message_id) {
            return &client->exchanges[i];
        }
    }
    return NULL;
}

static size_t unanswered_count(const wax_sn_client *client)
{
    size_t count = 0;

    for (size_t i = 0; i < WAX_SN_EXCHANGES_MAX; i++) {
        count += client->exchanges[i].message_id != 0 ? 1 : 0;
    }
    return count;
}

static uint64_t hash_of(const wax_sn_client *client, const wax_sn_packet *packet)
{
    return wax_hash(client->config->hash_key, packet->data) ^ packet->topic_id;
}

/* Whether a QoS 2 message was taken to its end already, and the network brings it again. */
static bool is_done(const wax_sn_client *client, const wax_sn_packet *packet, uint64_t now_ms)
{
    for (size_t i = 0; i < WAX_SN_EXCHANGES_MAX; i++) {
        const wax_sn_done *done = &client->done[i];

        if (done->message_id == packet->message_id && now_ms < done->until_ms &&
            done->hash == hash_of(client, packet)) {
            return true;
        }
    }
    return false;
}

static void note_done(wax_sn_client *client, const wax_sn_exchange *exchange, uint64_t now_ms)
{
    client->done[client->done_next] = (wax_sn_done){
        .message_id = exchange->message_id,
        .hash = exchange->hash,
        .until_ms = now_ms + client->config->retry_ms,
    };
    client->done_next = (client->done_next + 1) % WAX_SN_EXCHANGES_MAX;
}

/* --- Topics --- */

static uint8_t judge_topic(wax_bytes name)
{
    if (!wax_utf8_is_valid(name) || !wax_topic_is_valid(name)) {
        return WAX_SN_INVALID_TOPIC;
    }
    return name.size > WAX_SN_TOPIC_SIZE_MAX ? WAX_SN_NOT_SUPPORTED : WAX_SN_ACCEPTED;
}

void wax_sn_take_register(wax_sn_client *client, const wax_sn_packet *packet,
                          const wax_sn_turn *turn)
{
    wax_sn_packet answer = {
        .type = WAX_SN_REGACK,
        .message_id = packet->message_id,
        .code = judge_topic(packet->data),
    };
    wax_sn_topic *topic =
        answer.code == WAX_SN_ACCEPTED ? wax_sn_topic_add(client, packet->data, true) : NULL;

    if (topic != NULL) {
        topic->is_known = true;
        answer.topic_id = wax_sn_topic_id(client, topic);
    } else if (answer.code == WAX_SN_ACCEPTED) {
        answer.code = WAX_SN_CONGESTION;
    }
    wax_sn_say(turn, &answer);
}

/* --- Messages --- */

static void say_puback(const wax_sn_packet *packet, uint8_t code, const wax_sn_turn *turn)
{
    if ((packet->flags & WAX_SN_QOS) != WAX_SN_QOS_LESS) {
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PUBACK,
                                          .topic_id = packet->topic_id,
                                          .message_id = packet->message_id,
                                          .code = code});
    }
}

/* Whether the broker announced that it takes such a message. */
static bool is_taken(const wax_sn_client *client, const wax_publish *publish)
{
    return publish->qos <= client->peer_maximum_qos && (client->peer_retains || !publish->retain) &&
           wax_publish_size(publish, client->config->version) <= client->peer_packet_max;
}

static void forward(wax_sn_client *client, const wax_publish *publish, const wax_sn_turn *turn)
{
    if (!is_taken(client, publish) || !wax_sn_up_publish(client, publish, turn)) {
        client->fault = "a message of QoS 0 is dropped: the broker does not take it, or not now";
        client->dropped_count++;
    }
}

/* What an exchange that runs already makes of its message when it comes again. */
static void say_again(const wax_sn_exchange *exchange, const wax_sn_packet *packet,
                      const wax_sn_turn *turn)
{
    if (exchange->waits == WAX_PUBREL && (packet->flags & WAX_SN_QOS) == WAX_SN_QOS_2) {
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PUBREC, .message_id = packet->message_id});
    }
}

static void begin_exchange(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_publish *publish, const wax_sn_turn *turn)
{
    wax_sn_exchange *exchange = find(client, packet->message_id);

    if (packet->message_id == 0 || !is_taken(client, publish)) {
        say_puback(packet, WAX_SN_NOT_SUPPORTED, turn);
        return;
    }
    if (exchange != NULL) {
        say_again(exchange, packet, turn);
        return;
    }
    if (publish->qos == 2 && is_done(client, packet, turn->now_ms)) {
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_PUBREC, .message_id = packet->message_id});
        return;
    }
    exchange = find(client, 0);
    if (exchange == NULL || unanswered_count(client) >= client->peer_receive_maximum ||
        !wax_sn_up_publish(client, publish, turn)) {
        say_puback(packet, WAX_SN_CONGESTION, turn);
        return;
    }
    *exchange = (wax_sn_exchange){
        .message_id = packet->message_id,
        .topic_id = packet->topic_id,
        .waits = publish->qos == 1 ? WAX_PUBACK : WAX_PUBREC,
        .hash = hash_of(client, packet),
    };
}

void wax_sn_take_publish(wax_sn_client *client, const wax_sn_packet *packet,
                         const wax_sn_turn *turn)
{
    uint8_t room[2];
    uint8_t qos = (uint8_t)((packet->flags & WAX_SN_QOS) >> 5);
    wax_publish publish = {
        .topic = wax_sn_topic_resolve(client, packet, room),
        .payload = packet->data,
        .qos = qos == 3 ? 0 : qos,
        .retain = (packet->flags & WAX_SN_RETAIN) != 0,
        .packet_id = qos == 1 || qos == 2 ? packet->message_id : 0,
    };

    publish.duplicate = publish.qos > 0 && (packet->flags & WAX_SN_DUPLICATE) != 0;
    if (client->line != WAX_SN_LINE_OPEN) {
        return; /* the broker is being reached again; what counts comes again */
    }
    if (judge_topic(publish.topic) != WAX_SN_ACCEPTED) {
        say_puback(packet, WAX_SN_INVALID_TOPIC, turn);
        return;
    }
    if (publish.qos == 0) {
        forward(client, &publish, turn);
    } else {
        begin_exchange(client, packet, &publish, turn);
    }
}

void wax_sn_take_pubrel(wax_sn_client *client, const wax_sn_packet *packet, const wax_sn_turn *turn)
{
    wax_sn_exchange *exchange = packet->message_id == 0 ? NULL : find(client, packet->message_id);

    if (client->line != WAX_SN_LINE_OPEN) {
        return;
    }
    if (exchange == NULL) {
        wax_sn_say(turn,
                   &(wax_sn_packet){.type = WAX_SN_PUBCOMP, .message_id = packet->message_id});
    } else if (exchange->waits == WAX_PUBREL &&
               wax_sn_up_acknowledge(client, WAX_PUBREL, packet->message_id, turn)) {
        exchange->waits = WAX_PUBCOMP;
    }
}

/* --- Subscriptions --- */

static void say_unsubscribed(const wax_sn_packet *packet, uint8_t code, const wax_sn_turn *turn)
{
    if (packet->type == WAX_SN_SUBSCRIBE) {
        wax_sn_say(turn, &(wax_sn_packet){.type = WAX_SN_SUBACK,
                                          .message_id = packet->message_id,
                                          .code = code});
    } else if (code != WAX_SN_CONGESTION) { /* it has no code: the device asks again */
        wax_sn_say(turn,
                   &(wax_sn_packet){.type = WAX_SN_UNSUBACK, .message_id = packet->message_id});
    }
}

static uint8_t judge_filter(const wax_sn_packet *packet, wax_bytes filter)
{
    wax_bytes share_name;
    wax_bytes rest;

    if (packet->message_id == 0 || (packet->flags & WAX_SN_QOS) == WAX_SN_QOS_LESS) {
        return WAX_SN_NOT_SUPPORTED;
    }
    if (filter.size == 0 || !wax_utf8_is_valid(filter) ||
        wax_filter_split_shared(filter, &share_name, &rest) != WAX_OK ||
        !wax_filter_is_valid(rest)) {
        return WAX_SN_INVALID_TOPIC;
    }
    return filter.size > WAX_SN_TOPIC_SIZE_MAX ? WAX_SN_NOT_SUPPORTED : WAX_SN_ACCEPTED;
}

/* The id by which messages will come; 0 where each of them tells its own, or needs none. */
static uint8_t choose_id(wax_sn_client *client, const wax_sn_packet *packet, wax_bytes filter,
                         uint16_t *topic_id)
{
    uint8_t kind = packet->flags & WAX_SN_TOPIC;
    const wax_sn_topic *topic;

    *topic_id = kind == WAX_SN_TOPIC_PREDEFINED ? packet->topic_id : 0;
    if (packet->type != WAX_SN_SUBSCRIBE || kind != WAX_SN_TOPIC_NAME ||
        wax_topic_has_wildcard(filter) || wax_bytes_start_with(filter, WAX_TEXT("$share/"))) {
        return WAX_SN_ACCEPTED;
    }
    topic = wax_sn_topic_add(client, filter, true);
    *topic_id = topic == NULL ? 0 : wax_sn_topic_id(client, topic);
    return topic == NULL ? WAX_SN_CONGESTION : WAX_SN_ACCEPTED;
}

void wax_sn_take_subscribe(wax_sn_client *client, const wax_sn_packet *packet,
                           const wax_sn_turn *turn)
{
    uint8_t room[2];
    wax_bytes filter = wax_sn_topic_resolve(client, packet, room);
    uint8_t code = judge_filter(packet, filter);
    wax_sn_exchange *exchange;
    uint16_t topic_id = 0;

    if (client->line != WAX_SN_LINE_OPEN ||
        (packet->message_id != 0 && find(client, packet->message_id) != NULL)) {
        return; /* later, or it is being answered */
    }
    exchange = find(client, 0);
    if (code == WAX_SN_ACCEPTED && exchange == NULL) {
        code = WAX_SN_CONGESTION;
    }
    if (code == WAX_SN_ACCEPTED) {
        code = choose_id(client, packet, filter, &topic_id);
    }
    if (code == WAX_SN_ACCEPTED && !wax_sn_up_subscribe(client, packet, filter, turn)) {
        code = WAX_SN_CONGESTION;
    }
    if (code != WAX_SN_ACCEPTED) {
        say_unsubscribed(packet, code, turn);
        return;
    }
    client->has_subscribed = client->has_subscribed || packet->type == WAX_SN_SUBSCRIBE;
    *exchange = (wax_sn_exchange){
        .message_id = packet->message_id,
        .topic_id = topic_id,
        .waits = packet->type == WAX_SN_SUBSCRIBE ? WAX_SUBACK : WAX_UNSUBACK,
        .is_name = (packet->flags & WAX_SN_TOPIC) == WAX_SN_TOPIC_NAME,
    };
}

/* --- The broker's answers --- */

static uint8_t code_of(uint8_t reason)
{
    if (reason < 0x80) {
        return WAX_SN_ACCEPTED;
    }
    return reason == WAX_QUOTA_EXCEEDED ? WAX_SN_CONGESTION : WAX_SN_NOT_SUPPORTED;
}

void wax_sn_answer_acknowledgement(wax_sn_client *client, const wax_notice *acknowledgement,
                                   const wax_sn_turn *turn)
{
    wax_sn_exchange *exchange = find(client, acknowledgement->packet_id);
    wax_sn_packet answer = {.message_id = acknowledgement->packet_id};

    if (exchange == NULL || exchange->waits != acknowledgement->type) {
        return;
    }
    if (acknowledgement->type == WAX_PUBREC && acknowledgement->reason < 0x80) {
        answer.type = WAX_SN_PUBREC;
        exchange->waits = WAX_PUBREL;
    } else if (acknowledgement->type == WAX_PUBCOMP) {
        answer.type = WAX_SN_PUBCOMP;
        note_done(client, exchange, turn->now_ms);
        exchange->message_id = 0;
    } else {
        answer.type = WAX_SN_PUBACK;
        answer.topic_id = exchange->topic_id;
        answer.code = code_of(acknowledgement->reason);
        exchange->message_id = 0;
    }
    wax_sn_say(turn, &answer);
}

void wax_sn_answer_suback(wax_sn_client *client, const wax_suback *suback, wax_packet_type type,
                          const wax_sn_turn *turn)
{
    wax_sn_exchange *exchange = find(client, suback->packet_id);
    uint8_t reason = suback->reasons.size == 0 ? 0 : suback->reasons.data[0];
    wax_sn_packet answer = {.type = WAX_SN_UNSUBACK, .message_id = suback->packet_id};
    wax_sn_topic *topic;

    if (exchange == NULL || exchange->waits != (uint8_t)type) {
        return;
    }
    if (type == WAX_SUBACK) {
        answer.type = WAX_SN_SUBACK;
        answer.code = code_of(reason);
        answer.flags = (uint8_t)(reason < 3 ? (unsigned)reason << 5 : 0U);
        answer.topic_id = reason < 0x80 ? exchange->topic_id : 0;
        topic = exchange->is_name ? wax_sn_topic_of_id(client, exchange->topic_id) : NULL;
        if (topic != NULL && reason < 0x80) {
            topic->is_known = true;
        }
    }
    exchange->message_id = 0;
    wax_sn_say(turn, &answer);
}
