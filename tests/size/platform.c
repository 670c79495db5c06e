/* A platform that does nothing, in a file of its own. */
#include "platform.h"

volatile uint8_t platform_qos;
volatile bool platform_stops;

static volatile uint32_t clock_ms;
static volatile uint8_t port;

static wax_status receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    self->waits = WAX_WAITS_TO_READ;
    if (size == 0 || port == 0) {
        return WAX_MORE;
    }
    room[0] = port;
    *received = 1;
    return WAX_OK;
}

static wax_status send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    (void)self;
    port = bytes.data[0];
    *sent = 1;
    return WAX_OK;
}

static wax_status close(wax_transport *self)
{
    (void)self;
    return WAX_OK;
}

static void release(wax_transport *self)
{
    (void)self;
}

static const char *explain(wax_transport *self)
{
    (void)self;
    return "";
}

static const wax_transport_kind kind = {"none", receive, send, close, release, explain};
static wax_transport transport = {.kind = &kind};

wax_transport *platform_transport(void)
{
    return &transport;
}

uint32_t platform_now_ms(void)
{
    return clock_ms;
}

void platform_sink(wax_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        port = bytes.data[i];
    }
}

void platform_read(void *room, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)room)[i] = port;
    }
}
