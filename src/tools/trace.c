/* What -d tells: every packet as it passes, as a line that libmosquitto would write. */
#include "tools/trace.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM_SIZE = 256 * 1024,
    NAME_SIZE = 256,
};

/* One direction: the packet that has begun. */
struct way {
    const char *verb; /* "sending" */
    bool is_out;
    bool is_lost;  /* this is not MQTT: nothing more is told */
    uint64_t skip; /* of a packet that was told, what is still to pass */
    size_t used;
    uint8_t room[ROOM_SIZE];
};

struct trace {
    wax_transport transport;
    struct trace_settings settings;
    char name[NAME_SIZE];
    struct way out;
    struct way in;
};

static const char *const names[] = {
    "",        "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
    "PUBREL",  "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
    "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
};

static void begin(const struct trace *trace, const struct way *way, wax_packet_type type)
{
    (void)fprintf(trace->settings.out, "Client %s %s %s", trace->name, way->verb, names[type]);
}

static void name_client(struct trace *trace, wax_bytes id)
{
    if (id.size > 0) {
        (void)snprintf(trace->name, sizeof trace->name, "%.*s", (int)id.size,
                       (const char *)id.data);
    }
}

static void tell_connack(struct trace *trace, const struct way *way, const wax_packet *packet)
{
    wax_connack connack = {.reason = 0};
    wax_status status = wax_connack_read(&connack, packet);

    if (status == WAX_OK) {
        name_client(trace, wax_property_value(connack.properties, WAX_ASSIGNED_CLIENT_ID));
    }
    begin(trace, way, WAX_CONNACK);
    /* The code as it stands in the packet, whatever the version. */
    (void)fprintf(trace->settings.out, " (%u)\n",
                  packet->body.size > 1 ? packet->body.data[1] : 0U);
}

static void tell_publish(struct trace *trace, const struct way *way, const wax_packet *packet,
                         size_t head_size)
{
    wax_publish publish;

    if (wax_publish_read(&publish, packet) != WAX_OK) {
        return;
    }
    begin(trace, way, WAX_PUBLISH);
    (void)fprintf(trace->settings.out, " (d%d, q%u, r%d, m%u, '%.*s', ... (%zu bytes))\n",
                  publish.duplicate, publish.qos, publish.retain, publish.packet_id,
                  (int)publish.topic.size,
                  publish.topic.size > 0 ? (const char *)publish.topic.data : "",
                  packet->body_size - head_size);
}

static void tell_acknowledgement(struct trace *trace, const struct way *way,
                                 const wax_packet *packet)
{
    wax_notice what;
    bool has_reason = packet->type == WAX_PUBACK || (way->is_out && packet->type == WAX_PUBREC) ||
                      (!way->is_out && packet->type == WAX_PUBCOMP);

    if (wax_notice_read(&what, packet) != WAX_OK) {
        return;
    }
    begin(trace, way, packet->type);
    (void)fprintf(trace->settings.out, way->is_out ? " (m%u" : " (Mid: %u", what.packet_id);
    if (has_reason) {
        (void)fprintf(trace->settings.out, way->is_out ? ", rc%u" : ", RC:%u", what.reason);
    }
    (void)fputs(")\n", trace->settings.out);
}

static void tell_request(struct trace *trace, const struct way *way, const wax_packet *packet)
{
    wax_version version = trace->settings.version;
    wax_subscription one;
    wax_subscribe all;
    wax_reader in;

    if (wax_subscribe_read(&all, packet) != WAX_OK) {
        return;
    }
    in = wax_reader_over(all.filters);
    while (wax_subscription_next(&in, packet->type, version, &one)) {
        begin(trace, way, packet->type);
        (void)fprintf(trace->settings.out, " (Mid: %u, Topic: %.*s", all.packet_id,
                      (int)one.filter.size, (const char *)one.filter.data);
        if (packet->type == WAX_SUBSCRIBE) {
            unsigned options = (one.no_local ? 4U : 0) | (one.retain_as_published ? 8U : 0) |
                               (unsigned)one.retain_handling << 4;
            (void)fprintf(trace->settings.out, ", QoS: %u, Options: 0x%02x", one.qos, options);
        }
        (void)fputs(")\n", trace->settings.out);
    }
}

static void tell_suback(struct trace *trace, const struct way *way, const wax_packet *packet)
{
    wax_suback suback;

    if (wax_suback_read(&suback, packet) != WAX_OK) {
        return;
    }
    begin(trace, way, packet->type);
    (void)fputc('\n', trace->settings.out);
    if (packet->type != WAX_SUBACK || !trace->settings.tells_subscriptions) {
        return;
    }
    (void)fprintf(trace->settings.out, "Subscribed (mid: %u)", suback.packet_id);
    for (size_t i = 0; i < suback.reasons.size; i++) {
        (void)fprintf(trace->settings.out, "%s %u", i == 0 ? ":" : ",", suback.reasons.data[i]);
    }
    (void)fputc('\n', trace->settings.out);
}

