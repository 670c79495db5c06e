/* DISCONNECT and AUTH. [MQTT 5.0, 3.14 and 3.15] */
#include "wire/wire.h"

wax_status wax_notice_read(wax_notice *notice, wax_packet_type type, wax_bytes body,
                           wax_version version)
{
    wax_reader in = wax_reader_over(body);

    *notice = (wax_notice){.reason = WAX_REASON_SUCCESS};
    if (WAX_IS_MQTT5(version) && wax_reader_left(&in) > 0) {
        notice->reason = wax_read_u8(&in);
        if (wax_reader_left(&in) > 0) {
            notice->properties = wax_read_properties(&in, type);
        }
    }
    /* [MQTT-3.14.2-1] [MQTT-3.15.2-1] */
    wax_require(&in,
                wax_reader_left(&in) == 0 &&
                    (!WAX_MQTT5 || wax_reason_is_allowed(type, notice->reason)),
                WAX_MALFORMED);
    return in.status;
}

wax_status wax_notice_write(wax_writer *out, const wax_notice *notice, wax_packet_type type,
                            wax_version version)
{
    bool has_properties = WAX_IS_MQTT5(version) && notice->properties.size > 0;
    bool has_reason = WAX_IS_MQTT5(version) && (notice->reason != 0 || has_properties);
    size_t start = out->used;

    wax_assert(!WAX_MQTT5 || wax_reason_is_allowed(type, notice->reason));
    if (has_reason) {
        wax_write_u8(out, notice->reason);
    }
    if (has_properties) {
        wax_write_properties(out, notice->properties);
    }
    return wax_packet_enclose(out, start, type, 0);
}
