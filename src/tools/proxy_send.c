/* What a program says to its broker, with its messages sealed. */
#include "tools/proxy_packets.h"

enum {
    NAME_SIZE = 65536, /* of one filter, as the broker sees it */
    EXPLANATION_MAX = 500,
};

/* --- Ending --- */

static uint8_t reason_for(wax_packet_type type, wax_status why)
{
    return wax_reason_is_allowed(type, (uint8_t)why) ? (uint8_t)why : WAX_UNSPECIFIED_ERROR;
}

/* A Reason String of what went wrong. */
static wax_bytes explanation(const char *fault, wax_writer *room)
{
    wax_bytes words = wax_bytes_of_text(fault);

    words.size = words.size > EXPLANATION_MAX ? EXPLANATION_MAX : words.size;
    wax_property_write_value(room, WAX_REASON_STRING, words);
    return wax_writer_bytes(room);
}

enum rewrite_step tools_rewrite_end(struct rewrite *self, wax_status why, const char *fault,
                                    wax_writer *down)
{
    uint8_t said[EXPLANATION_MAX + 8];
    wax_writer room = wax_writer_over(said, sizeof said);

    self->fault = fault;
    if (!self->is_answered && self->version != WAX_VERSION_NONE) {
        wax_connack connack = {.reason = reason_for(WAX_CONNACK, why)};

        connack.properties = explanation(fault, &room);
        (void)!wax_connack_write(down, &connack, self->version);
    } else if (self->version == WAX_VERSION_5) {
        wax_notice notice = {.type = WAX_DISCONNECT, .reason = reason_for(WAX_DISCONNECT, why)};

        notice.properties = explanation(fault, &room);
        (void)!wax_notice_write(down, &notice, self->version);
    }
    return REWRITE_ENDS;
}

static enum rewrite_step end_by(struct rewrite *self, wax_status why, wax_writer *down)
{
    return tools_rewrite_end(self, why, wax_status_text(why), down);
}

/* --- CONNECT --- */

enum rewrite_step tools_rewrite_peek(struct rewrite *self, wax_reader in, wax_connect *connect,
                                     wax_writer *down)
{
    wax_packet packet;
    wax_status status = wax_packet_read(&packet, &in, WAX_VERSION_NONE, REWRITE_PACKET_MAX);

    self->fault = NULL;
    self->topic = wax_bytes_of(NULL, 0);
    if (status == WAX_MORE) {
        return REWRITE_MORE;
    }
    if (status == WAX_OK && packet.type != WAX_CONNECT) {
        status = WAX_PROTOCOL_ERROR;
    }
    if (status == WAX_OK) {
        status = wax_connect_read(connect, packet.body);
    }
    if (status == WAX_OK) {
        self->version = connect->version;
        return REWRITE_GOES_ON;
    }
    if (status == WAX_UNSUPPORTED_VERSION) {
        self->version = WAX_VERSION_3_1_1; /* every version understands the refusal */
    }
    return end_by(self, status, down);
}

/* Copies properties, but for what the two ends must not agree on without the proxy. */
static void copy_properties(wax_bytes properties, wax_writer *out)
{
    wax_reader in = wax_reader_over(properties);
    wax_property property;

    while (wax_property_next(&in, &property)) {
        if (property.id != WAX_TOPIC_ALIAS_MAXIMUM && property.id != WAX_MAXIMUM_PACKET_SIZE) {
            wax_property_write(out, &property);
        }
    }
}

static wax_status seal_will(struct rewrite *self, wax_will *will)
{
    wax_publish message = {
        .topic = will->topic,
        .payload = will->payload,
        .properties = will->properties,
        .qos = will->qos,
        .retain = will->retain,
    };
    wax_publish made;
    wax_status status = self->sealing->seal(self->sealing, &message, true, &made);

    if (status == WAX_OK) {
        will->topic = made.topic;
        will->payload = made.payload;
        will->properties = made.properties;
    }
    return status;
}

/* Notes what the program asks for, and writes what the broker is to hear. */
static void rewrite_properties(struct rewrite *self, wax_connect *connect)
{
    wax_writer out = wax_writer_over(self->scratch, REWRITE_SCRATCH);

    self->program_takes =
        wax_property_number(connect->properties, WAX_MAXIMUM_PACKET_SIZE, UINT32_MAX);
    self->hides_reasons =
        wax_property_number(connect->properties, WAX_REQUEST_PROBLEM_INFORMATION, 1) == 0;
    if (self->version == WAX_VERSION_5) {
        copy_properties(connect->properties, &out);
        wax_property_write_number(&out, WAX_MAXIMUM_PACKET_SIZE, REWRITE_PACKET_MAX);
        connect->properties = wax_writer_bytes(&out);
    }
}

