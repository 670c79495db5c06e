/* The connections of a run, and what the scenarios share. */
#ifndef WAX_BENCH_INNER_H
#define WAX_BENCH_INNER_H

#include "bench/bench.h"

struct crowd;

enum peer_state {
    PEER_CLOSED,
    PEER_WAITS, /* for CONNACK */
    PEER_READY,
};

/* One connection. */
struct peer {
    wax_watch watch;
    struct crowd *crowd;
    wax_transport *transport;
    struct peer *next_dirty;
    uint8_t state;
    bool is_publisher;
    bool is_dirty; /* is in the crowd's list of those with something to do */
    uint32_t number;
    uint64_t since_us;        /* when it began to connect */
    uint32_t receive_maximum; /* of the broker */
    uint8_t *rest;            /* the start of a packet that has not come whole */
    size_t rest_size;
    size_t rest_used;
    uint8_t *out; /* what is still to be sent: from `out_start` to `out_used` */
    size_t out_size;
    size_t out_start;
    size_t out_used;
};

/* What a scenario does when something happens at a connection. */
struct acts {
    void (*ready)(struct peer *peer); /* it was let in */
    void (*packet)(struct peer *peer, const wax_packet *packet);
    void (*ended)(struct peer *peer); /* it was closed, and may be opened again; NULL: a fault */
    void (*work)(struct peer *peer);  /* at the end of a turn, when it was touched; NULL: nothing */
};

/* All connections of a run. */
struct crowd {
    const wax_bench_plan *plan;
    wax_bench_result *result;
    const struct acts *acts;
    wax_loop loop;
    wax_timer tick;
    uint64_t now_us;      /* when the events of this turn were looked at */
    uint64_t moved_us;    /* when something came last */
    uint64_t told_us;     /* when progress was told last */
    const char *phase;    /* for progress */
    uint64_t phase_count; /* likewise */
    uint8_t *room;        /* everything is received here */
    size_t room_size;
    uint8_t *payload; /* what every message holds behind its stamp, which is not in it */
    struct peer *dirty;
    bool has_failed;
    char prefix[40];       /* of all topics and client ids of this run */
    uint8_t session[8192]; /* a TLS session to resume */
    size_t session_size;
};

/* Zeroes and opens a crowd. False, with the reason in the result, if that fails. */
bool crowd_open(struct crowd *crowd, const wax_bench_plan *plan, wax_bench_result *result);
void crowd_close(struct crowd *crowd);

/* Notes why the run is over, unless one was noted before. */
__attribute__((format(printf, 2, 3))) void crowd_fail(struct crowd *crowd, const char *format, ...);

/* One turn: events, then the work of those who were touched, then their output. */
void crowd_turn(struct crowd *crowd);

/* Turns until `done` says so. False when nothing has moved for the plan's patience, or the run has
 * failed. */
bool crowd_wait(struct crowd *crowd, bool (*done)(struct crowd *crowd));

/* Reads what the broker uses; zero if it is unknown. */
wax_usage crowd_broker_usage(const struct crowd *crowd);

/* Begins a connection: CONNECT is on its way. False, and the run failed, if that cannot be. */
bool peer_open(struct peer *peer, struct crowd *crowd);
void peer_close(struct peer *peer);

/* Gives back all a peer holds. */
void peer_discard(struct peer *peer);

/* Notes that there is something to do for it at the end of the turn. */
void peer_touch(struct peer *peer);

/* Room for `size` bytes more to be sent; NULL, and the run failed, without memory. */
uint8_t *peer_room(struct peer *peer, size_t size);

/* How many bytes are still to be sent. */
size_t peer_unsent(const struct peer *peer);

/* Sends these bytes. */
void peer_put(struct peer *peer, wax_bytes bytes);

/* Sends a packet that has no body. */
void peer_put_empty(struct peer *peer, wax_packet_type type);

/* Sends what the receiver of a PUBLISH or PUBREL owes, or a PUBREL. */
void peer_acknowledge(struct peer *peer, wax_packet_type type, uint16_t packet_id);

/* Subscribes to filters of that many, each as `filter` says it by its number. */
void peer_subscribe(struct peer *peer, uint16_t packet_id,
                    void (*write)(void *context, wax_writer *filters), void *context);

/* The kinds of runs. */
void bench_run_messages(const wax_bench_plan *plan, wax_bench_result *result);
void bench_run_connects(const wax_bench_plan *plan, wax_bench_result *result);
void bench_run_idle(const wax_bench_plan *plan, wax_bench_result *result);
void bench_run_retained(const wax_bench_plan *plan, wax_bench_result *result);

/* What was measured between two moments. */
struct span {
    uint64_t since_us;
    wax_usage broker;
    wax_usage load;
};

/* Begins one. */
struct span span_begin(const struct crowd *crowd);

/* Ends one that is the load, or the preparation for it. */
void span_end(const struct crowd *crowd, const struct span *span, uint64_t count);
void span_end_setup(const struct crowd *crowd, const struct span *span, uint64_t count);

/* What stands in front of every payload. */
struct stamp {
    uint32_t publisher;
    uint32_t number;
    uint64_t time_us;
};

/* Reads it, and the packet id of a PUBLISH (0: none). False when it is not one of ours. */
bool stamp_read(const struct crowd *crowd, const wax_packet *packet, struct stamp *stamp,
                uint16_t *packet_id);

#endif
