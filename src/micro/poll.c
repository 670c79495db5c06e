/* One step: bytes out, a packet in, what is due. */
#include "micro/internal.h"

#include <string.h>

/* What a packet that comes may call for at once. */
enum { ANSWER_SIZE_MAX = 4 };

/* Offers the transport what waits. Returns WAX_OK when nothing waits any longer. */
static wax_status flush(wax_micro *micro)
{
    wax_writer *out = &micro->out;
    size_t sent;
    wax_status status;

    while (out->used > 0) {
        status = wax_transport_send(micro->transport, (wax_bytes){out->data, out->used}, &sent);
        if (status != WAX_OK) {
            return status;
        }
        out->used -= sent;
        memmove(out->data, out->data + sent, out->used);
    }
    if (!micro->is_open) {
        wax_wipe(out->data, out->size); /* CONNECT holds the password */
    }
    return WAX_OK;
}

/* Gives up the packet that was taken last. */
static void shift(wax_micro *micro)
{
    uint8_t *room = micro->config->receive_room;

    micro->received_size -= micro->taken_size;
    memmove(room, room + micro->taken_size, micro->received_size);
    micro->taken_size = 0;
}

/* Reads what the transport has. */
static wax_status fill(wax_micro *micro)
{
    const wax_micro_config *config = micro->config;
    size_t received;
    wax_status status =
        wax_transport_receive(micro->transport, config->receive_room + micro->received_size,
                              config->receive_size - micro->received_size, &received);

    if (status == WAX_OK) {
        micro->received_size += received;
        micro->received_ms = micro->now_ms;
    }
    return status;
}

uint32_t wax_micro_rest_ms(const wax_micro *micro)
{
    uint32_t silent_ms = micro->now_ms - micro->sent_ms;
    uint32_t deaf_ms = micro->now_ms - micro->received_ms;
    uint32_t limit_ms = micro->keep_alive_ms;

    silent_ms = silent_ms > deaf_ms ? silent_ms : deaf_ms;
    if (micro->is_asked) {
        silent_ms = micro->now_ms - micro->asked_ms;
        limit_ms = micro->config->timeout_ms;
    } else if (limit_ms == 0 || micro->transport == NULL) {
        return UINT32_MAX;
    }
    return silent_ms < limit_ms ? limit_ms - silent_ms : 0;
}

/* Does what is due though nothing comes. */
static wax_status tick(wax_micro *micro)
{
    if (wax_micro_rest_ms(micro) > 0) {
        return WAX_MORE;
    }
    if (micro->is_asked) {
        return WAX_KEEP_ALIVE_TIMEOUT;
    }
    if (wax_micro_send(micro, micro->out.used, WAX_PINGREQ, 0) == WAX_OK) { /* [MQTT-3.1.2-20] */
        micro->is_asked = true;
        micro->asked_ms = micro->now_ms;
        return WAX_OK;
    }
    /* The room is full: of packets that are new, or that do not leave. */
    return micro->now_ms - micro->sent_ms < micro->keep_alive_ms ? WAX_MORE
                                                                 : WAX_KEEP_ALIVE_TIMEOUT;
}

static wax_status step(wax_micro *micro, wax_micro_event *event)
{
    wax_status status = flush(micro);

    if (status > WAX_MORE) {
        return status;
    }
    if (micro->ends) {
        return status == WAX_OK ? WAX_CLOSED : tick(micro);
    }
    if (wax_writer_left(&micro->out) < ANSWER_SIZE_MAX) {
        return tick(micro);
    }
    shift(micro);
    status = micro->config->take(micro, event);
    if (status == WAX_MORE) {
        status = fill(micro);
    }
    return status == WAX_MORE ? tick(micro) : status;
}

wax_status wax_micro_poll(wax_micro *micro, uint32_t now_ms, wax_micro_event *event)
{
    wax_status status;

    *event = (wax_micro_event){.type = WAX_MICRO_NOTHING};
    micro->now_ms = now_ms;
    if (micro->transport == NULL) {
        return WAX_CLOSED;
    }
    status = step(micro, event);
    if (status > WAX_MORE) {
        if (WAX_IS_MQTT5(WAX_MICRO_VERSION(micro)) && status >= 0x80 &&
            event->type == WAX_MICRO_NOTHING) {
            wax_micro_fail(micro, status);
        }
        micro->transport = NULL;
        micro->is_open = micro->is_asked = false;
    }
    return status;
}
