/* What comes in: each packet is judged by role and state, then by its exchange. */
#include "session/internal.h"

/* What may come once the connection is open, a bit per packet type. */
#define AT(type) (1U << (WAX_##type))
static const uint16_t accepted[] = {
    [WAX_ROLE_CLIENT] = AT(PUBLISH) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | AT(PUBCOMP) |
                        AT(SUBACK) | AT(UNSUBACK) | AT(PINGRESP) | AT(DISCONNECT) | AT(AUTH),
    [WAX_ROLE_SERVER] = AT(PUBLISH) | AT(PUBACK) | AT(PUBREC) | AT(PUBREL) | AT(PUBCOMP) |
                        AT(SUBSCRIBE) | AT(UNSUBSCRIBE) | AT(PINGREQ) | AT(DISCONNECT) | AT(AUTH),
};

/* Whether a packet of this type may come now. [MQTT-3.1.0-1] [MQTT-3.1.0-2] */
static bool is_accepted(const wax_session *session, wax_packet_type type)
{
    if (type == WAX_AUTH && !session->has_authentication) {
        return false; /* [MQTT-4.12.0-6] [MQTT-4.12.0-7] */
    }
    if (type == WAX_DISCONNECT && session->role == WAX_ROLE_CLIENT &&
        !WAX_IS_MQTT5(session->version)) {
        return false;
    }
    switch ((wax_session_state)session->state) {
    case WAX_SESSION_OPENING:
        if (session->role == WAX_ROLE_SERVER) {
            return type == WAX_CONNECT;
        }
        return session->version != WAX_VERSION_NONE &&
               (type == WAX_CONNACK || type == WAX_AUTH || type == WAX_DISCONNECT);
    case WAX_SESSION_ACCEPTING:
        return type == WAX_AUTH || type == WAX_DISCONNECT;
    case WAX_SESSION_OPEN:
        return (accepted[session->role] >> type & 1U) != 0;
    case WAX_SESSION_CLOSED:
    default:
        return false;
    }
}

static wax_status take_connect(wax_session *session, const wax_packet *packet, wax_event *event)
{
    wax_status status = wax_connect_read(&event->connect, packet->body);
    const wax_connect *connect = &event->connect;

    session->version = (uint8_t)connect->version;
    if (status == WAX_UNSUPPORTED_VERSION) {
        session->version = WAX_VERSION_3_1_1; /* the peer is told in the words most clients know */
    }
    if (status == WAX_OK) {
        wax_session_heed(session, connect->properties);
        session->maximum_qos = 2;
        session->has_authentication =
            wax_property_value(connect->properties, WAX_AUTHENTICATION_METHOD).size > 0;
        session->has_expiry = wax_property_number(connect->properties, WAX_SESSION_EXPIRY, 0) != 0;
        session->state = WAX_SESSION_ACCEPTING;
        event->type = WAX_EVENT_CONNECT;
    } else if (!WAX_IS_MQTT5(session->version) && status != WAX_UNSUPPORTED_VERSION) {
        session->version = WAX_VERSION_NONE; /* no CONNACK [MQTT-3.1.4-1 in 3.1.1] */
    }
    return status;
}

static wax_status take_connack(wax_session *session, const wax_packet *packet, wax_event *event)
{
    wax_status status = wax_connack_read(&event->connack, packet);
    wax_bytes properties = event->connack.properties;
    uint32_t keep_alive_s;

    if (status != WAX_OK) {
        return status;
    }
    if (event->connack.reason != WAX_REASON_SUCCESS) {
        session->state = WAX_SESSION_CLOSED; /* [MQTT-3.2.2-7] */
        event->type = WAX_EVENT_REFUSED;
        return WAX_OK;
    }
    if (event->connack.session_present && session->starts_clean) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.2.2-4] */
    }
    wax_session_heed(session, properties);
    keep_alive_s =
        wax_property_number(properties, WAX_SERVER_KEEP_ALIVE, session->keep_alive_ms / 1000U);
    session->keep_alive_ms = keep_alive_s * UINT32_C(1000); /* [MQTT-3.1.2-21] */
    session->state = WAX_SESSION_OPEN;
    /* The CONNACK of MQTT 3.1 does not tell: whoever did not ask for a clean session has the old.
     */
    if (session->version == WAX_VERSION_3_1) {
        event->connack.session_present = !session->starts_clean;
    }
    if (!event->connack.session_present) {
        wax_session_clear(session);
    }
    event->type = WAX_EVENT_CONNECTED;
    return WAX_OK;
}

