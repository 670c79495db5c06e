/* A client and a small server that face each other in memory, with a clock that stands still until
 * it is moved. The server is a session of the other role with a memory for exchanges. */
#ifndef WAX_TESTS_CLIENT_CHECK_H
#define WAX_TESTS_CLIENT_CHECK_H

#include "../ledger.h"

#include "client/client.h"

enum {
    PIPE_SIZE = 70000,
    SERVER_SIZE = 250000,
    ROOM_MAX = 200000,
    SLOTS = 8,
};

/* A filter that lets `left` bytes through, both ways together, and then breaks. */
struct fuse {
    wax_transport transport;
    long left;        /* -1: all */
    bool is_blocked;  /* nothing goes out, as if the peer had ceased to read */
    size_t step;      /* bytes that go at once; 0: all */
    size_t calls;     /* of both functions, since the world began */
    size_t fails_at;  /* the call that fails, with `fault`; 0: none */
    wax_status fault; /* only this call: the next may succeed */
};

struct server {
    wax_session session;
    wax_flow slots[2][SLOTS];
    wax_flows outgoing;
    wax_flows incoming;
    wax_loopback end;
    uint8_t inbox[PIPE_SIZE];
    uint8_t in[SERVER_SIZE];
    size_t in_size;
    uint8_t out[SERVER_SIZE];
    wax_writer writer;
    size_t out_sent;
    bool is_up;
    bool remembers; /* the session outlives its connection */
    bool has_memory;
    bool is_silent;  /* answers no PUBLISH */
    bool is_deaf;    /* reads nothing */
    uint8_t refusal; /* the reason in CONNACK */
    uint8_t answer;  /* the reason in PUBACK and PUBREC */
    uint8_t denial;  /* the reason in SUBACK; 0: what was asked for */
    uint16_t receive_maximum;
    uint32_t packet_size_max;
    wax_connect connect; /* of the last CONNECT; views are gone */
    char will_topic[TEXT_MAX];
    struct seen seen[MESSAGES_MAX];
    size_t seen_count;
    size_t ping_count;
    size_t subscribe_count;
    size_t waiting_max; /* most QoS > 0 messages not answered at once */
    size_t waiting_count;
    size_t payload_size; /* of the last message */
    uint32_t payload_sum;
    uint8_t goodbye;          /* reason of DISCONNECT; 0xff: none came */
    size_t goodbye_size;      /* of its properties */
    const struct seen *sends; /* what it sends to the client */
    size_t send_count;
    size_t send_next;
    uint16_t send_ids[MESSAGES_MAX];
};

struct world {
    wax_client client;
    wax_client_config config;
    struct server server;
    struct fuse fuse;
    wax_loopback end;
    uint8_t inbox[PIPE_SIZE];
    uint8_t receive_room[ROOM_MAX];
    uint8_t send_room[ROOM_MAX];
    uint8_t queue_room[ROOM_MAX];
    wax_flow slots[2][SLOTS];
    uint64_t now_ms;
    struct seen seen[MESSAGES_MAX]; /* by the client's application */
    size_t seen_count;
    size_t payload_size;
    uint32_t payload_sum;
    size_t piece_max;
    size_t counts[WAX_CLIENT_DISCONNECTED + 1]; /* of events */
    wax_client_event last[WAX_CLIENT_DISCONNECTED + 1];
    uint32_t delivered[MESSAGES_MAX]; /* tokens, in order */
    size_t delivered_count;
    size_t partial_at; /* how many messages were told before the one in pieces */
    char partial[TEXT_MAX];
    size_t partial_size;
};

static inline uint32_t sum_of(uint32_t sum, wax_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        sum = sum * 31 + bytes.data[i];
    }
    return sum;
}

/* --- The fuse --- */

static inline struct world *world_of(wax_transport *self)
{
    return WAX_OWNER(self, struct world, fuse.transport);
}

static inline size_t let_through(const struct fuse *fuse, size_t size)
{
    size = fuse->step > 0 && fuse->step < size ? fuse->step : size;
    return fuse->left >= 0 && (size_t)fuse->left < size ? (size_t)fuse->left : size;
}

static inline bool fails_now(struct fuse *fuse)
{
    return ++fuse->calls == fuse->fails_at;
}

static inline wax_status fuse_receive(wax_transport *self, uint8_t *room, size_t size,
                                      size_t *received)
{
    struct world *world = world_of(self);
    wax_status status;

    self->waits = WAX_WAITS_TO_READ;
    if (fails_now(&world->fuse)) {
        return world->fuse.fault;
    }
    if (world->fuse.left == 0) {
        return WAX_IO;
    }
    status = wax_transport_receive(&world->end.transport, room, let_through(&world->fuse, size),
                                   received);
    world->fuse.left -= world->fuse.left > 0 ? (long)*received : 0;
    return status;
}

