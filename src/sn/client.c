/* How a device connects, sleeps and leaves. [6.2] [6.3] [6.4] [6.12] [6.14] */
#include "sn/internal.h"

#include <string.h>

enum { SILENCE_S = 65535 }; /* how long a device may be silent that names no duration */

static void say(const wax_sn_turn *turn, wax_sn_type type)
{
    wax_sn_say(turn, &(wax_sn_packet){.type = (uint8_t)type});
}

static void say_code(const wax_sn_turn *turn, uint8_t type, uint8_t code)
{
    wax_sn_say(turn, &(wax_sn_packet){.type = type, .code = code});
}

/* --- Peers that are no clients --- */

static uint8_t judge_connect(const wax_sn_packet *packet)
{
    bool is_good = packet->protocol == WAX_SN_PROTOCOL && packet->data.size > 0 &&
                   packet->data.size <= WAX_SN_ID_SIZE_MAX && wax_utf8_is_valid(packet->data);

    return is_good ? WAX_SN_ACCEPTED : WAX_SN_NOT_SUPPORTED;
}

wax_sn_welcome wax_sn_greet(const wax_sn_packet *packet, uint8_t gateway_id, wax_writer *down)
{
    const wax_sn_turn turn = {.down = down};
    bool is_less = (packet->flags & WAX_SN_QOS) == WAX_SN_QOS_LESS;

    switch (packet->type) {
    case WAX_SN_SEARCHGW:
        wax_sn_say(&turn, &(wax_sn_packet){.type = WAX_SN_GWINFO, .gateway_id = gateway_id});
        return WAX_SN_ANSWER;
    case WAX_SN_CONNECT:
        if (judge_connect(packet) == WAX_SN_ACCEPTED) {
            return WAX_SN_ADMIT;
        }
        say_code(&turn, WAX_SN_CONNACK, WAX_SN_NOT_SUPPORTED);
        return WAX_SN_ANSWER;
    case WAX_SN_PUBLISH:
        if (is_less) {
            return (packet->flags & WAX_SN_TOPIC) != WAX_SN_TOPIC_NAME ? WAX_SN_FORWARD
                                                                       : WAX_SN_IGNORE;
        }
        break;
    case WAX_SN_REGISTER:
    case WAX_SN_SUBSCRIBE:
    case WAX_SN_UNSUBSCRIBE:
    case WAX_SN_PINGREQ:
    case WAX_SN_PUBREL:
        break;
    default: /* what is no request gets no answer, or two gateways would talk for ever */
        return WAX_SN_IGNORE;
    }
    say(&turn, WAX_SN_DISCONNECT);
    return WAX_SN_ANSWER;
}

/* --- The line to the broker --- */

static void want_line(wax_sn_client *client, const wax_sn_turn *turn)
{
    switch (client->line) {
    case WAX_SN_LINE_NONE:
        client->line = WAX_SN_LINE_WANTED;
        break;
    case WAX_SN_LINE_OPEN:
        (void)wax_sn_up_disconnect(client, false, turn);
        client->line = WAX_SN_LINE_LEAVING;
        client->rejoins = true;
        break;
    case WAX_SN_LINE_OPENING:
    case WAX_SN_LINE_LEAVING:
        client->line = WAX_SN_LINE_LEAVING;
        client->rejoins = true;
        break;
    default:
        break;
    }
}

void wax_sn_give_up(wax_sn_client *client, const char *fault)
{
    bool is_up = client->line != WAX_SN_LINE_NONE && client->line != WAX_SN_LINE_WANTED;

    client->fault = fault;
    client->state = WAX_SN_ENDED;
    client->rejoins = false;
    client->line = is_up ? WAX_SN_LINE_CUT : WAX_SN_LINE_NONE;
}

/* Ends it in order: no Will. */
static void leave(wax_sn_client *client, const wax_sn_turn *turn)
{
    bool is_open = client->line == WAX_SN_LINE_OPEN && wax_sn_up_disconnect(client, true, turn);

    wax_sn_give_up(client, client->fault);
    if (is_open) {
        client->line = WAX_SN_LINE_LEAVING;
    }
}

