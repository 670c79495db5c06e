/* SUBSCRIBE and UNSUBSCRIBE. [MQTT 5.0, 3.8 and 3.10] */
#include "wire/wire.h"

enum {
    QOS = 0x03,
    NO_LOCAL = 0x04,
    RETAIN_AS_PUBLISHED = 0x08,
    RETAIN_HANDLING_SHIFT = 4,
    RESERVED = 0xc0,
};

/* Reads one filter and, in SUBSCRIBE, its options. */
static void read_subscription(wax_reader *in, wax_packet_type type, wax_version version,
                              wax_subscription *subscription)
{
    uint8_t options;

    *subscription = (wax_subscription){.filter = wax_read_text(in)};    /* [MQTT-3.8.3-1] */
    wax_require(in, subscription->filter.size > 0, WAX_PROTOCOL_ERROR); /* [MQTT-4.7.3-1] */
    if (type == WAX_UNSUBSCRIBE) {
        return;
    }
    options = wax_read_u8(in);
    subscription->qos = options & QOS;
    subscription->no_local = (options & NO_LOCAL) != 0;
    subscription->retain_as_published = (options & RETAIN_AS_PUBLISHED) != 0;
    subscription->retain_handling = options >> RETAIN_HANDLING_SHIFT & 0x03U;
    wax_require(in, (options & RESERVED) == 0, WAX_MALFORMED); /* [MQTT-3.8.3-5] */
    wax_require(in, WAX_IS_MQTT5(version) || (options & ~(unsigned)QOS) == 0,
                WAX_MALFORMED); /* [MQTT-3.8.3-4 in 3.1.1] */
    wax_require(in, subscription->qos <= 2, WAX_PROTOCOL_ERROR);
    wax_require(in, subscription->retain_handling <= 2, WAX_PROTOCOL_ERROR);
    wax_require(in,
                !subscription->no_local ||
                    !wax_bytes_start_with(subscription->filter, WAX_TEXT("$share/")),
                WAX_PROTOCOL_ERROR); /* [MQTT-3.8.3-4] */
}

wax_status wax_subscribe_read(wax_subscribe *subscribe, const wax_packet *packet)
{
    wax_reader in = wax_reader_over(packet->body);
    wax_subscription subscription;

    *subscribe = (wax_subscribe){.packet_id = wax_read_u16(&in)};
    if (WAX_IS_MQTT5(packet->version)) {
        subscribe->properties = wax_read_properties(&in, packet->type);
    }
    subscribe->filters = wax_reader_rest(&in);
    wax_require(&in, subscribe->packet_id != 0, WAX_PROTOCOL_ERROR); /* [MQTT-2.2.1-3] */
    wax_require(&in, subscribe->filters.size > 0,
                WAX_PROTOCOL_ERROR); /* [MQTT-3.8.3-2] [MQTT-3.10.3-2] */
    while (wax_reader_left(&in) > 0) {
        read_subscription(&in, packet->type, packet->version, &subscription);
    }
    return in.status;
}

wax_status wax_subscribe_write(wax_writer *out, const wax_subscribe *subscribe,
                               wax_packet_type type, wax_version version)
{
    size_t start = out->used;

    wax_assert(subscribe->packet_id != 0 && subscribe->filters.size > 0);
    wax_write_u16(out, subscribe->packet_id);
    if (WAX_IS_MQTT5(version)) {
        wax_write_properties(out, subscribe->properties);
    }
    wax_write_bytes(out, subscribe->filters);
    return wax_packet_enclose(out, start, type, 0x02);
}

bool wax_subscription_next(wax_reader *filters, wax_packet_type type, wax_version version,
                           wax_subscription *subscription)
{
    if (wax_reader_left(filters) == 0) {
        return false;
    }
    read_subscription(filters, type, version, subscription);
    return filters->status == WAX_OK;
}

void wax_subscription_write(wax_writer *filters, const wax_subscription *subscription,
                            wax_packet_type type, wax_version version)
{
    unsigned options = subscription->qos;

    wax_write_blob(filters, subscription->filter);
    if (type == WAX_UNSUBSCRIBE) {
        return;
    }
    if (WAX_IS_MQTT5(version)) {
        options |= subscription->no_local ? NO_LOCAL : 0;
        options |= subscription->retain_as_published ? RETAIN_AS_PUBLISHED : 0;
        options |= (unsigned)subscription->retain_handling << RETAIN_HANDLING_SHIFT;
    }
    wax_write_u8(filters, (uint8_t)options);
}
