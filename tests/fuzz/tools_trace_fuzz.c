/* Any bytes pass through the filter of -d unchanged, and are told, or not. The first byte says the
 * version, and which part of the rest goes out. */
#include "fuzz.h"
#include "tools/trace.h"

#include <string.h>

/* A server that swallows all and says what is left of the input. */
struct end {
    wax_transport transport;
    wax_bytes left;
};

static wax_status give(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    struct end *end = WAX_OWNER(self, struct end, transport);

    *received = end->left.size < size ? end->left.size : size;
    if (*received == 0) {
        return WAX_CLOSED;
    }
    memcpy(room, end->left.data, *received);
    end->left = wax_bytes_of(end->left.data + *received, end->left.size - *received);
    return WAX_OK;
}

static wax_status swallow(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    (void)self;
    *sent = bytes.size;
    return WAX_OK;
}

static wax_status close_end(wax_transport *self)
{
    (void)self;
    return WAX_OK;
}

static void keep(wax_transport *self)
{
    (void)self;
}

static const char *say_nothing(wax_transport *self)
{
    (void)self;
    return "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_transport_kind kind = {"end", give, swallow, close_end, keep, say_nothing};
    struct end end = {.transport = {.kind = &kind}};
    struct trace_settings settings = {.tells_subscriptions = true};
    wax_transport *trace;
    char *text = NULL;
    size_t text_size = 0;
    uint8_t room[64];
    size_t count;

    if (size == 0) {
        return 0;
    }
    settings.version = fuzz_version(data[0]);
    settings.out = open_memstream(&text, &text_size);
    fuzz_require(settings.out != NULL);
    trace = tools_trace_open(&settings, &end.transport);
    fuzz_require(trace != NULL);
    count = (size - 1) * (data[0] & 0x0fU) / 15;
    if (count > 0) {
        fuzz_require(wax_transport_send(trace, wax_bytes_of(data + 1, count), &count) == WAX_OK);
    }
    end.left = wax_bytes_of(data + 1 + count, size - 1 - count);
    while (wax_transport_receive(trace, room, sizeof room, &count) == WAX_OK) {
    }
    wax_transport_release(trace);
    (void)fclose(settings.out);
    free(text);
    return 0;
}