/* Tells the device that there is no connection, in the word that it waits for. */
static void say_no(wax_sn_client *client, uint8_t code, const wax_sn_turn *turn)
{
    if (client->is_own) {
        return;
    }
    if (client->state < WAX_SN_ACTIVE) {
        say_code(turn, WAX_SN_CONNACK, code);
    } else {
        say(turn, WAX_SN_DISCONNECT);
    }
}

void wax_sn_refused(wax_sn_client *client, uint8_t reason, const wax_sn_turn *turn)
{
    static const uint8_t passing[] = {WAX_SERVER_UNAVAILABLE, WAX_SERVER_BUSY, WAX_SHUTTING_DOWN,
                                      WAX_QUOTA_EXCEEDED, WAX_CONNECTION_RATE_EXCEEDED};
    uint8_t code = WAX_SN_NOT_SUPPORTED;

    for (size_t i = 0; i < WAX_COUNT(passing); i++) {
        code = passing[i] == reason ? WAX_SN_CONGESTION : code;
    }
    say_no(client, code, turn);
    wax_sn_give_up(client, wax_status_text((wax_status)reason));
}

void wax_sn_joined(wax_sn_client *client, bool session_present, const wax_sn_turn *turn)
{
    client->line = WAX_SN_LINE_OPEN;
    client->is_pinged = false;
    if (client->answers != 0 && !session_present && wax_sn_up_is_lasting(client)) {
        say_no(client, WAX_SN_CONGESTION, turn); /* it subscribes again when it connects again */
        client->fault = "the broker has lost the session while the Will was changed";
        leave(client, turn);
        return;
    }
    if (client->answers != 0) {
        say_code(turn, client->answers, WAX_SN_ACCEPTED);
        client->answers = 0;
    }
    if (client->state == WAX_SN_JOINING) {
        client->state = WAX_SN_ACTIVE;
        if (!client->is_own) {
            say_code(turn, WAX_SN_CONNACK, WAX_SN_ACCEPTED);
        }
    }
}

/* What the device waits for comes again when the broker is reached again. */
static void forget_exchanges(wax_sn_client *client)
{
    for (size_t i = 0; i < WAX_SN_EXCHANGES_MAX; i++) {
        if (client->exchanges[i].waits != WAX_PUBREL) {
            client->exchanges[i].message_id = 0;
        }
    }
}

void wax_sn_client_attach(wax_sn_client *client, const wax_sn_turn *turn)
{
    wax_assert(client->line == WAX_SN_LINE_WANTED);
    client->line = WAX_SN_LINE_OPENING;
    client->came_ms = turn->now_ms;
    client->skip_left = 0;
    forget_exchanges(client);
    wax_sn_deliver_forget(client, true);
    if (!wax_sn_up_connect(client, turn)) {
        say_no(client, WAX_SN_NOT_SUPPORTED, turn);
        wax_sn_give_up(client, "CONNECT for the broker is too large");
    }
}

void wax_sn_client_lost(wax_sn_client *client, const char *fault, const wax_sn_turn *turn)
{
    bool rejoins = client->rejoins;

    client->line = rejoins ? WAX_SN_LINE_WANTED : WAX_SN_LINE_NONE;
    client->rejoins = false;
    if (rejoins || client->state == WAX_SN_ENDED || client->state < WAX_SN_JOINING) {
        return;
    }
    say_no(client, WAX_SN_CONGESTION, turn);
    wax_sn_give_up(client, fault);
}

/* --- CONNECT, and the Will --- */

static bool is_connected(const wax_sn_client *client)
{
    return client->state >= WAX_SN_ACTIVE && client->state <= WAX_SN_AWAKE;
}

static bool is_same(const wax_sn_client *client, const wax_sn_packet *packet)
{
    return wax_bytes_equal(packet->data, wax_bytes_of(client->id, client->id_size));
}

