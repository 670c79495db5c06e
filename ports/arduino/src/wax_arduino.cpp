/* What a transport does, in the words of Arduino's `Client`. */
#include "wax_arduino.h"

static Client *client_of(wax_transport *transport)
{
    return reinterpret_cast<wax_arduino *>(transport)->client;
}

static wax_status take_bytes(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    Client *client = client_of(transport);
    const int available = client->available();
    int count;

    transport->waits = WAX_WAITS_TO_READ;
    if (available <= 0) { /* what came before the end is read before it is told */
        return client->connected() ? WAX_MORE : WAX_CLOSED;
    }
    if (size > static_cast<unsigned>(available)) {
        size = static_cast<size_t>(available);
    }
    count = client->read(room, size);
    if (count <= 0) {
        return WAX_MORE;
    }
    *received = static_cast<size_t>(count);
    return WAX_OK;
}

static wax_status give_bytes(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    Client *client = client_of(transport);

    transport->waits = WAX_WAITS_TO_WRITE;
    *sent = client->write(bytes.data, bytes.size);
    if (*sent > 0) {
        return WAX_OK;
    }
    return client->connected() ? WAX_MORE : WAX_CLOSED;
}

static void release(wax_transport *transport)
{
    client_of(transport)->stop();
}

static wax_status say_bye(wax_transport *transport)
{
    release(transport);
    return WAX_OK;
}

static const char *explain(wax_transport *transport)
{
    (void)transport;
    return "";
}

void wax_arduino_open(wax_arduino *self, Client *client)
{
    static const wax_transport_kind kind = {"arduino", take_bytes, give_bytes,
                                            say_bye,   release,    explain};

    self->transport = wax_transport();
    self->transport.kind = &kind;
    self->client = client;
}
