/* SUBACK and UNSUBACK. [MQTT 5.0, 3.9 and 3.11] */
#include "wire/wire.h"

/* MQTT 3.1.1 knows the three granted QoS and one failure. [MQTT 3.1.1, 3.9.3] */
static bool code_is_allowed(uint8_t code)
{
    return code <= 2 || code == WAX_UNSPECIFIED_ERROR;
}

/* [MQTT-3.9.3-2] [MQTT-3.11.3-2] */
static bool reasons_are_allowed(wax_bytes reasons, wax_packet_type type, wax_version version)
{
    for (size_t i = 0; i < reasons.size; i++) {
        uint8_t reason = reasons.data[i];
        if (WAX_IS_MQTT5(version) ? !wax_reason_is_allowed(type, reason)
                                  : !code_is_allowed(reason)) {
            return false;
        }
    }
    return true;
}

wax_status wax_suback_read(wax_suback *suback, wax_packet_type type, wax_bytes body,
                           wax_version version)
{
    wax_reader in = wax_reader_over(body);
    bool has_reasons = type == WAX_SUBACK || WAX_IS_MQTT5(version);

    *suback = (wax_suback){.packet_id = wax_read_u16(&in)};
    if (WAX_IS_MQTT5(version)) {
        suback->properties = wax_read_properties(&in, type);
    }
    suback->reasons = wax_reader_rest(&in);
    if (in.status != WAX_OK) {
        return in.status;
    }
    if (suback->packet_id == 0) {
        return WAX_PROTOCOL_ERROR;
    }
    if ((suback->reasons.size > 0) != has_reasons ||
        !reasons_are_allowed(suback->reasons, type, version)) {
        return WAX_MALFORMED;
    }
    return WAX_OK;
}

wax_status wax_suback_write(wax_writer *out, const wax_suback *suback, wax_packet_type type,
                            wax_version version)
{
    bool has_reasons = type == WAX_SUBACK || WAX_IS_MQTT5(version);
    size_t start = out->used;

    wax_write_u16(out, suback->packet_id);
    if (WAX_IS_MQTT5(version)) {
        wax_write_properties(out, suback->properties);
    }
    for (size_t i = 0; has_reasons && i < suback->reasons.size; i++) {
        uint8_t reason = suback->reasons.data[i];
        bool known = WAX_IS_MQTT5(version) || code_is_allowed(reason);
        wax_write_u8(out, known ? reason : WAX_UNSPECIFIED_ERROR);
    }
    return wax_packet_enclose(out, start, type, 0);
}
