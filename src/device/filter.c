/* TLS between MQTT and the filter below, whichever library speaks it. */
#include "device/device.h"

static wax_device_filter *self_of(wax_transport *self)
{
    return (wax_device_filter *)(void *)self;
}

/* ---- Below ---- */

static wax_status note_below(wax_device_filter *self, wax_status status)
{
    if (status != WAX_OK) {
        self->transport.waits = self->transport.below->waits;
        self->below_status = status == WAX_MORE ? self->below_status : status;
    }
    return status;
}

wax_status wax_device_send_below(wax_device_filter *self, wax_bytes bytes, size_t *sent)
{
    return note_below(self, wax_transport_send(self->transport.below, bytes, sent));
}

wax_status wax_device_receive_below(wax_device_filter *self, uint8_t *room, size_t size,
                                    size_t *received)
{
    return note_below(self, wax_transport_receive(self->transport.below, room, size, received));
}

/* ---- Above ---- */

/* What the library says; all but waiting ends the connection. One that ends without close_notify
 * has ended as well: MQTT itself knows whether a packet is whole. */
static wax_status judge(wax_device_filter *self, wax_status status)
{
    if (status == WAX_OK || status == WAX_MORE) {
        return status;
    }
    if (self->below_status != WAX_OK) {
        status = self->below_status;
        self->problem = NULL;
        if (status == WAX_CLOSED && !self->library->is_ready(self)) {
            status = wax_device_explain(WAX_DEVICE_CUT, &self->problem);
        }
    }
    self->ended = status;
    return status;
}

static wax_status receive(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    wax_device_filter *self = self_of(transport);

    return self->ended != WAX_OK ? self->ended
                                 : judge(self, self->library->receive(self, room, size, received));
}

/* What the library has taken once it has to be offered again as it was, and not with more. */
static wax_status send(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    wax_device_filter *self = self_of(transport);
    size_t size = self->pending_size > 0 ? self->pending_size : bytes.size;
    wax_status status;

    wax_assert(bytes.size >= size && size > 0);
    if (self->ended != WAX_OK) {
        return self->ended;
    }
    status = judge(self, self->library->send(self, wax_bytes_of(bytes.data, size), sent));
    self->pending_size = status == WAX_MORE ? size : 0;
    return status;
}

/* Says close_notify, and does not wait for the peer's: MQTT has said its DISCONNECT before. */
static wax_status close(wax_transport *transport)
{
    wax_device_filter *self = self_of(transport);
    bool is_open = self->library->is_ready(self) && self->below_status == WAX_OK &&
                   (self->ended == WAX_OK || self->ended == WAX_CLOSED);
    wax_status status;

    if (is_open && !self->said_bye) {
        if (judge(self, self->library->say_bye(self)) == WAX_MORE) {
            return WAX_MORE;
        }
        self->said_bye = true;
    }
    status = wax_transport_close(transport->below);
    transport->waits = transport->below->waits;
    return status;
}

static void release(wax_transport *transport)
{
    wax_device_filter *self = self_of(transport);

    self->library->release(self);
    wax_transport_release(transport->below);
}

static const char *explain(wax_transport *transport)
{
    wax_device_filter *self = self_of(transport);

    return self->problem != NULL ? self->problem : wax_transport_explain(transport->below);
}

static const wax_transport_kind kind = {"TLS", receive, send, close, release, explain};

void wax_device_filter_open(wax_device_filter *self, const wax_device_library *library,
                            wax_transport *below)
{
    *self = (wax_device_filter){
        .transport = {.kind = &kind, .below = below, .waits = WAX_WAITS_TO_WRITE},
        .library = library,
    };
}