static enum rewrite_step send_connect(struct rewrite *self, const struct passing *at)
{
    wax_connect connect;
    wax_status status = wax_connect_read(&connect, at->packet.body);

    if (status != WAX_OK) {
        return end_by(self, status, at->down);
    }
    self->version = connect.version;
    if (connect.has_will) {
        self->topic = connect.will.topic;
        status = seal_will(self, &connect.will);
        if (status != WAX_OK) {
            return tools_rewrite_end(self, WAX_NOT_AUTHORIZED, self->sealing->explain(status),
                                     at->down);
        }
    }
    rewrite_properties(self, &connect);
    if (!connect.has_username && self->username.size > 0) {
        connect.has_username = true;
        connect.username = self->username;
        connect.has_password = self->password.size > 0;
        connect.password = self->password;
    }
    status = wax_connect_write(at->up, &connect);
    if (status != WAX_OK) {
        return end_by(self, WAX_PACKET_TOO_LARGE, at->down);
    }
    self->is_connected = true;
    return REWRITE_GOES_ON;
}

/* --- PUBLISH --- */

static uint8_t reason_of_refusal(wax_status status)
{
    return status == WAX_NOT_FOUND || status == WAX_NOT_AUTHORIZED ? WAX_NOT_AUTHORIZED
           : status == WAX_FULL || status == WAX_TOO_LARGE         ? WAX_QUOTA_EXCEEDED
                                                                   : WAX_IMPLEMENTATION_ERROR;
}

/* Says that a message was not sent; where MQTT has no word for that, the connection ends. */
static enum rewrite_step refuse(struct rewrite *self, const wax_publish *message, wax_status status,
                                wax_writer *down)
{
    uint8_t said[EXPLANATION_MAX + 8];
    wax_writer room = wax_writer_over(said, sizeof said);
    wax_notice answer = {
        .type = message->qos == 1 ? WAX_PUBACK : WAX_PUBREC,
        .packet_id = message->packet_id,
        .reason = reason_of_refusal(status),
    };

    self->topic = message->topic;
    if (self->version != WAX_VERSION_5 || message->qos == 0) {
        return tools_rewrite_end(self, WAX_NOT_AUTHORIZED, self->sealing->explain(status), down);
    }
    self->fault = self->sealing->explain(status);
    if (!self->hides_reasons) {
        answer.properties = explanation(self->fault, &room);
    }
    return wax_notice_write(down, &answer, self->version) == WAX_OK ? REWRITE_GOES_ON
                                                                    : REWRITE_ENDS;
}

static uint32_t packet_size_max(const struct rewrite *self)
{
    return self->broker_takes != 0 && self->broker_takes < REWRITE_PACKET_MAX ? self->broker_takes
                                                                              : REWRITE_PACKET_MAX;
}

static enum rewrite_step send_publish(struct rewrite *self, const struct passing *at)
{
    wax_publish message;
    wax_publish made;
    wax_property alias;
    wax_status status = wax_publish_read(&message, &at->packet);

    if (status == WAX_OK && wax_property_find(message.properties, WAX_TOPIC_ALIAS, &alias)) {
        status = WAX_BAD_ALIAS; /* none was granted [MQTT-3.3.2-9] */
    }
    if (status != WAX_OK) {
        return end_by(self, status, at->down);
    }
    status = self->sealing->seal(self->sealing, &message, false, &made);
    if (status == WAX_OK && wax_publish_size(&made, self->version) > packet_size_max(self)) {
        status = WAX_TOO_LARGE;
    }
    if (status != WAX_OK) {
        return refuse(self, &message, status, at->down);
    }
    return wax_publish_write(at->up, &made, self->version) == WAX_OK ? REWRITE_GOES_ON
                                                                     : REWRITE_ENDS;
}

/* --- SUBSCRIBE and UNSUBSCRIBE --- */

static wax_status write_filters(struct rewrite *self, wax_packet_type type,
                                wax_subscribe *subscribe)
{
    wax_reader in = wax_reader_over(subscribe->filters);
    wax_writer filters =
        wax_writer_over(self->scratch + NAME_SIZE, REWRITE_SCRATCH - (size_t)NAME_SIZE);
    wax_subscription subscription;
    wax_status status = WAX_OK;

    while (status == WAX_OK && wax_subscription_next(&in, type, self->version, &subscription)) {
        wax_writer name = wax_writer_over(self->scratch, NAME_SIZE);

        status = self->sealing->filter(self->sealing, subscription.filter, &name);
        subscription.filter = wax_writer_bytes(&name);
        wax_subscription_write(&filters, &subscription, type, self->version);
    }
    subscribe->filters = wax_writer_bytes(&filters);
    return status != WAX_OK ? status : filters.status;
}

