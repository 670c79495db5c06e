/* The turn of the loop, progress, and patience. */
#include "bench/inner.h"

enum { TELL_US = 200000 };

/* Sends what waits, as far as the socket takes it; the loop says when it takes more. */
static void flush(struct peer *peer)
{
    wax_status status = WAX_OK;
    size_t sent;

    while (peer_unsent(peer) > 0 && status == WAX_OK) {
        status = wax_transport_send(
            peer->transport, wax_bytes_of(peer->out + peer->out_start, peer_unsent(peer)), &sent);
        peer->out_start += status == WAX_OK ? sent : 0;
    }
    if (peer_unsent(peer) == 0) {
        if (peer->state == PEER_WAITS) {
            wax_wipe(peer->out, peer->out_used); /* CONNECT, perhaps with a password */
        }
        peer->out_start = 0;
        peer->out_used = 0;
    }
    /* A connection that cannot be written to ends when it is read: that tells why. */
}

static void tell(struct crowd *crowd)
{
    const wax_bench_progress progress = {crowd->phase, crowd->phase_count};

    if (crowd->plan->tell != NULL && crowd->now_us - crowd->told_us >= TELL_US) {
        crowd->told_us = crowd->now_us;
        crowd->plan->tell(crowd->plan->context, &progress);
    }
}

void crowd_turn(struct crowd *crowd)
{
    struct peer *dirty;

    wax_loop_turn(&crowd->loop, crowd->dirty != NULL);
    if (crowd->plan->stopped != NULL && *crowd->plan->stopped != 0) {
        crowd_fail(crowd, "stopped");
    }
    crowd->now_us = wax_clock_us();
    dirty = crowd->dirty;
    crowd->dirty = NULL;
    while (dirty != NULL && !crowd->has_failed) {
        struct peer *peer = dirty;

        dirty = peer->next_dirty;
        if (peer->state == PEER_READY && crowd->acts->work != NULL) {
            crowd->acts->work(peer); /* still dirty: what it adds goes out now */
        }
        peer->is_dirty = false;
        if (peer->state != PEER_CLOSED) {
            flush(peer);
        }
    }
    tell(crowd);
}

bool crowd_wait(struct crowd *crowd, bool (*done)(struct crowd *crowd))
{
    crowd->moved_us = crowd->now_us;
    while (!crowd->has_failed && !done(crowd)) {
        crowd_turn(crowd);
        if (crowd->now_us > crowd->moved_us + crowd->plan->patience_ms * UINT64_C(1000)) {
            return false;
        }
    }
    return !crowd->has_failed;
}