static void tell_other(struct trace *trace, const struct way *way, const wax_packet *packet)
{
    wax_notice notice = {.reason = 0};
    bool has_reason = packet->type == WAX_DISCONNECT && !way->is_out &&
                      wax_notice_read(&notice, packet) == WAX_OK;

    begin(trace, way, packet->type);
    if (has_reason) {
        (void)fprintf(trace->settings.out, " (%u)", notice.reason);
    }
    (void)fputc('\n', trace->settings.out);
}

static void tell(struct trace *trace, const struct way *way, const wax_packet *packet)
{
    switch ((int)packet->type) {
    case WAX_CONNACK:
        tell_connack(trace, way, packet);
        break;
    case WAX_PUBACK:
    case WAX_PUBREC:
    case WAX_PUBREL:
    case WAX_PUBCOMP:
        tell_acknowledgement(trace, way, packet);
        break;
    case WAX_SUBSCRIBE:
    case WAX_UNSUBSCRIBE:
        tell_request(trace, way, packet);
        break;
    case WAX_SUBACK:
    case WAX_UNSUBACK:
        tell_suback(trace, way, packet);
        break;
    default:
        tell_other(trace, way, packet);
        break;
    }
}

/* Forgets the packet at the front, all `size` bytes of it, though they may not all be here. */
static void pass(struct way *way, uint64_t size)
{
    size_t here = size < way->used ? (size_t)size : way->used;

    memmove(way->room, way->room + here, way->used - here);
    way->used -= here;
    way->skip = size - here;
}

/* Tells the packet at the front, if enough of it is here. Returns whether it is dealt with. */
static bool take_packet(struct trace *trace, struct way *way)
{
    wax_reader in = wax_reader_over(wax_bytes_of(way->room, way->used));
    wax_packet packet;
    wax_status status = wax_packet_read(&packet, &in, trace->settings.version, WAX_PACKET_SIZE_MAX);
    bool is_publish;
    size_t head_size;

    if (status == WAX_MORE && packet.type == WAX_NO_PACKET) {
        return false;
    }
    if (status != WAX_OK && status != WAX_MORE) {
        way->is_lost = true;
        return false;
    }
    is_publish = packet.type == WAX_PUBLISH;
    head_size = is_publish
                    ? wax_publish_head_size(packet.flags, packet.body, trace->settings.version)
                    : packet.body_size;
    if (is_publish && head_size > 0 && head_size <= packet.body.size) {
        tell_publish(trace, way, &packet, head_size);
    } else if (!is_publish && status == WAX_OK) {
        tell(trace, way, &packet);
    } else if (way->used < ROOM_SIZE) {
        return false;
    } else {
        begin(trace, way, packet.type);
        (void)fputc('\n', trace->settings.out);
    }
    pass(way, (uint64_t)packet.head_size + packet.body_size);
    return true;
}

static void take(struct trace *trace, struct way *way, wax_bytes bytes)
{
    while (bytes.size > 0 && !way->is_lost) {
        size_t size = way->skip < bytes.size ? (size_t)way->skip : bytes.size;

        if (way->skip == 0) {
            size = bytes.size < ROOM_SIZE - way->used ? bytes.size : ROOM_SIZE - way->used;
            memcpy(way->room + way->used, bytes.data, size);
            way->used += size;
        } else {
            way->skip -= size;
        }
        bytes = wax_bytes_of(bytes.data + size, bytes.size - size);
        while (way->used > 0 && way->skip == 0 && !way->is_lost && take_packet(trace, way)) {
        }
    }
    (void)fflush(trace->settings.out);
}

/* --- The filter --- */

static struct trace *trace_of(wax_transport *self)
{
    return WAX_OWNER(self, struct trace, transport);
}

static wax_status receive_bytes(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    wax_status status = wax_transport_receive(self->below, room, size, received);

    self->waits = self->below->waits;
    if (status == WAX_OK) {
        take(trace_of(self), &trace_of(self)->in, wax_bytes_of(room, *received));
    }
    return status;
}

static wax_status send_bytes(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    wax_status status = wax_transport_send(self->below, bytes, sent);

    self->waits = self->below->waits;
    if (status == WAX_OK) {
        take(trace_of(self), &trace_of(self)->out, wax_bytes_of(bytes.data, *sent));
    }
    return status;
}

static wax_status close_below(wax_transport *self)
{
    wax_status status = wax_transport_close(self->below);

    self->waits = self->below->waits;
    return status;
}

static void release(wax_transport *self)
{
    wax_transport_release(self->below);
    wax_wipe(trace_of(self), sizeof(struct trace)); /* CONNECT holds the password */
    free(trace_of(self));
}

static const char *explain(wax_transport *self)
{
    return wax_transport_explain(self->below);
}

static const wax_transport_kind kind = {"trace",     receive_bytes, send_bytes,
                                        close_below, release,       explain};

wax_transport *tools_trace_open(const struct trace_settings *settings, wax_transport *below)
{
    struct trace *self = calloc(1, sizeof *self);

    if (self == NULL) {
        return NULL;
    }
    self->transport = (wax_transport){.kind = &kind, .below = below, .waits = below->waits};
    self->settings = *settings;
    self->out.verb = "sending";
    self->out.is_out = true;
    self->in.verb = "received";
    name_client(self, WAX_TEXT("(null)")); /* what libmosquitto calls one that has no name yet */
    name_client(self, settings->client_id);
    return &self->transport;
}
