/* A member that talks to a server that a test speaks for. */
#ifndef WAX_TESTS_MEMBER_STAGE_H
#define WAX_TESTS_MEMBER_STAGE_H

#include "unit/client_check.h"

#include "member_check.h"

enum { EVENT_TYPES = WAX_MEMBER_DROPPED + 1, TOLD_MAX = 256 };

/* A device at a server that a test speaks for. */
struct stage {
    struct world *world;
    struct device device;
    struct device sensor;
    struct house house;
    size_t counts[EVENT_TYPES];
    size_t client_counts[WAX_CLIENT_DISCONNECTED + 1];
    wax_status status; /* of the last event that is not OTHER */
    struct {
        wax_member_outcome outcome;
        char text[TEXT_MAX];
    } told[TOLD_MAX];
    size_t told_count;
};

static inline void tell(struct stage *stage, const wax_member_arrival *arrival)
{
    const wax_bytes payload = arrival->message.payload;

    assert_true(stage->told_count < TOLD_MAX);
    stage->told[stage->told_count].outcome = arrival->outcome;
    memset(stage->told[stage->told_count].text, 0, TEXT_MAX);
    memcpy(stage->told[stage->told_count].text, payload.data,
           payload.size < TEXT_MAX - 1 ? payload.size : TEXT_MAX - 1);
    stage->told_count++;
}

static inline void connect_to(struct world *world, const wax_client_event *event)
{
    if (event->type == WAX_CLIENT_DISCONNECTED || event->type == WAX_CLIENT_REFUSED) {
        wax_transport_release(&world->end.transport);
        world->server.is_up = false;
    }
    if (event->type == WAX_CLIENT_WANTS_CONNECTION) {
        server_up(world);
        world->fuse.transport.kind = &fuse_kind;
        assert_int_equal(wax_client_attach(&world->client, &world->fuse.transport, world->now_ms),
                         WAX_OK);
    }
}

static inline void take_turn(struct stage *stage)
{
    struct world *world = stage->world;
    wax_member_event event;

    while (wax_member_poll(stage->device.member, &world->client, world->now_ms, 0, &event)) {
        stage->counts[event.type]++;
        if (event.type == WAX_MEMBER_MESSAGE) {
            tell(stage, &event.arrival);
        } else if (event.type == WAX_MEMBER_OTHER) {
            stage->client_counts[event.client.type]++;
            connect_to(world, &event.client);
        } else {
            stage->status = event.status;
        }
    }
}

static inline void run(struct stage *stage)
{
    do {
        take_turn(stage);
    } while (stage->world->server.is_up && server_turn(stage->world));
    take_turn(stage);
}

static inline void pass(struct stage *stage, uint64_t ms)
{
    stage->world->now_ms += ms;
    run(stage);
}

static inline void reconnect(struct stage *stage)
{
    struct world *world = stage->world;

    wax_transport_release(&world->end.transport);
    world->server.is_up = false;
    take_turn(stage);
    pass(stage, wax_member_deadline_ms(stage->device.member, &world->client) - world->now_ms);
}

/* With keys of the first epoch for the sensor, and a member that has none yet; connected. */
static inline struct stage *stage_new(wax_version version)
{
    struct stage *stage = test_calloc(1, sizeof(*stage));

    stage->house = (struct house){.id = {'h'},
                                  .filter = "home/#",
                                  .suite = 2,
                                  .group_class = 1,
                                  .epoch = 1,
                                  .kept = 8,
                                  .first_sender = 1,
                                  .last_sender = 9};
    stage->world = world_new(version);
    stage->world->config.acknowledges = false;
    stage->world->config.receive_size = 8192;
    stage->world->config.send_size = 8192;
    device_make(&stage->device, "reader");
    device_make(&stage->sensor, "sensor");
    return stage;
}

static inline void stage_start(struct stage *stage)
{
    struct world *world = stage->world;
    const struct right writes = {.house = &stage->house, .role = WAX_KEYS_WRITES, .sender = 1};

    give_keys(&stage->sensor, 1, &writes, 1);
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    run(stage);
    assert_int_equal(stage->client_counts[WAX_CLIENT_CONNECTED], 1);
}

static inline void stage_free(struct stage *stage)
{
    device_stop(&stage->device);
    device_stop(&stage->sensor);
    world_free(stage->world);
    test_free(stage);
}

/* The server sends something. Returns the packet id. */
static inline uint16_t serve(struct stage *stage, const char *topic, wax_bytes payload)
{
    struct server *server = &stage->world->server;
    wax_publish publish = {.topic = wax_bytes_of_text(topic), .payload = payload, .qos = 1};

    assert_int_equal(wax_session_publish(&server->session, &publish, &server->writer), WAX_OK);
    wax_write_bytes(&server->writer, payload);
    return publish.packet_id;
}

static inline void serve_mailbox(struct stage *stage, uint64_t version)
{
    static struct letter letter;
    const struct right rights = {
        .house = &stage->house, .role = WAX_KEYS_READS | WAX_KEYS_WRITES, .sender = 2};

    write_mailbox(&letter, &stage->device, version, &rights, 1, NULL);
    (void)serve(stage, "wax/k/reader", letter.bytes);
}

static inline void serve_sealed(struct stage *stage, const char *text)
{
    static struct sent sent;

    assert_int_equal(send_text(&stage->sensor, "home/a", text, &sent), WAX_OK);
    (void)serve(stage, "home/a", sent.publish.payload);
}

static inline void assert_told(const struct stage *stage, size_t i, wax_member_outcome outcome,
                               const char *text)
{
    assert_true(i < stage->told_count);
    assert_int_equal(stage->told[i].outcome, outcome);
    assert_true(outcome != WAX_MEMBER_OPENED || strcmp(stage->told[i].text, text) == 0);
}

#endif
