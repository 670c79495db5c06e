/* How connections begin and end. */
#include "micro/internal.h"

#include <string.h>

void wax_micro_open(wax_micro *micro, const wax_micro_config *config)
{
    *micro = (wax_micro){.config = config};
    memset(config->sending, 0, config->sending_count);
    memset(config->receiving, 0, config->receiving_count * sizeof *config->receiving);
}

/* CONNECT of MQTT 5 announces what this end bears; nothing is in the receive room yet. */
static void write_connect_5(wax_micro *micro)
{
    const wax_micro_config *config = micro->config;
    wax_writer properties = wax_writer_over(config->receive_room, config->receive_size);
    wax_connect connect = config->connect;

    wax_write_bytes(&properties, connect.properties);
    if (config->receiving_count > 0) {
        wax_write_u8(&properties, WAX_RECEIVE_MAXIMUM);
        wax_write_u16(&properties, config->receiving_count);
    }
    wax_write_u8(&properties, WAX_MAXIMUM_PACKET_SIZE);
    wax_write_u32(&properties, config->receive_size);
    connect.properties = wax_writer_bytes(&properties);
    if (wax_connect_write(&micro->out, &connect) == WAX_OK) {
        micro->out.status = properties.status;
    }
}

wax_status wax_micro_attach(wax_micro *micro, wax_transport *transport, uint32_t now_ms)
{
    const wax_micro_config *config = micro->config;

    *micro = (wax_micro){.config = config};
    micro->now_ms = now_ms;
    micro->received_ms = now_ms;
    micro->asked_ms = now_ms;
    micro->out.data = config->send_room;
    micro->out.size = config->send_size;
    micro->keep_alive_ms = config->connect.keep_alive_s * UINT32_C(1000);
    micro->is_asked = true;
    if (WAX_MQTT5) {
        micro->peer_packet_size_max = WAX_PACKET_SIZE_MAX; /* until CONNACK says less */
    }
    if (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro))) {
        write_connect_5(micro);
    } else {
        (void)!wax_connect_write(&micro->out, &config->connect);
    }
    if (micro->out.status == WAX_OK) {
        micro->transport = transport;
    }
    return wax_micro_wrote(micro, 0);
}

/* What the server announced. */
static void heed(wax_micro *micro, wax_bytes properties)
{
    micro->peer_receive_maximum =
        (uint16_t)wax_property_number(properties, WAX_RECEIVE_MAXIMUM, UINT16_MAX);
    micro->peer_packet_size_max =
        wax_property_number(properties, WAX_MAXIMUM_PACKET_SIZE, WAX_PACKET_SIZE_MAX);
    micro->keep_alive_ms = 1000U * wax_property_number(properties, WAX_SERVER_KEEP_ALIVE,
                                                       micro->config->connect.keep_alive_s);
    micro->maximum_qos = (uint8_t)wax_property_number(properties, WAX_MAXIMUM_QOS, 2);
    micro->retain_available = (uint8_t)wax_property_number(properties, WAX_RETAIN_AVAILABLE, 1);
}

wax_status wax_micro_judge_connack(wax_micro *micro, wax_micro_event *event)
{
    const wax_micro_config *config = micro->config;
    wax_connack *connack = &event->connack;

    if (connack->reason != WAX_REASON_SUCCESS) {
        event->type = WAX_MICRO_REFUSED;
        return (wax_status)connack->reason;
    }
    if (connack->session_present && config->connect.clean_start) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.2.2-4] */
    }
    if (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro))) {
        heed(micro, connack->properties);
    }
    micro->is_open = true;
    micro->is_asked = false;
    event->type = WAX_MICRO_CONNECTED;
    return WAX_OK;
}

static wax_status write_disconnect(wax_micro *micro, uint8_t reason)
{
    size_t start = micro->out.used;

    if (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro)) && reason != WAX_REASON_SUCCESS) {
        wax_write_u8(&micro->out, reason);
    }
    return wax_micro_send(micro, start, WAX_DISCONNECT, 0);
}

wax_status wax_micro_disconnect(wax_micro *micro, uint8_t reason)
{
    wax_status status;

    if (!micro->is_open) {
        return WAX_INVALID;
    }
    status = write_disconnect(micro, reason);
    if (status == WAX_OK) {
        micro->is_open = false;
        micro->ends = true;
    }
    return status;
}

void wax_micro_fail(wax_micro *micro, wax_status status)
{
    size_t sent;

    if (micro->is_open && write_disconnect(micro, (uint8_t)status) == WAX_OK) {
        (void)!wax_transport_send(micro->transport, wax_writer_bytes(&micro->out), &sent);
    }
}

wax_status wax_micro_take_disconnect(const wax_packet *packet, wax_micro_event *event)
{
    wax_notice *notice = &event->notice;
    wax_status status = wax_notice_read(notice, packet);

    if (status != WAX_OK) {
        return status;
    }
    if (wax_property_number(notice->properties, WAX_SESSION_EXPIRY, UINT32_MAX) != UINT32_MAX) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.14.2-2] */
    }
    event->type = WAX_MICRO_DISCONNECTED;
    return notice->reason < 0x80 ? WAX_CLOSED : (wax_status)notice->reason;
}