/* Puts the topic where an alias stood, or learns what the alias stands for. [MQTT-3.3.2-12] */
static wax_status resolve_alias(wax_session *session, wax_publish *publish)
{
    uint32_t alias = publish->properties.size == 0
                         ? 0
                         : wax_property_number(publish->properties, WAX_TOPIC_ALIAS, 0);

    if (alias == 0) {
        return WAX_OK;
    }
    if (alias > session->topic_alias_maximum) {
        return WAX_BAD_ALIAS; /* [MQTT-3.3.2-9] [MQTT-3.3.2-11] */
    }
    if (publish->topic.size > 0) {
        return wax_aliases_set(session->aliases_in, (uint16_t)alias, publish->topic);
    }
    publish->topic = wax_aliases_topic(session->aliases_in, (uint16_t)alias);
    return publish->topic.size > 0 ? WAX_OK : WAX_PROTOCOL_ERROR;
}

/* Whether the peer keeps to the Receive Maximum we announced. [MQTT-3.3.4-8] */
static bool is_within_quota(const wax_session *session)
{
    return !WAX_IS_MQTT5(session->version) || session->receive_maximum == 0 ||
           session->receiving_count < session->receive_maximum;
}

static void answer(wax_session *session, wax_packet_type type, uint16_t packet_id, uint8_t reason,
                   wax_writer *out)
{
    wax_notice packet = {.type = type, .packet_id = packet_id, .reason = reason};
    wax_status status = wax_notice_write(out, &packet, (wax_version)session->version);

    wax_assert(status == WAX_OK); /* receive() made sure of the room */
    session->sent_ms = session->now_ms;
}

/* QoS 2 goes by the table, so that a message that comes twice is told once. */
static wax_status take_exactly_once(wax_session *session, uint16_t packet_id, wax_writer *out,
                                    wax_event *event)
{
    wax_flow *flow = wax_flows_incoming(session->incoming, packet_id);
    const wax_step *step =
        wax_step_on_packet(flow == NULL ? WAX_WAIT_NONE : flow->waits, WAX_PUBLISH, 0);

    wax_assert(step != NULL);
    if (flow == NULL) {
        if (!is_within_quota(session)) {
            return WAX_RECEIVE_MAXIMUM_EXCEEDED;
        }
        flow = wax_flows_admit(session->incoming, packet_id, step->next);
        if (flow == NULL) {
            return WAX_CROWDED;
        }
    }
    wax_flow_count(flow, &session->receiving_count);
    if (step->answer != WAX_NO_PACKET) {
        answer(session, (wax_packet_type)step->answer, packet_id, WAX_REASON_SUCCESS, out);
    }
    event->type = step->event;
    event->owes = step->owes;
    return WAX_OK;
}

static wax_status take_publish(wax_session *session, const wax_packet *packet, wax_writer *out,
                               wax_event *event)
{
    wax_publish *publish = &event->publish;
    wax_status status = wax_publish_read(publish, packet);

    if (status == WAX_OK && publish->properties.size > 0 && session->role == WAX_ROLE_SERVER &&
        wax_property_number(publish->properties, WAX_SUBSCRIPTION_ID, 0) != 0) {
        status = WAX_PROTOCOL_ERROR; /* [MQTT-3.3.4-6] */
    }
    if (status == WAX_OK) {
        status = resolve_alias(session, publish);
    }
    if (status != WAX_OK) {
        return status;
    }
    event->type = WAX_EVENT_PUBLISH;
    event->packet_id = publish->packet_id;
    if (publish->qos == 2) {
        return take_exactly_once(session, publish->packet_id, out, event);
    }
    if (publish->qos == 1) {
        if (!is_within_quota(session)) {
            return WAX_RECEIVE_MAXIMUM_EXCEEDED;
        }
        session->receiving_count++;
        session->receiving_qos_1_count++;
        event->owes = WAX_PUBACK; /* [MQTT-4.3.2-4] */
    }
    return WAX_OK;
}

