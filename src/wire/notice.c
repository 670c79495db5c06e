/* PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT and AUTH. [MQTT 5.0, 3.4 to 3.7, 3.14 and 3.15] */
#include "wire/wire.h"

/* The others are about no packet. */
static bool has_packet_id(wax_packet_type type)
{
    return type <= WAX_PUBCOMP;
}

wax_status wax_notice_read(wax_notice *notice, const wax_packet *packet)
{
    wax_packet_type type = packet->type;
    wax_reader in = wax_reader_over(packet->body);

    *notice = (wax_notice){.type = type};
    if (has_packet_id(type)) {
        notice->packet_id = wax_read_u16(&in);
        wax_require(&in, notice->packet_id != 0, WAX_PROTOCOL_ERROR);
    }
    if (WAX_IS_MQTT5(packet->version) && wax_reader_left(&in) > 0) {
        notice->reason = wax_read_u8(&in);
        if (wax_reader_left(&in) > 0) {
            notice->properties = wax_read_properties(&in, type);
        }
    }
    /* [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
     */
    wax_require(&in,
                wax_reader_left(&in) == 0 &&
                    (!WAX_MQTT5 || wax_reason_is_allowed(type, notice->reason)),
                WAX_MALFORMED);
    return in.status;
}

wax_status wax_notice_write(wax_writer *out, const wax_notice *notice, wax_version version)
{
    bool has_properties = WAX_IS_MQTT5(version) && notice->properties.size > 0;
    bool has_reason = WAX_IS_MQTT5(version) && (notice->reason != 0 || has_properties);
    size_t size = (has_packet_id(notice->type) ? 2U : 0U) + (has_reason ? 1U : 0U);
    wax_status status;

    wax_assert(!WAX_MQTT5 || wax_reason_is_allowed(notice->type, notice->reason));
    size += has_properties ? wax_properties_size(notice->properties, version) : 0;
    status = wax_packet_write_head(out, notice->type, notice->type == WAX_PUBREL ? 0x02 : 0, size);
    if (has_packet_id(notice->type)) {
        wax_write_u16(out, notice->packet_id);
    }
    if (has_reason) {
        wax_write_u8(out, notice->reason);
    }
    if (has_properties) {
        wax_write_properties(out, notice->properties);
    }
    return status;
}
