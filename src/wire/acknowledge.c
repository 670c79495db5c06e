/* PUBACK, PUBREC, PUBREL and PUBCOMP. [MQTT 5.0, 3.4 to 3.7] */
#include "wire/wire.h"

wax_status wax_acknowledgement_read(wax_acknowledgement *acknowledgement, wax_packet_type type,
                                    wax_bytes body, wax_version version)
{
    wax_reader in = wax_reader_over(body);

    *acknowledgement = (wax_acknowledgement){.type = type, .packet_id = wax_read_u16(&in)};
    wax_require(&in, acknowledgement->packet_id != 0, WAX_PROTOCOL_ERROR);
    if (WAX_IS_MQTT5(version) && in.status == WAX_OK) {
        wax_notice notice; /* [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] */
        in.status = wax_notice_read(&notice, type, wax_reader_rest(&in), version);
        acknowledgement->reason = notice.reason;
        acknowledgement->properties = notice.properties;
        return in.status;
    }
    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    return in.status;
}

wax_status wax_acknowledgement_write(wax_writer *out, const wax_acknowledgement *acknowledgement,
                                     wax_version version)
{
    bool has_properties = WAX_IS_MQTT5(version) && acknowledgement->properties.size > 0;
    bool has_reason = WAX_IS_MQTT5(version) && (acknowledgement->reason != 0 || has_properties);
    size_t size = 2U + (has_reason ? 1U : 0U);
    wax_status status;

    wax_assert(!WAX_MQTT5 || wax_reason_is_allowed(acknowledgement->type, acknowledgement->reason));
    size += has_properties ? wax_properties_size(acknowledgement->properties, version) : 0;
    status = wax_packet_write_head(out, acknowledgement->type,
                                   acknowledgement->type == WAX_PUBREL ? 0x02 : 0, size);
    wax_write_u16(out, acknowledgement->packet_id);
    if (has_reason) {
        wax_write_u8(out, acknowledgement->reason);
    }
    if (has_properties) {
        wax_write_properties(out, acknowledgement->properties);
    }
    return status;
}
