/* The calls every filter answers. */
#include "transport/transport.h"

wax_status wax_transport_receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    *received = 0;
    return self->kind->receive(self, room, size, received);
}

wax_status wax_transport_send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    *sent = 0;
    return self->kind->send(self, bytes, sent);
}

wax_status wax_transport_close(wax_transport *self)
{
    return self->kind->close(self);
}

void wax_transport_release(wax_transport *self)
{
    self->kind->release(self);
}

const char *wax_transport_explain(wax_transport *self)
{
    return self->kind->explain(self);
}