/* The device is to be told all ids anew. */
static void forget_topics(wax_sn_client *client)
{
    for (size_t i = 0; i < WAX_SN_TOPICS_MAX; i++) {
        client->topics[i].is_known = false;
    }
}

/* Goes on with a session whose device is back, or did not hear that it is connected. */
static void go_on(wax_sn_client *client, const wax_sn_packet *packet, const wax_sn_turn *turn)
{
    if (client->state == WAX_SN_ACTIVE) {
        forget_topics(client);
    }
    client->duration_s = packet->duration_s;
    client->state = WAX_SN_ACTIVE;
    say_code(turn, WAX_SN_CONNACK, WAX_SN_ACCEPTED);
    wax_sn_deliver_resume(client, turn);
}

static void start_over(wax_sn_client *client, const wax_sn_packet *packet, const wax_sn_turn *turn)
{
    client->is_clean = (packet->flags & WAX_SN_CLEAN) != 0;
    client->duration_s = packet->duration_s;
    client->id_size = (uint8_t)packet->data.size;
    memcpy(client->id, packet->data.data, packet->data.size);
    client->began_ms = turn->now_ms;
    client->answers = 0;
    client->has_will = false;
    client->has_subscribed = false;
    memset(client->exchanges, 0, sizeof client->exchanges);
    memset(client->done, 0, sizeof client->done);
    memset(client->topics, 0, sizeof client->topics);
    wax_sn_deliver_forget(client, false);
}

static void join(wax_sn_client *client, const wax_sn_turn *turn)
{
    client->state = WAX_SN_JOINING;
    want_line(client, turn);
}

static void take_connect(wax_sn_client *client, const wax_sn_packet *packet,
                         const wax_sn_turn *turn)
{
    bool wants_will = (packet->flags & WAX_SN_WILL) != 0;

    if (judge_connect(packet) != WAX_SN_ACCEPTED) {
        say_code(turn, WAX_SN_CONNACK, WAX_SN_NOT_SUPPORTED);
        return;
    }
    if (client->state == WAX_SN_JOINING && is_same(client, packet)) {
        return; /* the broker is being asked already */
    }
    if (is_connected(client) && client->line == WAX_SN_LINE_OPEN && is_same(client, packet) &&
        !wants_will && (packet->flags & WAX_SN_CLEAN) == 0) {
        go_on(client, packet, turn);
        return;
    }
    start_over(client, packet, turn);
    if (wants_will) {
        client->state = WAX_SN_WILL_TOPIC;
        say(turn, WAX_SN_WILLTOPICREQ);
    } else {
        join(client, turn);
    }
}

/* Keeps the topic of a Will. Returns whether it may be one. */
static bool keep_will_topic(wax_sn_client *client, const wax_sn_packet *packet)
{
    wax_sn_will *will = &client->will;

    if (packet->data.size == 0 || packet->data.size > sizeof will->topic ||
        (packet->flags & WAX_SN_QOS) == WAX_SN_QOS_LESS || !wax_utf8_is_valid(packet->data) ||
        wax_topic_has_wildcard(packet->data)) {
        return false;
    }
    will->flags = packet->flags;
    will->topic_size = (uint8_t)packet->data.size;
    memcpy(will->topic, packet->data.data, packet->data.size);
    return true;
}

static bool keep_will_message(wax_sn_client *client, const wax_sn_packet *packet)
{
    wax_sn_will *will = &client->will;

    if (packet->data.size > sizeof will->message) {
        return false;
    }
    will->message_size = (uint16_t)packet->data.size;
    if (packet->data.size > 0) {
        memcpy(will->message, packet->data.data, packet->data.size);
    }
    return true;
}

static void refuse_will(wax_sn_client *client, const wax_sn_turn *turn)
{
    say_code(turn, WAX_SN_CONNACK, WAX_SN_NOT_SUPPORTED);
    client->fault = "its Will has no topic for a message, or is too large";
    leave(client, turn);
}

