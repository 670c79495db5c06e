/* Messages that go out. */
#include "micro/internal.h"

uint8_t *wax_micro_exchange(const wax_micro *micro, uint16_t packet_id)
{
    unsigned slot = packet_id - 1U;

    return slot < micro->config->sending_count ? &micro->config->sending[slot] : NULL;
}

wax_status wax_micro_publish_0(wax_micro *micro, const wax_publish *publish)
{
    wax_version version = WAX_MICRO_VERSION(micro);
    size_t start = micro->out.used;

    if (!micro->is_open || publish->topic.size == 0 || wax_topic_has_wildcard(publish->topic)) {
        return WAX_INVALID;
    }
    if (WAX_IS_MQTT5(version) &&
        (publish->qos > micro->maximum_qos || (publish->retain && !micro->retain_available))) {
        return WAX_INVALID; /* [MQTT-3.2.2-11] [MQTT-3.2.2-14] */
    }
    (void)!wax_publish_write(&micro->out, publish, version);
    return wax_micro_wrote(micro, start);
}

uint16_t wax_micro_free_id(const wax_micro *micro)
{
    uint16_t id = 1;

    while (id <= micro->config->sending_count && *wax_micro_exchange(micro, id) != WAX_NO_PACKET) {
        id++;
    }
    return id;
}

wax_status wax_micro_publish(wax_micro *micro, wax_publish *publish)
{
    bool is_again = publish->duplicate;
    uint8_t *waits;
    wax_status status;

    if (publish->qos == 0) {
        publish->packet_id = 0;
        publish->duplicate = false;
        return wax_micro_publish_0(micro, publish);
    }
    if (publish->qos > 2) {
        return WAX_INVALID;
    }
    if (!is_again) {
        publish->packet_id = wax_micro_free_id(micro);
    }
    waits = wax_micro_exchange(micro, publish->packet_id);
    if (is_again && (waits == NULL || *waits == WAX_NO_PACKET)) {
        return WAX_NOT_FOUND;
    }
    if (waits == NULL || (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro)) &&
                          micro->sent_count >= micro->peer_receive_maximum)) {
        return WAX_CROWDED; /* [MQTT-3.3.4-7] */
    }
    if (*waits == WAX_PUBCOMP) { /* the server has it [MQTT-4.3.3-6] */
        status = wax_micro_acknowledge(micro, WAX_PUBREL, publish->packet_id);
    } else {
        status = wax_micro_publish_0(micro, publish);
    }
    if (status == WAX_OK) {
        micro->sent_count = (uint8_t)(micro->sent_count + WAX_MQTT5);
        if (!is_again) {
            *waits = publish->qos == 1 ? WAX_PUBACK : WAX_PUBREC;
        }
    }
    return status;
}
