/* transport: bytes to and from a peer, as filters stacked on one another. A filter looks the same
 * from above whatever it is (a socket, TLS, WebSocket) and knows only the one below it. */
#ifndef WAX_TRANSPORT_H
#define WAX_TRANSPORT_H

#include "base/base.h"

WAX_C_BEGIN

typedef struct wax_transport wax_transport;

/* What a kind of filter can do. Every call returns at once.
 *
 * receive: fills `room` with up to `size` bytes. Returns WAX_OK with `received` >= 1; WAX_MORE when
 *   nothing is there yet, and `waits` then says for what; WAX_CLOSED when the peer ended its side;
 *   WAX_UNTRUSTED when the peer failed to prove who it is; WAX_PROTOCOL_ERROR when it does not
 *   speak what this filter speaks, and was told so as far as there is a word for it; WAX_IO for any
 *   other failure.
 * send: takes up to `bytes.size` bytes. Returns WAX_OK with `sent` >= 1; otherwise as receive().
 *   After WAX_MORE the same bytes are offered again, perhaps with more behind them.
 * close: says good-bye where the protocol has a word for it. WAX_MORE: call again when `waits` is
 *   satisfied; anything else: done.
 * release: gives back all that this filter and those below it hold, `self` included. Does not wait
 *   and does not say good-bye.
 * explain: the cause of the last WAX_UNTRUSTED, WAX_PROTOCOL_ERROR or WAX_IO in words a user can
 * act on; "" if there is nothing to say. Lives until the next call. */
typedef struct wax_transport_kind {
    const char *name;
    wax_status (*receive)(wax_transport *self, uint8_t *room, size_t size, size_t *received);
    wax_status (*send)(wax_transport *self, wax_bytes bytes, size_t *sent);
    wax_status (*close)(wax_transport *self);
    void (*release)(wax_transport *self);
    const char *(*explain)(wax_transport *self);
} wax_transport_kind;

/* What a filter waits for after WAX_MORE: the lowest one's descriptor to become readable, writable.
 */
enum {
    WAX_WAITS_TO_READ = 1,
    WAX_WAITS_TO_WRITE = 2,
};

/* The first member of every filter. The filter on top owns those below it. */
struct wax_transport {
    const wax_transport_kind *kind;
    wax_transport *below; /* NULL for the lowest */
    uint8_t waits;
    bool is_drained; /* the last receive() left nothing behind that was here by then; a filter that
                        cannot tell leaves it false */
    uint16_t fault;  /* these two are the kind's own, for the lowest, of which there are many */
    int32_t descriptor;
};

/* The calls of `kind`, on `self`. */
wax_status wax_transport_receive(wax_transport *self, uint8_t *room, size_t size,
                                 size_t *received) WAX_CHECKED;
wax_status wax_transport_send(wax_transport *self, wax_bytes bytes, size_t *sent) WAX_CHECKED;
wax_status wax_transport_close(wax_transport *self) WAX_CHECKED;
void wax_transport_release(wax_transport *self);
const char *wax_transport_explain(wax_transport *self);

/* One of two ends in memory: what is sent at one is received at the other, in order. For tests and
 * simulations. The room of `inbox` is the caller's; a full one makes the other end's send WAX_MORE.
 */
typedef struct wax_loopback {
    wax_transport transport;
    struct wax_loopback *other; /* NULL once that end is closed or cut */
    uint8_t *inbox;
    size_t inbox_size;
    size_t inbox_used;
    bool is_closed; /* the other end said good-bye; what is in the inbox is still to be read */
} wax_loopback;

/* Joins two ends. `size` is the size of each of both inboxes. */
void wax_loopback_open(wax_loopback *one, wax_loopback *other, uint8_t *inbox_of_one,
                       uint8_t *inbox_of_other, size_t size);

WAX_C_END

#endif