static void take_will_topic(wax_sn_client *client, const wax_sn_packet *packet,
                            const wax_sn_turn *turn)
{
    if (packet->data.size == 0) {
        join(client, turn);
    } else if (keep_will_topic(client, packet)) {
        client->state = WAX_SN_WILL_MESSAGE;
        say(turn, WAX_SN_WILLMSGREQ);
    } else {
        refuse_will(client, turn);
    }
}

static void take_will_message(wax_sn_client *client, const wax_sn_packet *packet,
                              const wax_sn_turn *turn)
{
    if (keep_will_message(client, packet)) {
        client->has_will = true;
        join(client, turn);
    } else {
        refuse_will(client, turn);
    }
}

/* Lets the broker have another Will: MQTT takes one with CONNECT only. */
static void change_will(wax_sn_client *client, uint8_t answer, const wax_sn_turn *turn)
{
    client->answers = answer;
    wax_sn_deliver_rest(client);
    want_line(client, turn);
}

static bool has_exchanges(const wax_sn_client *client)
{
    for (size_t i = 0; i < WAX_SN_EXCHANGES_MAX; i++) {
        if (client->exchanges[i].message_id != 0) {
            return true;
        }
    }
    return false;
}

/* Whether the Will may be changed; says so if it may not. A clean session of MQTT 3.1.1 does not
 * outlive its connection, so it must have nothing to lose: no subscription, and nothing that is
 * not answered. What is not taken now the device asks again. */
static bool may_change_will(wax_sn_client *client, uint8_t answer, const wax_sn_turn *turn)
{
    bool is_lasting = wax_sn_up_is_lasting(client);

    if (client->line != WAX_SN_LINE_OPEN) {
        return false;
    }
    if (!is_lasting && client->has_subscribed) {
        say_code(turn, answer, WAX_SN_NOT_SUPPORTED);
        return false;
    }
    return is_lasting || !has_exchanges(client);
}

static void take_will_topic_change(wax_sn_client *client, const wax_sn_packet *packet,
                                   const wax_sn_turn *turn)
{
    if (!may_change_will(client, WAX_SN_WILLTOPICRESP, turn)) {
        return;
    }
    if (packet->data.size > 0 && !keep_will_topic(client, packet)) {
        say_code(turn, WAX_SN_WILLTOPICRESP, WAX_SN_NOT_SUPPORTED);
        return;
    }
    if (!client->has_will) {
        client->will.message_size = 0;
    }
    client->has_will = packet->data.size > 0;
    change_will(client, WAX_SN_WILLTOPICRESP, turn);
}

static void take_will_message_change(wax_sn_client *client, const wax_sn_packet *packet,
                                     const wax_sn_turn *turn)
{
    if (!may_change_will(client, WAX_SN_WILLMSGRESP, turn)) {
        return;
    }
    if (!client->has_will || !keep_will_message(client, packet)) {
        say_code(turn, WAX_SN_WILLMSGRESP, WAX_SN_NOT_SUPPORTED);
        return;
    }
    change_will(client, WAX_SN_WILLMSGRESP, turn);
}

/* --- Sleep --- */

static void take_pingreq(wax_sn_client *client, const wax_sn_packet *packet,
                         const wax_sn_turn *turn)
{
    if (packet->data.size > 0 && !is_same(client, packet)) {
        say(turn, WAX_SN_DISCONNECT);
        return;
    }
    if (client->state == WAX_SN_ACTIVE) {
        say(turn, WAX_SN_PINGRESP);
        return;
    }
    client->state = WAX_SN_AWAKE;
    wax_sn_deliver_resume(client, turn);
}

static void take_disconnect(wax_sn_client *client, const wax_sn_packet *packet,
                            const wax_sn_turn *turn)
{
    say(turn, WAX_SN_DISCONNECT);
    if (packet->duration_s > 0 && is_connected(client)) {
        client->sleep_s = packet->duration_s;
        client->state = WAX_SN_ASLEEP;
        wax_sn_deliver_rest(client);
        return;
    }
    client->fault = NULL;
    leave(client, turn);
}

/* --- All that comes from the device --- */

