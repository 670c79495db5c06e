/* What goes out. */
#include "session/internal.h"

/* Whether the peer said that it takes this. [MQTT-3.2.2-11] [MQTT-3.2.2-14] */
static bool is_allowed(const wax_session *session, const wax_publish *publish)
{
    return session->state == WAX_SESSION_OPEN && publish->qos <= session->maximum_qos &&
           (session->retain_available || !publish->retain || session->role == WAX_ROLE_SERVER);
}

static wax_status begin(wax_session *session, uint8_t qos, uint16_t *packet_id)
{
    wax_flow *flow;

    *packet_id = 0;
    if (qos == 0) {
        return WAX_OK;
    }
    if (session->sending_count >= session->send_maximum) {
        return WAX_CROWDED; /* [MQTT-3.3.4-7] [MQTT-4.9.0-2] */
    }
    flow = wax_flows_take(session->outgoing, qos == 1 ? WAX_WAIT_PUBACK : WAX_WAIT_PUBREC);
    if (flow == NULL) {
        return WAX_CROWDED;
    }
    wax_flow_count(flow, &session->sending_count);
    *packet_id = flow->packet_id;
    return WAX_OK;
}

/* Takes back what begin() did. */
static void forget(wax_session *session, uint16_t packet_id)
{
    uint16_t slot = wax_flows_find(session->outgoing, packet_id);

    if (packet_id != 0 && slot < session->outgoing->slot_count) {
        wax_flow_discount(&session->outgoing->slots[slot], &session->sending_count);
        wax_flows_step(session->outgoing, &session->outgoing->slots[slot], WAX_WAIT_NONE);
    }
}

wax_status wax_session_begin(wax_session *session, uint8_t qos, size_t packet_size,
                             uint16_t *packet_id)
{
    wax_status status;

    if (!is_allowed(session, &(wax_publish){.qos = qos})) {
        return WAX_INVALID;
    }
    if (!wax_session_fits(session, packet_size)) {
        return WAX_TOO_LARGE; /* [MQTT-3.1.2-25] */
    }
    status = begin(session, qos, packet_id);
    if (status == WAX_OK) {
        session->sent_ms = session->now_ms;
    }
    return status;
}

typedef wax_status write_function(wax_writer *out, const wax_publish *publish, wax_version version);

/* The exchange that may be sent again: not twice on one connection, and not behind its PUBREC.
 * [MQTT-4.4.0-1] [MQTT-4.3.3-6] */
static wax_status find_unsent(const wax_session *session, uint16_t packet_id, wax_flow **flow)
{
    uint16_t slot = wax_flows_find(session->outgoing, packet_id);

    if (slot == session->outgoing->slot_count) {
        return WAX_NOT_FOUND;
    }
    *flow = &session->outgoing->slots[slot];
    if ((*flow)->waits != WAX_WAIT_PUBACK && (*flow)->waits != WAX_WAIT_PUBREC) {
        return WAX_NOT_FOUND;
    }
    return (*flow)->is_counted ? WAX_INVALID : WAX_OK;
}

/* Sends again what was sent on an earlier connection. [MQTT-3.3.1-1] */
static wax_status resume(wax_session *session, const wax_publish *publish, write_function *write,
                         wax_writer *out)
{
    wax_flow *flow;
    wax_status status = find_unsent(session, publish->packet_id, &flow);

    if (status == WAX_OK && session->sending_count >= session->send_maximum) {
        status = WAX_CROWDED;
    }
    if (status == WAX_OK) {
        status = write(out, publish, (wax_version)session->version);
    }
    if (status == WAX_OK) {
        wax_flow_count(flow, &session->sending_count);
    }
    return status;
}

static wax_status start(wax_session *session, wax_publish *publish, write_function *write,
                        wax_writer *out)
{
    wax_status status = begin(session, publish->qos, &publish->packet_id);

    if (status != WAX_OK) {
        return status;
    }
    status = write(out, publish, (wax_version)session->version);
    if (status != WAX_OK) {
        forget(session, publish->packet_id);
    }
    return status;
}

/* Ends the exchange of a message that this connection's peer does not take. The peer may know its
 * id from an earlier connection, so that at QoS 2 a PUBREL must clear it away. */
static wax_status skip(wax_session *session, const wax_publish *publish, wax_writer *out)
{
    wax_notice release = {.type = WAX_PUBREL, .packet_id = publish->packet_id};
    wax_flow *flow;
    wax_status status = find_unsent(session, publish->packet_id, &flow);

    if (status != WAX_OK) {
        return status;
    }
    if (flow->waits == WAX_WAIT_PUBACK) {
        wax_flows_step(session->outgoing, flow, WAX_WAIT_NONE);
        return WAX_TOO_LARGE;
    }
    status = wax_notice_write(out, &release, (wax_version)session->version);
    if (status != WAX_OK) {
        return status;
    }
    wax_flow_count(flow, &session->sending_count);
    wax_flows_step(session->outgoing, flow, WAX_WAIT_PUBCOMP);
    session->sent_ms = session->now_ms;
    return WAX_TOO_LARGE;
}

/* A topic that was not sent leaves the peer without its alias. [MQTT-3.3.2-12] */
static void forget_alias(wax_session *session, const wax_publish *publish)
{
    if (publish->topic.size > 0 && session->aliases_out != NULL) {
        uint32_t alias = wax_property_number(publish->properties, WAX_TOPIC_ALIAS, 0);
        wax_aliases_forget(session->aliases_out, (uint16_t)alias);
    }
}