static inline wax_status fuse_send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    struct world *world = world_of(self);
    wax_status status;

    self->waits = WAX_WAITS_TO_WRITE;
    if (fails_now(&world->fuse)) {
        return world->fuse.fault;
    }
    if (world->fuse.left == 0) {
        return WAX_IO;
    }
    if (world->fuse.is_blocked) {
        return WAX_MORE;
    }
    bytes.size = let_through(&world->fuse, bytes.size);
    status = wax_transport_send(&world->end.transport, bytes, sent);
    world->fuse.left -= world->fuse.left > 0 ? (long)*sent : 0;
    return status;
}

static const wax_transport_kind fuse_kind = {
    .name = "fuse", .receive = fuse_receive, .send = fuse_send};

/* --- The server --- */

static inline void server_up(struct world *world)
{
    struct server *server = &world->server;
    wax_session_limits limits = {
        .packet_size_max =
            server->packet_size_max > 0 ? server->packet_size_max : WAX_PACKET_SIZE_MAX,
        .connect_size_max = 10000,
        .connect_timeout_ms = 60000,
        .receive_maximum = server->receive_maximum,
    };

    wax_loopback_open(&world->end, &server->end, world->inbox, server->inbox, PIPE_SIZE);
    wax_session_open(&server->session, WAX_ROLE_SERVER, &limits, world->now_ms);
    server->writer = wax_writer_over(server->out, sizeof server->out);
    server->in_size = 0;
    server->out_sent = 0;
    server->waiting_count = 0;
    server->is_up = true;
    server->goodbye = 0xff;
}

static inline void server_send(struct server *server, size_t i, bool again)
{
    wax_publish publish = {
        .topic = WAX_TEXT("t"),
        .payload = wax_bytes_of_text(server->sends[i].text),
        .qos = server->sends[i].qos,
        .packet_id = again ? server->send_ids[i] : 0,
        .duplicate = again,
    };

    assert_int_equal(wax_session_publish(&server->session, &publish, &server->writer), WAX_OK);
    wax_write_bytes(&server->writer, publish.payload);
    server->send_ids[i] = publish.packet_id;
}

/* Sends again what the client did not answer, in order. */
static inline void server_resume(struct server *server)
{
    const wax_flow *flow = wax_flows_after(&server->outgoing, 0);

    while (flow != NULL) {
        uint16_t packet_id = flow->packet_id;
        if (flow->waits == WAX_WAIT_PUBCOMP) {
            assert_int_equal(wax_session_acknowledge(&server->session, WAX_PUBREL, packet_id, 0,
                                                     &server->writer),
                             WAX_OK);
        } else {
            for (size_t i = 0; i < server->send_next; i++) {
                if (server->send_ids[i] == packet_id) {
                    server_send(server, i, true);
                }
            }
        }
        flow = wax_flows_after(&server->outgoing, packet_id);
    }
}

static inline void server_accept(struct world *world, const wax_connect *connect)
{
    struct server *server = &world->server;
    uint8_t room[64];
    wax_writer properties = wax_writer_over(room, sizeof room);
    bool present = server->has_memory && !connect->clean_start;

    server->connect = *connect;
    memset(server->will_topic, 0, TEXT_MAX);
    if (connect->has_will) {
        memcpy(server->will_topic, connect->will.topic.data, connect->will.topic.size);
    }
    if (server->refusal != 0) {
        (void)wax_session_close(&server->session, server->refusal, (wax_bytes){NULL, 0},
                                &server->writer);
        return;
    }
    wax_session_attach(&server->session, &server->outgoing, &server->incoming);
    assert_int_equal(wax_session_accept(&server->session, present, connect->keep_alive_s,
                                        &properties, &server->writer),
                     WAX_OK);
    server->has_memory = server->remembers;
    if (present) {
        server_resume(server);
    }
}

static inline void server_take_publish(struct server *server, const wax_event *event)
{
    uint8_t qos = event->publish.qos;

    assert_true(server->seen_count < MESSAGES_MAX);
    note(&server->seen[server->seen_count++], event->publish.payload, qos,
         event->publish.duplicate);
    server->payload_size = event->publish.payload.size;
    server->payload_sum = sum_of(0, event->publish.payload);
    server->waiting_count += qos > 0;
    if (server->waiting_count > server->waiting_max) {
        server->waiting_max = server->waiting_count;
    }
    if (event->owes != WAX_NO_PACKET && !server->is_silent) {
        server->waiting_count -= qos == 1;
        assert_int_equal(wax_session_acknowledge(&server->session, (wax_packet_type)event->owes,
                                                 event->packet_id, server->answer, &server->writer),
                         WAX_OK);
    }
}