typedef void taker(wax_sn_client *client, const wax_sn_packet *packet, const wax_sn_turn *turn);

#define IN(state) (1U << (WAX_SN_##state))

enum {
    ANY = IN(NEW) | IN(WILL_TOPIC) | IN(WILL_MESSAGE) | IN(JOINING) | IN(ACTIVE) | IN(ASLEEP) |
          IN(AWAKE),
    CONNECTED = IN(ACTIVE) | IN(ASLEEP) | IN(AWAKE),
    HEARING = IN(ACTIVE) | IN(AWAKE),
};

void wax_sn_client_take(wax_sn_client *client, const wax_sn_packet *packet, const wax_sn_turn *turn)
{
    /* clang-format off */
    static const struct {
        uint8_t type;
        uint8_t states; /* in which it makes sense */
        taker *take;
    } rows[] = {
        {WAX_SN_CONNECT,      ANY,                              take_connect},
        {WAX_SN_WILLTOPIC,    IN(WILL_TOPIC) | IN(WILL_MESSAGE), take_will_topic},
        {WAX_SN_WILLMSG,      IN(WILL_MESSAGE),                 take_will_message},
        {WAX_SN_REGISTER,     CONNECTED,                        wax_sn_take_register},
        {WAX_SN_PUBLISH,      CONNECTED,                        wax_sn_take_publish},
        {WAX_SN_PUBREL,       CONNECTED,                        wax_sn_take_pubrel},
        {WAX_SN_SUBSCRIBE,    CONNECTED,                        wax_sn_take_subscribe},
        {WAX_SN_UNSUBSCRIBE,  CONNECTED,                        wax_sn_take_subscribe},
        {WAX_SN_REGACK,       HEARING,                          wax_sn_deliver_regack},
        {WAX_SN_PUBACK,       HEARING,                          wax_sn_deliver_puback},
        {WAX_SN_PUBREC,       HEARING,                          wax_sn_deliver_pubrec},
        {WAX_SN_PUBCOMP,      HEARING,                          wax_sn_deliver_pubcomp},
        {WAX_SN_PINGREQ,      CONNECTED,                        take_pingreq},
        {WAX_SN_DISCONNECT,   ANY,                              take_disconnect},
        {WAX_SN_WILLTOPICUPD, IN(ACTIVE),                       take_will_topic_change},
        {WAX_SN_WILLMSGUPD,   IN(ACTIVE),                       take_will_message_change},
    };
    /* clang-format on */

    client->heard_ms = turn->now_ms;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].type == packet->type && (rows[i].states >> client->state & 1U) != 0) {
            rows[i].take(client, packet, turn);
            return;
        }
    }
}

/* --- Begin and end --- */

void wax_sn_client_open(wax_sn_client *client, const wax_sn_config *config, uint64_t now_ms)
{
    memset(client, 0, sizeof *client);
    client->config = config;
    client->retry_ms = WAX_NEVER;
    client->heard_ms = client->began_ms = now_ms;
    client->peer_receive_maximum = UINT16_MAX;
    client->peer_packet_max = WAX_PACKET_SIZE_MAX;
    client->duration_s = SILENCE_S;
}

void wax_sn_client_open_own(wax_sn_client *client, const wax_sn_config *config, wax_bytes id,
                            uint64_t now_ms)
{
    wax_assert(id.size <= WAX_SN_ID_SIZE_MAX);
    wax_sn_client_open(client, config, now_ms);
    client->is_own = client->is_clean = true;
    client->id_size = (uint8_t)id.size;
    if (id.size > 0) {
        memcpy(client->id, id.data, id.size);
    }
    client->state = WAX_SN_JOINING;
    client->line = WAX_SN_LINE_WANTED;
}

void wax_sn_client_end(wax_sn_client *client, const wax_sn_turn *turn)
{
    if (client->state != WAX_SN_ENDED) {
        say_no(client, WAX_SN_CONGESTION, turn);
        client->fault = NULL;
        leave(client, turn);
    }
}