/* PUBACK, PUBREC and PUBCOMP speak of what we sent, PUBREL of what we received. */
static wax_status take_acknowledgement(wax_session *session, const wax_packet *packet,
                                       wax_writer *out, wax_event *event)
{
    wax_notice got;
    wax_status status = wax_notice_read(&got, packet);
    wax_flows *flows = packet->type == WAX_PUBREL ? session->incoming : session->outgoing;
    uint16_t slot = wax_flows_find(session->outgoing, got.packet_id);
    wax_flow *flow = slot < session->outgoing->slot_count ? &session->outgoing->slots[slot] : NULL;
    const wax_step *step;

    if (status != WAX_OK) {
        return status;
    }
    if (packet->type == WAX_PUBREL) {
        flow = wax_flows_incoming(session->incoming, got.packet_id);
    }
    step = wax_step_on_packet(flow == NULL ? WAX_WAIT_NONE : flow->waits, got.type, got.reason);
    if (step == NULL) {
        return WAX_OK; /* an answer to a question nobody remembers */
    }
    event->type = step->event;
    event->owes = step->owes;
    event->reason = got.reason;
    event->packet_id = got.packet_id;
    if (step->answer != WAX_NO_PACKET) {
        answer(session, (wax_packet_type)step->answer, got.packet_id,
               flow == NULL ? WAX_PACKET_ID_NOT_FOUND : WAX_REASON_SUCCESS, out);
    }
    if (flow != NULL) {
        if (step->event == WAX_EVENT_DELIVERED) {
            wax_flow_discount(flow, &session->sending_count);
        }
        wax_flows_step(flows, flow, step->next);
    }
    return WAX_OK;
}

static wax_status take_suback(wax_session *session, const wax_packet *packet, wax_event *event)
{
    wax_status status = wax_suback_read(&event->suback, packet);
    uint16_t slot = wax_flows_find(session->outgoing, event->suback.packet_id);
    const wax_step *step;

    if (status != WAX_OK || slot == session->outgoing->slot_count) {
        return status;
    }
    step = wax_step_on_packet(session->outgoing->slots[slot].waits, packet->type, 0);
    if (step != NULL) {
        wax_flows_step(session->outgoing, &session->outgoing->slots[slot], step->next);
        event->type = step->event;
        event->packet_id = event->suback.packet_id;
    }
    return WAX_OK;
}

static wax_status take_subscribe(const wax_packet *packet, wax_event *event)
{
    event->type = packet->type == WAX_SUBSCRIBE ? WAX_EVENT_SUBSCRIBE : WAX_EVENT_UNSUBSCRIBE;
    return wax_subscribe_read(&event->subscribe, packet);
}

static wax_status take_notice(wax_session *session, const wax_packet *packet, wax_event *event)
{
    wax_status status = wax_notice_read(&event->notice, packet);
    bool ends = packet->type == WAX_DISCONNECT;

    if (status != WAX_OK) {
        return status;
    }
    if (ends && session->role == WAX_ROLE_CLIENT &&
        wax_property_number(event->notice.properties, WAX_SESSION_EXPIRY, UINT32_MAX) !=
            UINT32_MAX) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.14.2-2] */
    }
    if (ends && session->role == WAX_ROLE_SERVER && !session->has_expiry &&
        wax_property_number(event->notice.properties, WAX_SESSION_EXPIRY, 0) != 0) {
        return WAX_PROTOCOL_ERROR; /* [MQTT 5.0, 3.14.2.2.2] */
    }
    event->type = ends ? WAX_EVENT_DISCONNECTED : WAX_EVENT_AUTHENTICATE;
    if (ends) {
        session->state = WAX_SESSION_CLOSED;
    }
    return WAX_OK;
}

static wax_status take(wax_session *session, const wax_packet *packet, wax_writer *out,
                       wax_event *event)
{
    if (!is_accepted(session, packet->type)) {
        return WAX_PROTOCOL_ERROR;
    }
    switch (packet->type) {
    case WAX_CONNECT:
        return WAX_SERVER ? take_connect(session, packet, event) : WAX_PROTOCOL_ERROR;
    case WAX_CONNACK:
        return take_connack(session, packet, event);
    case WAX_PUBLISH:
        return take_publish(session, packet, out, event);
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
        return take_acknowledgement(session, packet, out, event);
    case WAX_SUBSCRIBE:
    case WAX_UNSUBSCRIBE:
        return WAX_SERVER ? take_subscribe(packet, event) : WAX_PROTOCOL_ERROR;
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        return take_suback(session, packet, event);
    case WAX_PINGREQ:
        session->sent_ms = session->now_ms;
        return packet->body_size > 0
                   ? WAX_MALFORMED
                   : wax_packet_write_empty(out, WAX_PINGRESP); /* [MQTT-3.12.4-1] */
    case WAX_PINGRESP:
        session->pinged = false;
        return packet->body_size > 0 ? WAX_MALFORMED : WAX_OK;
    case WAX_DISCONNECT:
    case WAX_AUTH:
        return take_notice(session, packet, event);
    case WAX_NO_PACKET:
    default:
        return WAX_MALFORMED;
    }
}

