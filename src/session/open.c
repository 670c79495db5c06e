/* How a session begins and ends. */
#include "session/internal.h"

void wax_session_open(wax_session *session, wax_role role, const wax_session_limits *limits,
                      uint64_t now_ms)
{
    wax_assert(WAX_SERVER || role == WAX_ROLE_CLIENT);
    *session = (wax_session){
        .packet_size_max = limits->packet_size_max,
        .connect_size_max = limits->connect_size_max,
        .connect_timeout_ms = limits->connect_timeout_ms,
        .receive_maximum = limits->receive_maximum,
        .topic_alias_maximum = limits->topic_alias_maximum,
        .streams = limits->streams,
        .role = (uint8_t)role,
        .state = WAX_SESSION_OPENING,
        .now_ms = now_ms,
        .received_ms = now_ms,
        .sent_ms = now_ms,
        .peer_packet_size_max =
            limits->send_size_max == 0 ? WAX_PACKET_SIZE_MAX : limits->send_size_max,
        .send_maximum = limits->send_maximum == 0 ? UINT16_MAX : limits->send_maximum,
        .maximum_qos = 2,
        .retain_available = true,
    };
}

bool wax_session_fits(const wax_session *session, size_t packet_size)
{
    return packet_size <= session->peer_packet_size_max;
}

bool wax_session_fits_body(const wax_session *session, size_t body_size)
{
    return body_size <= WAX_VARINT_MAX &&
           wax_session_fits(session, 1 + wax_varint_size((uint32_t)body_size) + body_size);
}

void wax_session_heed(wax_session *session, wax_bytes properties)
{
    uint32_t aliases = wax_property_number(properties, WAX_TOPIC_ALIAS_MAXIMUM, 0);
    uint32_t receives = wax_property_number(properties, WAX_RECEIVE_MAXIMUM, UINT16_MAX);
    uint32_t takes = wax_property_number(properties, WAX_MAXIMUM_PACKET_SIZE, WAX_PACKET_SIZE_MAX);

    if (receives < session->send_maximum) {
        session->send_maximum = (uint16_t)receives;
    }
    if (takes < session->peer_packet_size_max) {
        session->peer_packet_size_max = takes;
    }
    session->alias_maximum = (uint16_t)aliases; /* [MQTT-3.1.2-27] [MQTT-3.2.2-18] */
    session->maximum_qos = (uint8_t)wax_property_number(properties, WAX_MAXIMUM_QOS, 2);
    session->retain_available = wax_property_number(properties, WAX_RETAIN_AVAILABLE, 1) != 0;
}

/* What this end announces, for CONNECT and CONNACK alike. */
static void write_limits(wax_writer *properties, const wax_session *session)
{
    if (session->receive_maximum > 0) {
        wax_property_write_number(properties, WAX_RECEIVE_MAXIMUM, session->receive_maximum);
    }
    if (session->topic_alias_maximum > 0) {
        wax_property_write_number(properties, WAX_TOPIC_ALIAS_MAXIMUM,
                                  session->topic_alias_maximum);
    }
    if (session->packet_size_max < WAX_PACKET_SIZE_MAX) {
        wax_property_write_number(properties, WAX_MAXIMUM_PACKET_SIZE, session->packet_size_max);
    }
    wax_assert(properties->status == WAX_OK);
}

void wax_session_attach(wax_session *session, wax_flows *outgoing, wax_flows *incoming)
{
    session->outgoing = outgoing;
    session->incoming = incoming;
    wax_flows_reconnect(outgoing);
    wax_flows_reconnect(incoming);
}

void wax_session_clear(wax_session *session)
{
    wax_flows_init(session->outgoing, session->outgoing->slots, session->outgoing->slot_count);
    wax_flows_init(session->incoming, session->incoming->slots, session->incoming->slot_count);
}

wax_status wax_session_connect(wax_session *session, const wax_connect *connect,
                               wax_writer *properties, wax_writer *out)
{
    wax_connect packet = *connect;
    wax_writer before = WAX_IS_MQTT5(connect->version) ? *properties : (wax_writer){0};
    wax_status status;

    if (session->role != WAX_ROLE_CLIENT || session->state != WAX_SESSION_OPENING ||
        session->version != WAX_VERSION_NONE) {
        return WAX_INVALID;
    }
    wax_assert(session->outgoing != NULL);
    if (connect->clean_start) {
        wax_session_clear(session); /* [MQTT-3.1.2-4] */
    }
    wax_flows_drop_requests(session->outgoing);
    if (WAX_IS_MQTT5(connect->version)) {
        write_limits(properties, session);
        packet.properties = wax_writer_bytes(properties);
    }
    status = wax_connect_write(out, &packet);
    if (status == WAX_OK) {
        session->version = (uint8_t)connect->version;
        session->starts_clean = connect->clean_start;
        session->keep_alive_ms = connect->keep_alive_s * UINT32_C(1000);
        session->has_authentication =
            wax_property_value(packet.properties, WAX_AUTHENTICATION_METHOD).size > 0;
        session->sent_ms = session->now_ms;
    } else if (WAX_IS_MQTT5(connect->version)) {
        *properties = before;
    }
    return status;
}

