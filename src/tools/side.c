/* One end of a connection that a tool carries for others. */
#include "tools/side.h"

#include <stdlib.h>
#include <string.h>

bool tools_side_open(struct side *side, wax_loop *loop, size_t in_size, size_t out_size)
{
    side->loop = loop;
    side->in = malloc(in_size);
    side->in_size = in_size;
    side->out = malloc(out_size);
    side->out_size = out_size;
    return side->in != NULL && side->out != NULL;
}

bool tools_side_watch(struct side *side, wax_transport *transport,
                      void (*ready)(wax_watch *self, bool readable, bool writable))
{
    side->transport = transport;
    side->watch = (wax_watch){.ready = ready, .descriptor = wax_socket_descriptor(transport)};
    return wax_loop_watch(side->loop, &side->watch, false) == WAX_OK;
}

/* Overwrites what may be secret: CONNECT with its password. */
static void wipe(struct side *side)
{
    if (side->in != NULL) {
        wax_wipe(side->in, side->in_end);
    }
    if (side->out != NULL) {
        wax_wipe(side->out, side->out_peak);
    }
}

void tools_side_hang_up(struct side *side)
{
    if (side->transport != NULL) {
        wax_loop_forget(side->loop, &side->watch);
        wax_transport_release(side->transport);
        side->transport = NULL;
    }
    wipe(side);
    side->in_start = side->in_end = 0;
    side->out_start = side->out_end = side->out_peak = 0;
    side->is_ended = side->is_closed = false;
}

void tools_side_close(struct side *side)
{
    tools_side_hang_up(side);
    free(side->in);
    free(side->out);
    side->in = side->out = NULL;
}

bool tools_side_has_output(const struct side *side)
{
    return side->transport != NULL && !side->is_ended && side->out_start < side->out_end;
}

bool tools_side_flush(struct side *side)
{
    bool has_moved = false;
    wax_status status = WAX_OK;
    size_t sent;

    while (status == WAX_OK && tools_side_has_output(side)) {
        status = wax_transport_send(
            side->transport,
            wax_bytes_of(side->out + side->out_start, side->out_end - side->out_start), &sent);
        if (status == WAX_OK) {
            side->out_start += sent;
            has_moved = true;
        }
    }
    side->is_ended = side->is_ended || (status != WAX_OK && status != WAX_MORE);
    if (side->out_start == side->out_end) {
        side->out_start = side->out_end = 0;
    }
    return has_moved;
}

bool tools_side_fill(struct side *side)
{
    size_t received;
    wax_status status;

    if (side->transport == NULL || side->is_ended) {
        return false;
    }
    if (side->in_start > 0) {
        memmove(side->in, side->in + side->in_start, side->in_end - side->in_start);
        side->in_end -= side->in_start;
        side->in_start = 0;
    }
    if (side->in_end == side->in_size) {
        return false;
    }
    status = wax_transport_receive(side->transport, side->in + side->in_end,
                                   side->in_size - side->in_end, &received);
    if (status == WAX_OK) {
        side->in_end += received;
    }
    side->is_ended = status != WAX_OK && status != WAX_MORE;
    return status == WAX_OK;
}

bool tools_side_finish(struct side *side)
{
    if (side->transport == NULL || side->is_ended) {
        return true;
    }
    if (tools_side_has_output(side)) {
        return false;
    }
    if (!side->is_closed) {
        side->is_closed = wax_transport_close(side->transport) != WAX_MORE;
    }
    do {
        side->in_start = side->in_end = 0;
    } while (tools_side_fill(side));
    return side->is_ended;
}

wax_bytes tools_side_came(const struct side *side)
{
    return wax_bytes_of(side->in + side->in_start, side->in_end - side->in_start);
}

wax_writer tools_side_writer(struct side *side)
{
    wax_writer out;

    if (side->out_start > 0) {
        memmove(side->out, side->out + side->out_start, side->out_end - side->out_start);
        side->out_end -= side->out_start;
        side->out_start = 0;
    }
    out = wax_writer_over(side->out, side->out_size);
    out.used = side->out_end;
    return out;
}

void tools_side_wrote(struct side *side, const wax_writer *out)
{
    side->out_end = out->used;
    side->out_peak = out->used > side->out_peak ? out->used : side->out_peak;
}