/* The head of a PUBLISH is whole, its payload is not: the message begins to come in pieces. */
static wax_status take_start(wax_session *session, wax_packet *packet, wax_reader *in,
                             wax_writer *out, wax_event *event)
{
    wax_bytes whole = packet->body;
    wax_status status;

    if (!session->streams || packet->type != WAX_PUBLISH ||
        wax_publish_head_size(packet->flags, whole, (wax_version)session->version) == 0) {
        return WAX_MORE;
    }
    status = take(session, packet, out, event);
    if (status == WAX_OK) {
        session->payload_left = packet->body_size - (uint32_t)whole.size;
        session->payload_is_told = event->type == WAX_EVENT_PUBLISH;
        event->payload_left = session->payload_is_told ? session->payload_left : 0;
        in->at = in->end;
    }
    return status;
}

static wax_status take_payload(wax_session *session, wax_reader *in, wax_event *event)
{
    size_t left = wax_reader_left(in);
    size_t size = left < session->payload_left ? left : session->payload_left;

    if (size == 0) {
        return WAX_MORE;
    }
    event->publish = (wax_publish){.payload = wax_read_bytes(in, size)};
    session->payload_left -= (uint32_t)size;
    if (session->payload_is_told) {
        event->type = WAX_EVENT_PAYLOAD;
        event->payload_left = session->payload_left;
    }
    session->received_ms = session->now_ms;
    return WAX_OK;
}

static uint32_t size_max(const wax_session *session)
{
    bool is_open = session->role == WAX_ROLE_CLIENT || session->state == WAX_SESSION_OPEN;

    return is_open ? session->packet_size_max : session->connect_size_max;
}

/* Whether a packet behind CONNECT must wait for the application's answer to it. */
static bool must_wait(const wax_session *session, const wax_reader *in)
{
    unsigned type;

    if (session->state != WAX_SESSION_ACCEPTING || wax_reader_left(in) == 0 ||
        session->has_authentication) { /* [MQTT-3.1.2-30] */
        return false;
    }
    type = in->at[0] >> 4;
    return type != WAX_AUTH && type != WAX_DISCONNECT; /* [MQTT-3.1.4-6] */
}

/* The packet in it belongs to the type: it is left as it is until then. */
static void begin_event(wax_event *event)
{
    event->type = WAX_EVENT_NONE;
    event->owes = WAX_NO_PACKET;
    event->reason = 0;
    event->packet_id = 0;
    event->payload_left = 0;
}

wax_status wax_session_receive(wax_session *session, wax_reader *in, wax_writer *out,
                               uint64_t now_ms, wax_event *event)
{
    wax_reader before = *in;
    wax_packet packet;
    wax_status status;

    begin_event(event);
    session->now_ms = now_ms;
    if (session->state == WAX_SESSION_CLOSED) {
        return WAX_CLOSED;
    }
    if (session->payload_left > 0) {
        return take_payload(session, in, event);
    }
    if (out->status != WAX_OK || wax_writer_left(out) < WAX_ANSWER_SIZE_MAX) {
        return WAX_FULL;
    }
    if (must_wait(session, in)) {
        return WAX_MORE;
    }
    status = wax_packet_read(&packet, in, (wax_version)session->version, size_max(session));
    if (status == WAX_OK) {
        status = take(session, &packet, out, event);
    } else if (status == WAX_MORE) {
        status = take_start(session, &packet, in, out, event);
    }
    if (status == WAX_OK) {
        session->received_ms = now_ms;
        return WAX_OK;
    }
    event->type = WAX_EVENT_NONE;
    event->owes = WAX_NO_PACKET;
    if (status < 0x80) {
        *in = before;
    } else {
        wax_session_fail(session, status, out);
    }
    return status;
}