wax_status wax_session_accept(wax_session *session, bool session_present, uint16_t keep_alive_s,
                              wax_writer *properties, wax_writer *out)
{
    wax_connack connack = {.session_present = session_present, .reason = WAX_REASON_SUCCESS};
    wax_writer before = {0};
    wax_status status = WAX_OK;

    wax_assert(session->state == WAX_SESSION_ACCEPTING && session->outgoing != NULL);
    if (WAX_IS_MQTT5(session->version)) {
        before = *properties;
        write_limits(properties, session);
        connack.properties = wax_writer_bytes(properties);
        if (!wax_session_fits_body(session,
                                   2 + wax_properties_size(connack.properties, WAX_VERSION_5))) {
            status = WAX_TOO_LARGE; /* [MQTT-3.2.2-16] */
        }
    }
    if (status == WAX_OK) {
        status = wax_connack_write(out, &connack, (wax_version)session->version);
    }
    if (status == WAX_OK) {
        session->state = WAX_SESSION_OPEN;
        session->keep_alive_ms = keep_alive_s * UINT32_C(1000);
        session->sent_ms = session->now_ms;
        if (!session_present) {
            wax_session_clear(session);
        }
    } else if (WAX_IS_MQTT5(session->version)) {
        *properties = before;
    }
    return status;
}

/* The peer is told by CONNACK as long as there was none, if it said CONNECT. */
static wax_status write_refusal(wax_session *session, uint8_t reason, wax_bytes properties,
                                wax_writer *out)
{
    wax_connack connack = {.reason = reason, .properties = properties};

    if (session->version == WAX_VERSION_NONE || reason < 0x80 ||
        !wax_reason_is_allowed(WAX_CONNACK, reason)) {
        return WAX_OK;
    }
    return wax_connack_write(out, &connack, (wax_version)session->version);
}

/* Whether the word of farewell fits with these properties. */
static bool farewell_fits(const wax_session *session, wax_bytes properties)
{
    bool is_disconnect = session->state == WAX_SESSION_OPEN;

    return wax_session_fits_body(session, (is_disconnect ? 1U : 2U) +
                                              wax_properties_size(properties, WAX_VERSION_5));
}

static wax_status write_disconnect(wax_session *session, uint8_t reason, wax_bytes properties,
                                   wax_writer *out)
{
    wax_notice notice = {WAX_DISCONNECT, 0, reason, properties};
    bool is_server = session->role == WAX_ROLE_SERVER;

    if (!WAX_IS_MQTT5(session->version)) {
        if (is_server || reason >= 0x80) {
            return WAX_OK; /* MQTT 3 has no word for this: the connection just ends */
        }
        notice.reason = WAX_REASON_SUCCESS;
    }
    if (!wax_reason_is_allowed(WAX_DISCONNECT, notice.reason)) {
        notice.reason = WAX_UNSPECIFIED_ERROR;
    }
    return wax_notice_write(out, &notice, (wax_version)session->version);
}

wax_status wax_session_close(wax_session *session, uint8_t reason, wax_bytes properties,
                             wax_writer *out)
{
    uint8_t state = session->state;

    if (!farewell_fits(session, properties)) {
        properties = (wax_bytes){NULL, 0}; /* [MQTT-3.14.2-3] [MQTT-3.2.2-19] */
    }
    session->state = WAX_SESSION_CLOSED; /* [MQTT-3.14.4-1] */
    if (state == WAX_SESSION_OPEN) {
        return write_disconnect(session, reason, properties, out);
    }
    if (WAX_SERVER && state != WAX_SESSION_CLOSED && session->role == WAX_ROLE_SERVER) {
        return write_refusal(session, reason, properties, out);
    }
    return WAX_OK;
}

void wax_session_fail(wax_session *session, wax_status status, wax_writer *out)
{
    (void)wax_session_close(session, (uint8_t)status, (wax_bytes){NULL, 0}, out);
}