static inline void server_grant(struct server *server, const wax_event *event, wax_packet_type type)
{
    uint8_t reasons[8] = {0};
    wax_suback suback = {.packet_id = event->subscribe.packet_id};
    wax_packet_type asked = type == WAX_SUBACK ? WAX_SUBSCRIBE : WAX_UNSUBSCRIBE;
    wax_reader filters = wax_reader_over(event->subscribe.filters);
    wax_subscription subscription;

    while (wax_subscription_next(&filters, asked, (wax_version)server->session.version,
                                 &subscription)) {
        reasons[suback.reasons.size++] = type != WAX_SUBACK    ? 0
                                         : server->denial != 0 ? server->denial
                                                               : subscription.qos;
    }
    suback.reasons.data = reasons;
    server->subscribe_count++;
    assert_int_equal(wax_session_grant(&server->session, &suback, type, &server->writer), WAX_OK);
}

static inline void server_take(struct world *world, const wax_event *event)
{
    struct server *server = &world->server;

    switch ((int)event->type) {
    case WAX_EVENT_CONNECT:
        server_accept(world, &event->connect);
        break;
    case WAX_EVENT_PUBLISH:
        server_take_publish(server, event);
        break;
    case WAX_EVENT_RELEASED:
        server->waiting_count -= server->waiting_count > 0;
        assert_int_equal(wax_session_acknowledge(&server->session, WAX_PUBCOMP, event->packet_id, 0,
                                                 &server->writer),
                         WAX_OK);
        break;
    case WAX_EVENT_RECEIVED:
        assert_int_equal(wax_session_acknowledge(&server->session, WAX_PUBREL, event->packet_id, 0,
                                                 &server->writer),
                         WAX_OK);
        break;
    case WAX_EVENT_SUBSCRIBE:
        server_grant(server, event, WAX_SUBACK);
        break;
    case WAX_EVENT_UNSUBSCRIBE:
        server_grant(server, event, WAX_UNSUBACK);
        break;
    case WAX_EVENT_DISCONNECTED:
        server->goodbye = event->notice.reason;
        server->goodbye_size = event->notice.properties.size;
        break;
    default:
        break;
    }
}

/* What the server does with the bytes that are there. Returns whether any moved. */
static inline bool server_turn(struct world *world)
{
    struct server *server = &world->server;
    size_t moved;
    bool progress = false;
    wax_event event;

    while (!server->is_deaf &&
           wax_transport_receive(&server->end.transport, server->in + server->in_size,
                                 sizeof server->in - server->in_size, &moved) == WAX_OK) {
        server->in_size += moved;
        progress = true;
    }
    wax_reader in = wax_reader_over(wax_bytes_of(server->in, server->in_size));
    while (wax_reader_left(&in) > 0) {
        bool is_ping = in.at[0] == 0xc0;
        wax_status status =
            wax_session_receive(&server->session, &in, &server->writer, world->now_ms, &event);
        if (status != WAX_OK) {
            assert_true(status == WAX_MORE || status == WAX_CLOSED);
            break;
        }
        server->ping_count += is_ping;
        server_take(world, &event);
    }
    server->in_size = wax_reader_left(&in);
    memmove(server->in, in.at, server->in_size);
    while (server->session.state == WAX_SESSION_OPEN && server->send_next < server->send_count &&
           server->outgoing.used_count < server->outgoing.slot_count &&
           server->session.sending_count < server->session.send_maximum) {
        server_send(server, server->send_next++, false);
    }
    assert_int_equal(server->writer.status, WAX_OK);
    while (server->out_sent < server->writer.used) {
        wax_bytes rest = {server->out + server->out_sent, server->writer.used - server->out_sent};
        if (wax_transport_send(&server->end.transport, rest, &moved) != WAX_OK) {
            break;
        }
        server->out_sent += moved;
        progress = true;
    }
    if (server->session.state == WAX_SESSION_CLOSED && server->out_sent == server->writer.used) {
        assert_int_equal(wax_transport_close(&server->end.transport), WAX_OK);
    }
    if (server->out_sent == server->writer.used) {
        server->writer = wax_writer_over(server->out, sizeof server->out);
        server->out_sent = 0;
    }
    return progress;
}

