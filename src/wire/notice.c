/* DISCONNECT and AUTH. [MQTT 5.0, 3.14 and 3.15] */
#include "wire/wire.h"

wax_status wax_notice_read(wax_notice *notice, wax_packet_type type, wax_bytes body,
                           wax_version version)
{
    wax_reader in = wax_reader_over(body);

    *notice = (wax_notice){.reason = WAX_REASON_SUCCESS};
    if (version == WAX_VERSION_5 && wax_reader_left(&in) > 0) {
        notice->reason = wax_read_u8(&in);
        if (wax_reader_left(&in) > 0) {
            notice->properties = wax_read_properties(&in, type);
        }
    }
    /* [MQTT-3.14.2-1] [MQTT-3.15.2-1] */
    wax_require(&in, wax_reason_is_allowed(type, notice->reason), WAX_MALFORMED);
    wax_require(&in, wax_reader_left(&in) == 0, WAX_MALFORMED);
    return in.status;
}

wax_status wax_notice_write(wax_writer *out, const wax_notice *notice, wax_packet_type type,
                            wax_version version)
{
    bool has_properties = version == WAX_VERSION_5 && notice->properties.size > 0;
    bool has_reason = version == WAX_VERSION_5 && (notice->reason != 0 || has_properties);
    size_t size = has_reason ? 1 : 0;
    wax_status status;

    wax_assert(wax_reason_is_allowed(type, notice->reason));
    size += has_properties ? wax_properties_size(notice->properties, version) : 0;
    status = wax_packet_write_head(out, type, 0, size);
    if (has_reason) {
        wax_write_u8(out, notice->reason);
    }
    if (has_properties) {
        wax_write_properties(out, notice->properties);
    }
    return status;
}
