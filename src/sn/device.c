/* What a device sends. */
#include "sn/sn.h"

wax_status wax_sn_write_connect(wax_writer *out, uint8_t flags, uint16_t duration_s,
                                wax_bytes client_id)
{
    const wax_sn_packet packet = {
        .type = WAX_SN_CONNECT,
        .flags = flags,
        .protocol = WAX_SN_PROTOCOL,
        .duration_s = duration_s,
        .data = client_id,
    };

    return wax_sn_packet_write(out, &packet);
}

wax_status wax_sn_write_register(wax_writer *out, uint16_t message_id, wax_bytes topic)
{
    const wax_sn_packet packet = {
        .type = WAX_SN_REGISTER,
        .message_id = message_id,
        .data = topic,
    };

    return wax_sn_packet_write(out, &packet);
}

wax_status wax_sn_write_publish(wax_writer *out, uint8_t flags, uint16_t topic_id,
                                uint16_t message_id, wax_bytes message)
{
    const wax_sn_packet packet = {
        .type = WAX_SN_PUBLISH,
        .flags = flags,
        .topic_id = topic_id,
        .message_id = message_id,
        .data = message,
    };

    return wax_sn_packet_write(out, &packet);
}

wax_status wax_sn_write_pingreq(wax_writer *out, wax_bytes client_id)
{
    const wax_sn_packet packet = {.type = WAX_SN_PINGREQ, .data = client_id};

    return wax_sn_packet_write(out, &packet);
}

wax_status wax_sn_write_disconnect(wax_writer *out, uint16_t duration_s)
{
    const wax_sn_packet packet = {.type = WAX_SN_DISCONNECT, .duration_s = duration_s};

    return wax_sn_packet_write(out, &packet);
}
