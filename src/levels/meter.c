/* A filter right above the socket that counts what passes, and how often the direction turns. */
#include "levels/inner.h"

static struct levels_meter *meter_of(wax_transport *self)
{
    return (struct levels_meter *)self;
}

/* What the filter below said of the last call, it says itself. */
static void follow(wax_transport *self)
{
    self->waits = self->below->waits;
    self->is_drained = self->below->is_drained;
}

static wax_status receive_bytes(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    struct levels_meter *meter = meter_of(self);
    wax_status status = wax_transport_receive(self->below, room, size, received);

    follow(self);
    if (status == WAX_OK) {
        meter->bytes_in += *received;
        meter->turns += meter->has_sent ? 1 : 0;
        meter->has_sent = false;
    }
    return status;
}

static wax_status send_bytes(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    struct levels_meter *meter = meter_of(self);
    wax_status status = wax_transport_send(self->below, bytes, sent);

    follow(self);
    if (status == WAX_OK) {
        meter->bytes_out += *sent;
        meter->has_sent = true;
    }
    return status;
}

static wax_status close_below(wax_transport *self)
{
    wax_status status = wax_transport_close(self->below);

    follow(self);
    return status;
}

static void release(wax_transport *self)
{
    wax_transport_release(self->below);
}

static const char *explain(wax_transport *self)
{
    return wax_transport_explain(self->below);
}

static const wax_transport_kind kind = {"meter",     receive_bytes, send_bytes,
                                        close_below, release,       explain};

wax_transport *levels_meter_open(struct levels_meter *meter, wax_transport *below)
{
    *meter = (struct levels_meter){
        .transport = {.kind = &kind, .below = below}
    };
    return &meter->transport;
}
