/* Two ends in memory. */
#include "transport/transport.h"

#include <string.h>

static wax_loopback *end_of(wax_transport *self)
{
    return (wax_loopback *)(void *)self;
}

static wax_status receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    wax_loopback *end = end_of(self);
    size_t taken = size < end->inbox_used ? size : end->inbox_used;

    self->is_drained = taken == end->inbox_used;
    if (taken == 0) {
        self->waits = WAX_WAITS_TO_READ;
        return end->is_closed || end->other == NULL ? WAX_CLOSED : WAX_MORE;
    }
    memcpy(room, end->inbox, taken);
    memmove(end->inbox, end->inbox + taken, end->inbox_used - taken);
    end->inbox_used -= taken;
    *received = taken;
    return WAX_OK;
}

static wax_status send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    wax_loopback *other = end_of(self)->other;
    size_t left;

    if (other == NULL) {
        return WAX_CLOSED;
    }
    left = other->inbox_size - other->inbox_used;
    if (left == 0) {
        self->waits = WAX_WAITS_TO_WRITE;
        return WAX_MORE;
    }
    *sent = bytes.size < left ? bytes.size : left;
    memcpy(other->inbox + other->inbox_used, bytes.data, *sent);
    other->inbox_used += *sent;
    return WAX_OK;
}

static wax_status close(wax_transport *self)
{
    if (end_of(self)->other != NULL) {
        end_of(self)->other->is_closed = true;
    }
    return WAX_OK;
}

static void release(wax_transport *self)
{
    wax_loopback *end = end_of(self);

    if (end->other != NULL) {
        end->other->other = NULL;
        end->other = NULL;
    }
}

static const char *explain(wax_transport *self)
{
    (void)self;
    return "";
}

static const wax_transport_kind kind = {"loopback", receive, send, close, release, explain};

void wax_loopback_open(wax_loopback *one, wax_loopback *other, uint8_t *inbox_of_one,
                       uint8_t *inbox_of_other, size_t size)
{
    *one = (wax_loopback){
        .transport = {.kind = &kind, .waits = WAX_WAITS_TO_READ},
        .other = other,
        .inbox = inbox_of_one,
        .inbox_size = size
    };
    *other = (wax_loopback){
        .transport = {.kind = &kind, .waits = WAX_WAITS_TO_READ},
        .other = one,
        .inbox = inbox_of_other,
        .inbox_size = size
    };
}
