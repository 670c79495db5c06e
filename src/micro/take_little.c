/* What comes in for who only publishes at QoS 0 with MQTT 3: two packets of fixed form. */
#include "micro/internal.h"

wax_status wax_micro_take_little(wax_micro *micro, wax_micro_event *event)
{
    const uint8_t *room = micro->config->receive_room;
    uint8_t size = micro->is_open ? 2 : 4; /* of PINGRESP, CONNACK */

    if (micro->received_size < size) {
        return WAX_MORE;
    }
    micro->taken_size = size;
    if (room[0] != (micro->is_open ? WAX_PINGRESP << 4 : WAX_CONNACK << 4)) {
        return WAX_PROTOCOL_ERROR; /* [MQTT-3.2.0-1] */
    }
    if (room[1] != size - 2) {
        return WAX_MALFORMED;
    }
    if (micro->is_open) {
        micro->is_asked = false;
        return WAX_OK;
    }
    event->connack.reason = wax_connack_reason(room[3]);
    if (room[2] > 1 || event->connack.reason == WAX_MALFORMED) {
        return WAX_MALFORMED; /* [MQTT-3.2.2-1] */
    }
    event->connack.session_present = room[2] == 1;
    return wax_micro_judge_connack(micro, event);
}