static wax_status publish_by(wax_session *session, wax_publish *publish, write_function *write,
                             wax_writer *out)
{
    wax_status status;

    if (!is_allowed(session, publish)) {
        return WAX_INVALID;
    }
    if (!wax_session_fits(session, wax_publish_size(publish, (wax_version)session->version))) {
        return publish->duplicate ? skip(session, publish, out) : WAX_TOO_LARGE;
    }
    status = publish->duplicate ? resume(session, publish, write, out)
                                : start(session, publish, write, out);
    if (status == WAX_OK) {
        session->sent_ms = session->now_ms;
    }
    return status;
}

static wax_status publish_or_forget(wax_session *session, wax_publish *publish,
                                    write_function *write, wax_writer *out)
{
    wax_status status = publish_by(session, publish, write, out);

    if (status != WAX_OK) {
        forget_alias(session, publish);
    }
    return status;
}

wax_status wax_session_publish(wax_session *session, wax_publish *publish, wax_writer *out)
{
    return publish_or_forget(session, publish, wax_publish_write_head, out);
}

wax_status wax_session_publish_start(wax_session *session, wax_publish *publish, wax_writer *out)
{
    return publish_or_forget(session, publish, wax_publish_write_start, out);
}

/* Counts a PUBACK that left, which may also be of an earlier connection's message. */
static void count_puback(wax_session *session)
{
    if (session->receiving_qos_1_count > 0) {
        session->receiving_qos_1_count--;
        session->receiving_count--;
    }
}

/* Counts what an order does to the two quotas. */
static void count_order(wax_session *session, wax_packet_type type, wax_flow *flow, uint8_t reason)
{
    if (type == WAX_PUBREL) {
        wax_flow_count(flow, &session->sending_count);
    } else if (type == WAX_PUBCOMP || (type == WAX_PUBREC && reason >= 0x80)) {
        wax_flow_discount(flow, &session->receiving_count);
    }
}

wax_status wax_session_acknowledge(wax_session *session, wax_packet_type type, uint16_t packet_id,
                                   uint8_t reason, wax_writer *out)
{
    wax_notice packet = {.type = type, .packet_id = packet_id, .reason = reason};
    wax_flow *flow = NULL;
    wax_status status;

    if (session->state != WAX_SESSION_OPEN) {
        return WAX_NOT_FOUND;
    }
    if (type == WAX_PUBREL) {
        uint16_t slot = wax_flows_find(session->outgoing, packet_id);
        flow = slot < session->outgoing->slot_count ? &session->outgoing->slots[slot] : NULL;
    } else if (type != WAX_PUBACK) {
        flow = wax_flows_incoming(session->incoming, packet_id);
    }
    if (type != WAX_PUBACK && (flow == NULL || !wax_step_on_order(flow->waits, type, reason))) {
        return WAX_NOT_FOUND;
    }
    if (!WAX_IS_MQTT5(session->version)) {
        packet.reason = WAX_REASON_SUCCESS;
    }
    status = wax_notice_write(out, &packet, (wax_version)session->version);
    if (status != WAX_OK) {
        return status;
    }
    session->sent_ms = session->now_ms;
    if (flow == NULL) { /* A QoS 1 message that came has no exchange. */
        count_puback(session);
        return WAX_OK;
    }
    count_order(session, type, flow, reason);
    wax_flows_step(type == WAX_PUBREL ? session->outgoing : session->incoming, flow,
                   wax_step_on_order(flow->waits, type, reason)->next);
    return WAX_OK;
}

wax_status wax_session_subscribe(wax_session *session, wax_subscribe *subscribe,
                                 wax_packet_type type, wax_writer *out)
{
    size_t size = 2 + wax_properties_size(subscribe->properties, (wax_version)session->version) +
                  subscribe->filters.size;
    wax_flow *flow;
    wax_status status;

    if (session->state != WAX_SESSION_OPEN) {
        return WAX_INVALID;
    }
    if (!wax_session_fits_body(session, size)) {
        return WAX_TOO_LARGE;
    }
    flow = wax_flows_take(session->outgoing,
                          type == WAX_SUBSCRIBE ? WAX_WAIT_SUBACK : WAX_WAIT_UNSUBACK);
    if (flow == NULL) {
        return WAX_CROWDED;
    }
    subscribe->packet_id = flow->packet_id;
    status = wax_subscribe_write(out, subscribe, type, (wax_version)session->version);
    if (status == WAX_OK) {
        session->sent_ms = session->now_ms;
    } else {
        wax_flows_step(session->outgoing, flow, WAX_WAIT_NONE);
    }
    return status;
}

wax_status wax_session_grant(wax_session *session, const wax_suback *suback, wax_packet_type type,
                             wax_writer *out)
{
    size_t size = 2 + wax_properties_size(suback->properties, (wax_version)session->version) +
                  suback->reasons.size;
    wax_status status;

    if (session->state != WAX_SESSION_OPEN) {
        return WAX_INVALID; /* [MQTT-3.14.4-1] */
    }
    if (!wax_session_fits_body(session, size)) {
        return WAX_TOO_LARGE;
    }
    status = wax_suback_write(out, suback, type, (wax_version)session->version);
    if (status == WAX_OK) {
        session->sent_ms = session->now_ms;
    }
    return status;
}

wax_status wax_session_authenticate(wax_session *session, const wax_notice *notice, wax_writer *out)
{
    wax_notice packet = *notice;
    wax_status status;

    if (!session->has_authentication || session->state == WAX_SESSION_CLOSED) {
        return WAX_INVALID;
    }
    if (!wax_session_fits_body(session,
                               1 + wax_properties_size(notice->properties, WAX_VERSION_5))) {
        return WAX_TOO_LARGE;
    }
    packet.type = WAX_AUTH;
    status = wax_notice_write(out, &packet, WAX_VERSION_5);
    if (status == WAX_OK) {
        session->sent_ms = session->now_ms;
    }
    return status;
}