/* Answers that none of it was granted. */
static enum rewrite_step refuse_filters(struct rewrite *self, wax_packet_type type,
                                        const wax_subscribe *subscribe, wax_writer *down)
{
    wax_packet_type answer = type == WAX_SUBSCRIBE ? WAX_SUBACK : WAX_UNSUBACK;
    wax_writer reasons = wax_writer_over(self->scratch, REWRITE_ANSWER_MAX / 2);
    wax_reader in = wax_reader_over(subscribe->filters);
    wax_suback suback = {.packet_id = subscribe->packet_id};
    wax_subscription subscription;

    self->fault = "these filters cannot be written as the broker is to see them: wildcards may "
                  "only stand where the namespace has them";
    while (wax_subscription_next(&in, type, self->version, &subscription)) {
        wax_write_u8(&reasons, WAX_BAD_FILTER);
        self->topic = subscription.filter;
    }
    suback.reasons = wax_writer_bytes(&reasons);
    if (reasons.status != WAX_OK || wax_suback_write(down, &suback, answer, self->version) != 0) {
        return tools_rewrite_end(self, WAX_UNSPECIFIED_ERROR, self->fault, down);
    }
    return REWRITE_GOES_ON;
}

static enum rewrite_step send_subscribe(struct rewrite *self, const struct passing *at)
{
    wax_subscribe asked;
    wax_subscribe made;
    wax_writer out = *at->up;
    wax_status status = wax_subscribe_read(&asked, &at->packet);

    if (status != WAX_OK) {
        return end_by(self, status, at->down);
    }
    made = asked;
    if (write_filters(self, at->packet.type, &made) != WAX_OK ||
        wax_subscribe_write(&out, &made, at->packet.type, self->version) != WAX_OK) {
        return refuse_filters(self, at->packet.type, &asked, at->down);
    }
    *at->up = out;
    return REWRITE_GOES_ON;
}

/* --- The rest --- */

static enum rewrite_step send_acknowledgement(struct rewrite *self, const struct passing *at)
{
    wax_notice said;
    wax_status status = wax_notice_read(&said, &at->packet);

    if (status != WAX_OK) {
        return end_by(self, status, at->down);
    }
    if (at->packet.type == WAX_PUBACK || at->packet.type == WAX_PUBCOMP || said.reason >= 0x80) {
        rewrite_settle(self->memory, said.packet_id);
    }
    wax_write_bytes(at->up, at->whole);
    return REWRITE_GOES_ON;
}

static enum rewrite_step pass(struct rewrite *self, const struct passing *at)
{
    (void)self;
    wax_write_bytes(at->up, at->whole);
    return REWRITE_GOES_ON;
}

static passing_on *const senders[16] = {
    [WAX_CONNECT] = send_connect,
    [WAX_PUBLISH] = send_publish,
    [WAX_SUBSCRIBE] = send_subscribe,
    [WAX_UNSUBSCRIBE] = send_subscribe,
    [WAX_PUBACK] = send_acknowledgement,
    [WAX_PUBREC] = send_acknowledgement,
    [WAX_PUBCOMP] = send_acknowledgement,
    [WAX_PUBREL] = pass,
    [WAX_PINGREQ] = pass,
    [WAX_DISCONNECT] = pass,
    [WAX_AUTH] = pass,
};

enum rewrite_step tools_rewrite_send(struct rewrite *self, wax_reader *in, wax_writer *up,
                                     wax_writer *down)
{
    struct passing at = {.whole = wax_reader_rest(in), .up = up, .down = down};
    wax_status status;

    self->fault = NULL;
    self->topic = wax_bytes_of(NULL, 0);
    if (wax_writer_left(up) < REWRITE_PACKET_MAX || wax_writer_left(down) < REWRITE_ANSWER_MAX) {
        return REWRITE_FULL;
    }
    status = wax_packet_read(&at.packet, in, self->is_connected ? self->version : WAX_VERSION_NONE,
                             REWRITE_PACKET_MAX);
    if (status == WAX_MORE) {
        return REWRITE_MORE;
    }
    at.whole.size -= wax_reader_left(in);
    if (status == WAX_OK && (self->is_connected == (at.packet.type == WAX_CONNECT) ||
                             senders[at.packet.type] == NULL)) {
        status = WAX_PROTOCOL_ERROR;
    }
    return status == WAX_OK ? senders[at.packet.type](self, &at) : end_by(self, status, down);
}
