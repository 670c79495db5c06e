/* SUBACK and UNSUBACK. [MQTT 5.0, 3.9 and 3.11] */
#include "wire/wire.h"

/* MQTT 3.1.1 knows the three granted QoS and one failure. [MQTT 3.1.1, 3.9.3] */
static bool code_is_allowed(uint8_t code)
{
    return code <= 2 || code == WAX_UNSPECIFIED_ERROR;
}

/* [MQTT-3.9.3-2] [MQTT-3.11.3-2] */
static bool reason_is_allowed(const wax_packet *packet, uint8_t reason)
{
    return WAX_IS_MQTT5(packet->version) ? wax_reason_is_allowed(packet->type, reason)
                                         : code_is_allowed(reason);
}

/* UNSUBACK says no more than its packet id before MQTT 5. */
static bool has_reasons(wax_packet_type type, wax_version version)
{
    return type == WAX_SUBACK || WAX_IS_MQTT5(version);
}

wax_status wax_suback_read(wax_suback *suback, const wax_packet *packet)
{
    wax_reader in = wax_reader_over(packet->body);
    bool is_allowed = true;

    *suback = (wax_suback){.packet_id = wax_read_u16(&in)};
    if (WAX_IS_MQTT5(packet->version)) {
        suback->properties = wax_read_properties(&in, packet->type);
    }
    suback->reasons = wax_reader_rest(&in);
    wax_require(&in, suback->packet_id != 0, WAX_PROTOCOL_ERROR);
    if (has_reasons(packet->type, packet->version)) { /* at least one */
        do {
            is_allowed = reason_is_allowed(packet, wax_read_u8(&in));
        } while (is_allowed && wax_reader_left(&in) > 0);
    }
    wax_require(&in, is_allowed && wax_reader_left(&in) == 0, WAX_MALFORMED);
    return in.status;
}

wax_status wax_suback_write(wax_writer *out, const wax_suback *suback, wax_packet_type type,
                            wax_version version)
{
    size_t start = out->used;

    wax_write_u16(out, suback->packet_id);
    if (WAX_IS_MQTT5(version)) {
        wax_write_properties(out, suback->properties);
    }
    for (size_t i = 0; has_reasons(type, version) && i < suback->reasons.size; i++) {
        uint8_t reason = suback->reasons.data[i];
        bool known = WAX_IS_MQTT5(version) || code_is_allowed(reason);
        wax_write_u8(out, known ? reason : WAX_UNSPECIFIED_ERROR);
    }
    return wax_packet_enclose(out, start, type, 0);
}
