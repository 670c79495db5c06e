/* SUBSCRIBE and UNSUBSCRIBE, one filter at a time. */
#include "micro/internal.h"

wax_status wax_micro_subscribe(wax_micro *micro, const wax_subscription *subscription,
                               wax_packet_type type, uint16_t *packet_id)
{
    wax_version version = WAX_MICRO_VERSION(micro);
    uint8_t *waits;
    size_t start = micro->out.used;
    wax_status status;

    if (!micro->is_open || subscription->filter.size == 0) {
        return WAX_INVALID;
    }
    *packet_id = wax_micro_free_id(micro);
    waits = wax_micro_exchange(micro, *packet_id);
    if (waits == NULL) {
        return WAX_CROWDED;
    }
    wax_write_u16(&micro->out, *packet_id);
    if (WAX_IS_MQTT5(version)) {
        wax_write_u8(&micro->out, 0); /* no properties */
    }
    wax_subscription_write(&micro->out, subscription, type, version);
    status = wax_micro_send(micro, start, type, 0x02);
    if (status == WAX_OK) {
        *waits = (uint8_t)(type + 1); /* SUBACK and UNSUBACK follow what they answer */
    }
    return status;
}
