/* The parts of a measurement. */
#ifndef WAX_LEVELS_INNER_H
#define WAX_LEVELS_INNER_H

#include "client/client.h"
#include "levels/levels.h"
#include "seal/seal.h"

/* ---- Memory ---- */

/* Zeroed memory that counts; NULL when there is none, or no more is allowed. */
void *levels_take(size_t size);
void levels_give(void *block);

/* From here on it is the client that takes memory: what is in use is the floor, and the limit holds
 * above it. */
void levels_heap_begin(void);
uint64_t levels_heap_floor(void);

/* The most that was ever in use above the floor. What the filters for sockets and TLS take of their
 * own, some 200 bytes, is not in it. */
uint64_t levels_heap_peak(void);

/* Whether something was refused for the limit. */
bool levels_heap_has_refused(void);

/* ---- The wire ---- */

struct levels_meter {
    wax_transport transport;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint32_t turns; /* how often something came after something was sent */
    bool has_sent;
};

/* Puts a meter upon a transport; released, it releases what is below and stays the caller's. */
wax_transport *levels_meter_open(struct levels_meter *meter, wax_transport *below);

/* ---- What becomes of a payload ---- */

enum { LEVELS_TOPIC_SIZE = 40 };

struct levels_store {
    wax_seal_store store;
    wax_seal_window window;
    bool is_saved;
};

/* Turns messages into payloads, piece by piece. */
struct levels_cover {
    const wax_levels_plan *plan;
    const wax_level_row *row;
    wax_bytes topic;
    uint8_t secret[WAX_SECRET_SIZE]; /* of the epoch; its start is the key of L2cbc */
    wax_bytes filter;
    wax_seal_group group;
    struct levels_store store;
    uint8_t seal_room[WAX_SEAL_ROOM_SIZE(LEVELS_TOPIC_SIZE)];
    wax_sealer sealer;
    wax_stream_sealer stream;
    uint8_t *room;   /* one piece, with space around it for a seal */
    uint8_t *whole;  /* of L2cbc: the message ... */
    uint8_t *sealed; /* ... and what it becomes */
    size_t sealed_size;
    uint32_t number; /* of the message that is on */
    size_t done;     /* bytes of it that are out */
    size_t total;    /* of the stream: flags and message */
    bool is_stream;
};

/* Takes keys and memory. WAX_FULL without memory; WAX_INVALID when the library does not do it. */
wax_status levels_cover_open(struct levels_cover *cover, const wax_levels_plan *plan,
                             wax_bytes topic) WAX_CHECKED;
void levels_cover_close(struct levels_cover *cover);

/* Begins message `number`; `size` is that of its payload. */
wax_status levels_cover_begin(struct levels_cover *cover, uint32_t number,
                              size_t *size) WAX_CHECKED;

/* Makes the next piece of the payload, which stays until the next call. */
wax_status levels_cover_next(struct levels_cover *cover, wax_bytes *piece) WAX_CHECKED;

/* Writes bytes of message `number` from `at` on, as every message has them. */
void levels_fill(uint8_t *room, uint32_t number, size_t at, size_t size);

/* AES-128-CBC; `sealed` has 16 bytes more than `plain`. False when the library fails. */
bool levels_cbc(const uint8_t key[static 16], wax_bytes plain, uint8_t *sealed, size_t *size);

/* Opens that in place. */
bool levels_cbc_open(const uint8_t key[static 16], uint8_t *sealed, size_t *size);

/* ---- A connection ---- */

struct levels_end {
    const wax_levels_plan *plan;
    wax_levels_result *result;
    const wax_level_row *row;
    wax_client client;
    wax_client_config config;
    wax_flow slots[4];
    struct levels_meter meter;
    wax_tls_context *tls;
    wax_transport *transport; /* NULL: not connected */
    const wax_transport *secured;
    uint8_t *rooms;
    uint8_t *session; /* of TLS, from the connection before */
    size_t session_size;
    char client_id[LEVELS_TOPIC_SIZE];
    char topic[LEVELS_TOPIC_SIZE];
    uint32_t connect_count;
    uint32_t idle_ms; /* how long nothing has moved */
    uint32_t told;    /* the message that was told last to have gone, whoever asked for events */
    bool is_reader;   /* the second one of a measurement */
};

/* Makes contexts and rooms. False, with the reason in the result, if that fails. */
bool levels_end_open(struct levels_end *end, const wax_levels_plan *plan,
                     wax_levels_result *result);
void levels_end_close(struct levels_end *end);

/* Connects, and waits for CONNACK; leaves again. */
bool levels_end_connect(struct levels_end *end);
void levels_end_leave(struct levels_end *end);

/* Tells the next event, or moves bytes, for which it waits if nothing else is to do. False when the
 * connection has failed: the result says why. `event` is WAX_CLIENT_NOTHING when there is none. */
bool levels_end_turn(struct levels_end *end, wax_client_event *event);

/* The same without waiting: sends what can be sent. */
bool levels_end_flush(struct levels_end *end);

/* Waits until the socket is ready for what could not be done. */
bool levels_end_await(struct levels_end *end);

/* Waits until everything has left the client's buffer. */
bool levels_end_drain(struct levels_end *end);

/* Sends a message and, at QoS 1, waits until it is acknowledged. */
bool levels_end_send(struct levels_end *end, struct levels_cover *cover, uint32_t number,
                     uint8_t qos);

/* Waits until the broker has dealt with all that was sent: it answers a request behind it. */
bool levels_end_settle(struct levels_end *end);

/* Subscribes, and waits for the answer. */
bool levels_end_subscribe(struct levels_end *end, const char *filter);

/* Sends a message, has it received, opens and compares it. */
bool levels_end_verify(struct levels_end *end, struct levels_cover *cover);

/* Notes why it is over, unless that was noted before. Returns false. */
__attribute__((format(printf, 3, 4))) bool levels_fail(wax_levels_result *result, wax_status status,
                                                       const char *format, ...);

/* What the client and the broker have used up to now, and what has passed the socket. */
wax_levels_cost levels_cost_now(const struct levels_end *end);

/* The difference. */
wax_levels_cost levels_cost_since(const struct levels_end *end, const wax_levels_cost *before);

#endif
