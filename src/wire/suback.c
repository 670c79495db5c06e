/* SUBACK and UNSUBACK. [MQTT 5.0, 3.9 and 3.11] */
#include "wire/wire.h"

/* MQTT 3.1.1 knows the three granted QoS and one failure. [MQTT 3.1.1, 3.9.3] */
static bool code_is_allowed(uint8_t code)
{
    return code <= 2 || code == WAX_UNSPECIFIED_ERROR;
}

static void check_reasons(wax_reader *in, wax_bytes reasons, wax_packet_type type,
                          wax_version version)
{
    for (size_t i = 0; i < reasons.size; i++) {
        bool allowed = version == WAX_VERSION_5 ? wax_reason_is_allowed(type, reasons.data[i])
                                                : code_is_allowed(reasons.data[i]);
        wax_require(in, allowed, WAX_MALFORMED); /* [MQTT-3.9.3-2] [MQTT-3.11.3-2] */
    }
}

wax_status wax_suback_read(wax_suback *suback, wax_packet_type type, wax_bytes body,
                           wax_version version)
{
    wax_reader in = wax_reader_over(body);
    bool has_reasons = type == WAX_SUBACK || version == WAX_VERSION_5;

    *suback = (wax_suback){.packet_id = wax_read_u16(&in)};
    if (version == WAX_VERSION_5) {
        suback->properties = wax_read_properties(&in, type);
    }
    suback->reasons = wax_reader_rest(&in);
    wax_require(&in, suback->packet_id != 0, WAX_PROTOCOL_ERROR);
    wax_require(&in, (suback->reasons.size > 0) == has_reasons, WAX_MALFORMED);
    check_reasons(&in, suback->reasons, type, version);
    return in.status;
}

wax_status wax_suback_write(wax_writer *out, const wax_suback *suback, wax_packet_type type,
                            wax_version version)
{
    bool has_reasons = type == WAX_SUBACK || version == WAX_VERSION_5;
    size_t size = 2 + wax_properties_size(suback->properties, version);
    wax_status status;

    size += has_reasons ? suback->reasons.size : 0;
    status = wax_packet_write_head(out, type, 0, size);
    wax_write_u16(out, suback->packet_id);
    if (version == WAX_VERSION_5) {
        wax_write_properties(out, suback->properties);
    }
    for (size_t i = 0; has_reasons && i < suback->reasons.size; i++) {
        uint8_t reason = suback->reasons.data[i];
        bool known = version == WAX_VERSION_5 || code_is_allowed(reason);
        wax_write_u8(out, known ? reason : WAX_UNSPECIFIED_ERROR);
    }
    return status;
}
