/* A small client and a server that is nothing but bytes, with a clock that stands still until it is
 * moved. */
#ifndef WAX_TESTS_MICRO_CHECK_H
#define WAX_TESTS_MICRO_CHECK_H

#include "../check.h"

#include "micro/micro.h"

enum { PIPE_SIZE = 1024, RECEIVE_SIZE = 80, SEND_SIZE = 64, EXCHANGES = 2, EVENTS_MAX = 16 };

#define BYTES(literal) ((wax_bytes){(const uint8_t *)(literal), sizeof(literal) - 1U})

/* The same for what is static. */
#define ROW(literal)                                                                               \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1U                                           \
    }

/* CONNACK that accepts. */
#define YES_3 BYTES("\x20\x02\x00\x00")
#define YES_5 BYTES("\x20\x03\x00\x00\x00")

struct world {
    wax_micro micro;
    wax_micro_config config;
    wax_loopback ends[2];
    uint8_t inboxes[2][PIPE_SIZE];
    uint8_t receive_room[RECEIVE_SIZE];
    uint8_t send_room[SEND_SIZE];
    uint8_t sending[EXCHANGES];
    uint16_t receiving[EXCHANGES];
    uint32_t now_ms;
    wax_status status; /* what the last poll came to */
    wax_micro_event events[EVENTS_MAX];
    char payloads[EVENTS_MAX][RECEIVE_SIZE];
    size_t event_count;
};

/* A client that is not connected. */
static inline void begin(struct world *world, wax_version version, wax_micro_taker *take)
{
    *world = (struct world){.now_ms = UINT32_MAX - 20000};
    world->config = (wax_micro_config){
        .connect = {.version = version, .keep_alive_s = 60, .client_id = WAX_TEXT("d")},
        .take = take,
        .receive_room = world->receive_room,
        .send_room = world->send_room,
        .sending = world->sending,
        .receiving = world->receiving,
        .receive_size = RECEIVE_SIZE,
        .send_size = SEND_SIZE,
        .timeout_ms = 10000,
        .sending_count = EXCHANGES,
        .receiving_count = EXCHANGES,
    };
    wax_micro_open(&world->micro, &world->config);
}

/* Polls until there is nothing left to do; remembers what was told. */
static inline void turn(struct world *world)
{
    wax_micro_event event;

    while ((world->status = wax_micro_poll(&world->micro, world->now_ms, &event)) != WAX_MORE) {
        if (event.type != WAX_MICRO_NOTHING && world->event_count < EVENTS_MAX) {
            if (event.type == WAX_MICRO_MESSAGE && event.publish.payload.size > 0) {
                memcpy(world->payloads[world->event_count], event.publish.payload.data,
                       event.publish.payload.size);
            }
            world->events[world->event_count++] = event;
        }
        if (world->status != WAX_OK) {
            return;
        }
    }
}

/* Gives the client a new connection. */
static inline wax_status dial(struct world *world)
{
    wax_loopback_open(&world->ends[0], &world->ends[1], world->inboxes[0], world->inboxes[1],
                      PIPE_SIZE);
    world->event_count = 0;
    return wax_micro_attach(&world->micro, &world->ends[0].transport, world->now_ms);
}

/* The server says something. */
static inline void hear(struct world *world, wax_bytes bytes)
{
    size_t sent;

    world->event_count = 0;
    assert_int_equal(wax_transport_send(&world->ends[1].transport, bytes, &sent), WAX_OK);
    assert_int_equal(sent, bytes.size);
    turn(world);
}

/* Whether the server has got these bytes since it was last asked, and no others. */
static inline bool got(struct world *world, wax_bytes bytes)
{
    struct wax_loopback *end = &world->ends[1];
    bool is_same = wax_bytes_equal(wax_bytes_of(end->inbox, end->inbox_used), bytes);

    end->inbox_used = 0;
    return is_same;
}

/* A client whose connection is open. */
static inline void connect_as(struct world *world, wax_version version, wax_bytes connack)
{
    begin(world, version, wax_micro_take_all);
    assert_int_equal(dial(world), WAX_OK);
    hear(world, connack);
    assert_int_equal(world->status, WAX_MORE);
    assert_int_equal(world->event_count, 1);
    assert_int_equal(world->events[0].type, WAX_MICRO_CONNECTED);
    world->ends[1].inbox_used = 0;
    world->event_count = 0;
}

/* The one event that was told is of this type. */
static inline bool told(const struct world *world, wax_micro_event_type type)
{
    return world->event_count == 1 && world->events[0].type == type;
}

#endif
