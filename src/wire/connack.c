/* CONNACK. [MQTT 5.0, 3.2] */
#include "wire/wire.h"

/* MQTT 3.1 has no such flag: the whole byte says nothing there. */
enum { SESSION_PRESENT = 0x01 };

/* The return codes of MQTT 3.1.1 and the reasons they stand for. [MQTT 3.1.1, 3.2.2.3] */
static const uint8_t reasons[] = {
    WAX_REASON_SUCCESS,      /* 0 */
    WAX_UNSUPPORTED_VERSION, /* 1 */
    WAX_BAD_CLIENT_ID,       /* 2 */
    WAX_SERVER_UNAVAILABLE,  /* 3 */
    WAX_BAD_LOGIN,           /* 4 */
    WAX_NOT_AUTHORIZED,      /* 5 */
};

uint8_t wax_connack_reason(uint8_t code)
{
    return code < WAX_COUNT(reasons) ? reasons[code] : WAX_MALFORMED;
}

/* Reasons that MQTT 3 has no code for become "not authorized" when the client is not wanted, as it
 * is or with the Will it has, and "server unavailable" otherwise. */
static uint8_t code_of(uint8_t reason)
{
    for (size_t code = 0; code < WAX_COUNT(reasons); code++) {
        if (reasons[code] == reason) {
            return (uint8_t)code;
        }
    }
    return reason == WAX_BANNED || reason == WAX_BAD_AUTH_METHOD || reason == WAX_BAD_PAYLOAD_FORMAT
               ? 5
               : 3;
}

wax_status wax_connack_read(wax_connack *connack, const wax_packet *packet)
{
    wax_version version = packet->version;
    wax_reader in = wax_reader_over(packet->body);
    uint8_t flags = wax_read_u8(&in);
    uint8_t reason = wax_read_u8(&in);
    bool is_known;

    *connack = (wax_connack){
        .session_present = version != WAX_VERSION_3_1 && (flags & SESSION_PRESENT) != 0,
        .reason = reason,
    };
    if (WAX_IS_MQTT5(version)) {
        connack->properties = wax_read_properties(&in, WAX_CONNACK);
    } else {
        connack->reason = wax_connack_reason(reason);
    }
    is_known = WAX_IS_MQTT5(version) ? wax_reason_is_allowed(WAX_CONNACK, connack->reason)
                                     : connack->reason != WAX_MALFORMED; /* [MQTT-3.2.2-8] */
    wax_require(&in, is_known && flags <= SESSION_PRESENT && wax_reader_left(&in) == 0,
                WAX_MALFORMED); /* [MQTT-3.2.2-1] */
    if (in.status == WAX_OK && connack->session_present && connack->reason != 0) {
        in.status = WAX_PROTOCOL_ERROR; /* [MQTT-3.2.2-6] */
    }
    return in.status;
}

wax_status wax_connack_write(wax_writer *out, const wax_connack *connack, wax_version version)
{
    size_t start = out->used;

    wax_assert(connack->reason == 0 || !connack->session_present); /* [MQTT-3.2.2-6] */
    /* MQTT 3.1 has nothing here: the byte is reserved. */
    wax_write_u8(out, connack->session_present && version != WAX_VERSION_3_1);
    if (WAX_IS_MQTT5(version)) {
        wax_write_u8(out, connack->reason);
        wax_write_properties(out, connack->properties);
    } else {
        wax_write_u8(out, code_of(connack->reason));
    }
    return wax_packet_enclose(out, start, WAX_CONNACK, 0);
}