/* --- The client's application --- */

static inline void end_partial(struct world *world, const wax_client_event *event, uint8_t qos)
{
    assert_true(world->seen_count < MESSAGES_MAX);
    note(&world->seen[world->seen_count++], wax_bytes_of(world->partial, world->partial_size), qos,
         event->type == WAX_CLIENT_MESSAGE && event->publish.duplicate);
}

static inline void app_take_message(struct world *world, const wax_client_event *event)
{
    wax_bytes payload = event->publish.payload;
    size_t left;

    if (event->type == WAX_CLIENT_MESSAGE) {
        world->partial_size = 0;
        world->payload_size = 0;
        world->payload_sum = 0;
    }
    left = TEXT_MAX - 1 - world->partial_size;
    memcpy(world->partial + world->partial_size, payload.data,
           payload.size < left ? payload.size : left);
    world->partial_size += payload.size < left ? payload.size : left;
    world->payload_size += payload.size;
    world->payload_sum = sum_of(world->payload_sum, payload);
    world->piece_max = payload.size > world->piece_max ? payload.size : world->piece_max;
    if (event->payload_left == 0) {
        end_partial(world, event, event->publish.qos);
    }
}

/* Polls until nothing moves; keeps what it was told. Connections are made if `dials`. */
static inline void app_turn(struct world *world, bool dials)
{
    wax_client_event event;

    while (wax_client_poll(&world->client, world->now_ms, &event)) {
        world->counts[event.type]++;
        world->last[event.type] = event;
        if (event.type == WAX_CLIENT_MESSAGE || event.type == WAX_CLIENT_PAYLOAD) {
            app_take_message(world, &event);
        }
        if (event.type == WAX_CLIENT_DELIVERED) {
            world->delivered[world->delivered_count++] = event.token;
        }
        if (event.type == WAX_CLIENT_DISCONNECTED || event.type == WAX_CLIENT_REFUSED) {
            wax_transport_release(&world->end.transport);
            world->server.is_up = false;
        }
        if (event.type == WAX_CLIENT_WANTS_CONNECTION && dials) {
            server_up(world);
            world->fuse.transport.kind = &fuse_kind;
            assert_int_equal(
                wax_client_attach(&world->client, &world->fuse.transport, world->now_ms), WAX_OK);
        }
    }
}

/* Lets both ends run until nothing moves between them. */
static inline void settle(struct world *world)
{
    do {
        app_turn(world, true);
    } while (world->server.is_up && server_turn(world));
    app_turn(world, true);
}

/* Lets time pass until the client wants something, and lets it have it. */
static inline void pass_time(struct world *world)
{
    uint64_t deadline_ms = wax_client_deadline_ms(&world->client);

    assert_true(deadline_ms != WAX_NEVER);
    world->now_ms = deadline_ms > world->now_ms ? deadline_ms : world->now_ms;
    settle(world);
}

/* Breaks the connection for both. */
static inline void cut(struct world *world)
{
    wax_transport_release(&world->end.transport);
    world->server.is_up = false;
    app_turn(world, false);
}

/* A world whose buffers are of comfortable size. */
static inline struct world *world_new(wax_version version)
{
    struct world *world = test_calloc(1, sizeof *world);

    world->now_ms = 1000;
    world->fuse.left = -1;
    world->server.goodbye = 0xff;
    world->server.remembers = true;
    world->config = (wax_client_config){
        .version = version,
        .client_id = WAX_TEXT("device"),
        .keep_alive_s = 60,
        .session_expiry_s = 3600,
        .acknowledges = true,
        .receive_room = world->receive_room,
        .receive_size = 1024,
        .send_room = world->send_room,
        .send_size = 1024,
        .queue_room = world->queue_room,
        .queue_size = 4096,
        .outgoing_slots = world->slots[0],
        .outgoing_count = SLOTS,
        .incoming_slots = world->slots[1],
        .incoming_count = SLOTS,
    };
    wax_flows_init(&world->server.outgoing, world->server.slots[0], SLOTS);
    wax_flows_init(&world->server.incoming, world->server.slots[1], SLOTS);
    return world;
}

static inline void world_start(struct world *world)
{
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    settle(world);
}

static inline void world_free(struct world *world)
{
    test_free(world);
}

/* Publishes a text; returns its token. */
static inline uint32_t say(struct world *world, const char *text, uint8_t qos)
{
    wax_publish publish = {.topic = WAX_TEXT("t"), .payload = wax_bytes_of_text(text), .qos = qos};
    uint32_t token;

    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_OK);
    return token;
}

#endif
