/* Packets go to the send room. */
#include "micro/internal.h"

wax_status wax_micro_wrote(wax_micro *micro, size_t start)
{
    wax_status status = micro->out.status;

    micro->out.status = WAX_OK;
    if (WAX_MQTT5 && micro->out.used - start > micro->peer_packet_size_max) {
        micro->out.used = start;
        return WAX_TOO_LARGE; /* [MQTT-3.1.2-25] [MQTT-3.2.2-15] */
    }
    if (status == WAX_OK) {
        micro->sent_ms = micro->now_ms;
    } else if (start == 0) {
        status = WAX_TOO_LARGE; /* not even an empty room takes it */
    }
    return status;
}

wax_status wax_micro_send(wax_micro *micro, size_t start, wax_packet_type type, uint8_t flags)
{
    (void)!wax_packet_enclose(&micro->out, start, type, flags);
    return wax_micro_wrote(micro, start);
}

wax_status wax_micro_acknowledge(wax_micro *micro, wax_packet_type type, uint16_t packet_id)
{
    size_t start = micro->out.used;

    wax_write_u16(&micro->out, packet_id);
    return wax_micro_send(micro, start, type, type == WAX_PUBREL ? 0x02 : 0);
}
