/* The network of the small client: bytes come and go one by one, the connection breaks after every
 * byte, and each call of the transport fails once, in each way that it may. The application keeps
 * its messages and sends them again, as the door asks; nothing is lost or doubled. */
#include "../ledger.h"

#include "micro/micro.h"
#include "session/session.h"

#include <stdlib.h>

enum {
    PIPE_SIZE = 1024,
    RECEIVE_SIZE = 48,
    SEND_SIZE = 48,
    EXCHANGES = 3,
    SLOTS = 8,
    TURNS_MAX = 1000,
    MESSAGES = 5,
};

static const struct seen from_server[MESSAGES] = {
    {.text = "s1", .qos = 1},
    {.text = "s2", .qos = 2},
    {.text = "s3", .qos = 0},
    {.text = "s4", .qos = 2},
    {.text = "s5", .qos = 1},
};
static const struct seen from_client[MESSAGES] = {
    {.text = "c1", .qos = 1},
    {.text = "c2", .qos = 2},
    {.text = "c3", .qos = 0},
    {.text = "c4", .qos = 2},
    {.text = "c5", .qos = 1},
};

/* How the transport treats the client. */
struct trouble {
    size_t step;      /* bytes that go at once; 0: all */
    size_t cut_after; /* bytes of both ways until the connection breaks; 0: never */
    size_t fails_at;  /* the call that fails, with `fault`; 0: none */
    wax_status fault;
};

/* A message of the application, from its publication to DELIVERED. */
struct kept {
    uint16_t packet_id; /* 0: it was not published yet */
    bool is_out;        /* on this connection */
    bool is_done;
};

struct server {
    wax_session session;
    wax_flow slots[2][SLOTS];
    wax_flows outgoing;
    wax_flows incoming;
    wax_loopback end;
    uint8_t inbox[PIPE_SIZE];
    uint8_t in[PIPE_SIZE];
    size_t in_size;
    uint8_t out[PIPE_SIZE];
    wax_writer writer;
    bool has_memory;
    bool has_subscription;
    bool has_goodbye;
    uint16_t ids[MESSAGES];
    size_t next; /* message to send */
    struct seen seen[MESSAGES_MAX];
    size_t seen_count;
};

struct world {
    wax_transport transport; /* first: what the client is given */
    struct trouble trouble;
    size_t calls;
    size_t moved;
    wax_loopback end;
    uint8_t inbox[PIPE_SIZE];
    wax_micro micro;
    wax_micro_config config;
    struct server server;
    struct kept kept[MESSAGES];
    bool is_subscribed;
    bool is_asked;
    struct seen seen[MESSAGES_MAX];
    size_t seen_count;
    size_t ends; /* of connections */
    wax_status last;
};

/* ---- The transport ---- */

static size_t let_through(const struct world *world, size_t size)
{
    const struct trouble *trouble = &world->trouble;

    size = trouble->step > 0 && trouble->step < size ? trouble->step : size;
    return trouble->cut_after > 0 && size > trouble->cut_after - world->moved
               ? trouble->cut_after - world->moved
               : size;
}

static wax_status trouble_now(struct world *world)
{
    if (++world->calls == world->trouble.fails_at) {
        return world->trouble.fault;
    }
    return world->trouble.cut_after > 0 && world->moved == world->trouble.cut_after ? WAX_IO
                                                                                    : WAX_OK;
}

static wax_status receive(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    struct world *world = WAX_OWNER(self, struct world, transport);
    wax_status status = trouble_now(world);

    if (status == WAX_OK) {
        status =
            wax_transport_receive(&world->end.transport, room, let_through(world, size), received);
        world->moved += status == WAX_OK ? *received : 0;
    }
    return status;
}

static wax_status send(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    struct world *world = WAX_OWNER(self, struct world, transport);
    wax_status status = trouble_now(world);

    if (status == WAX_OK) {
        bytes.size = let_through(world, bytes.size);
        status = wax_transport_send(&world->end.transport, bytes, sent);
        world->moved += status == WAX_OK ? *sent : 0;
    }
    return status;
}

static const wax_transport_kind kind = {.name = "trouble", .receive = receive, .send = send};

/* ---- The server ---- */

static void server_publish(struct server *server, size_t i, bool again)
{
    wax_publish publish = {
        .topic = WAX_TEXT("t"),
        .payload = wax_bytes_of_text(from_server[i].text),
        .qos = from_server[i].qos,
        .packet_id = again ? server->ids[i] : 0,
        .duplicate = again,
    };

    assert_int_equal(wax_session_publish(&server->session, &publish, &server->writer), WAX_OK);
    wax_write_bytes(&server->writer, publish.payload);
    server->ids[i] = publish.packet_id;
}

static void server_publish_again(struct server *server, uint16_t packet_id)
{
    size_t i = 0;

    while (i < server->next && server->ids[i] != packet_id) {
        i++;
    }
    assert_true(i < server->next);
    server_publish(server, i, true);
}

static void server_acknowledge(struct server *server, uint8_t type, uint16_t packet_id)
{
    if (type != WAX_NO_PACKET) {
        assert_int_equal(wax_session_acknowledge(&server->session, (wax_packet_type)type, packet_id,
                                                 0, &server->writer),
                         WAX_OK);
    }
}

/* Sends again what the client did not answer, in order. */
static void server_resume(struct server *server)
{
    const wax_flow *flow = wax_flows_after(&server->outgoing, 0);

    while (flow != NULL) {
        uint16_t id = flow->packet_id;
        if (flow->waits == WAX_WAIT_PUBCOMP) {
            server_acknowledge(server, WAX_PUBREL, id);
        } else {
            server_publish_again(server, id);
        }
        flow = wax_flows_after(&server->outgoing, id);
    }
}

static void server_accept(struct server *server, const wax_connect *connect)
{
    uint8_t room[64];
    wax_writer properties = wax_writer_over(room, sizeof room);

    wax_session_attach(&server->session, &server->outgoing, &server->incoming);
    assert_int_equal(wax_session_accept(&server->session, server->has_memory, connect->keep_alive_s,
                                        &properties, &server->writer),
                     WAX_OK);
    if (server->has_memory) {
        server_resume(server);
    }
    server->has_memory = true;
}

static void server_take(struct server *server, const wax_event *event)
{
    const uint8_t granted[] = {2};
    const wax_suback suback = {
        .packet_id = event->type == WAX_EVENT_SUBSCRIBE ? event->subscribe.packet_id : 0,
        .reasons = {granted, 1},
    };

    switch ((int)event->type) {
    case WAX_EVENT_CONNECT:
        server_accept(server, &event->connect);
        break;
    case WAX_EVENT_PUBLISH:
        assert_true(server->seen_count < MESSAGES_MAX);
        note(&server->seen[server->seen_count++], event->publish.payload, event->publish.qos,
             event->publish.duplicate);
        server_acknowledge(server, event->owes, event->packet_id);
        break;
    case WAX_EVENT_RELEASED:
        server_acknowledge(server, WAX_PUBCOMP, event->packet_id);
        break;
    case WAX_EVENT_RECEIVED:
        server_acknowledge(server, WAX_PUBREL, event->packet_id);
        break;
    case WAX_EVENT_SUBSCRIBE:
        assert_int_equal(wax_session_grant(&server->session, &suback, WAX_SUBACK, &server->writer),
                         WAX_OK);
        server->has_subscription = true;
        break;
    case WAX_EVENT_DISCONNECTED:
        server->has_goodbye = true;
        break;
    default:
        break;
    }
}

static void server_read(struct server *server)
{
    wax_reader in;
    wax_event event;
    size_t size;

    while (wax_transport_receive(&server->end.transport, server->in + server->in_size,
                                 sizeof server->in - server->in_size, &size) == WAX_OK) {
        server->in_size += size;
    }
    in = wax_reader_over(wax_bytes_of(server->in, server->in_size));
    while (wax_session_receive(&server->session, &in, &server->writer, 0, &event) == WAX_OK) {
        server_take(server, &event);
    }
    server->in_size = wax_reader_left(&in);
    memmove(server->in, in.at, server->in_size);
}

static void server_turn(struct server *server)
{
    wax_bytes bytes;
    size_t sent;

    server_read(server);
    while (server->has_subscription && server->session.state == WAX_SESSION_OPEN &&
           server->next < MESSAGES &&
           server->session.sending_count < server->session.send_maximum &&
           server->outgoing.used_count < EXCHANGES) {
        server_publish(server, server->next++, false);
    }
    bytes = wax_writer_bytes(&server->writer);
    assert_int_equal(server->writer.status, WAX_OK);
    if (bytes.size > 0 && wax_transport_send(&server->end.transport, bytes, &sent) == WAX_OK) {
        assert_int_equal(sent, bytes.size);
    }
    server->writer = wax_writer_over(server->out, sizeof server->out);
}

/* ---- The application ---- */

static void dial(struct world *world)
{
    const wax_session_limits limits = {
        .packet_size_max = 1000, .connect_size_max = 1000, .connect_timeout_ms = 60000};
    struct server *server = &world->server;

    wax_loopback_open(&world->end, &server->end, world->inbox, server->inbox, PIPE_SIZE);
    wax_session_open(&server->session, WAX_ROLE_SERVER, &limits, 0);
    server->writer = wax_writer_over(server->out, sizeof server->out);
    server->in_size = 0;
    world->is_asked = false;
    for (size_t i = 0; i < MESSAGES; i++) {
        world->kept[i].is_out = false;
    }
    world->transport = (wax_transport){.kind = &kind};
    assert_int_equal(wax_micro_attach(&world->micro, &world->transport, 0), WAX_OK);
}

static void app_connected(struct world *world, const wax_connack *connack)
{
    for (size_t i = 0; i < MESSAGES && !connack->session_present; i++) {
        world->kept[i].packet_id = 0;
    }
}

static void app_delivered(struct world *world, uint16_t packet_id)
{
    size_t i = 0;

    while (i < MESSAGES && (world->kept[i].is_done || world->kept[i].packet_id != packet_id)) {
        i++;
    }
    assert_true(i < MESSAGES); /* nobody's message is told */
    world->kept[i].is_done = true;
}

static void app_take(struct world *world, const wax_micro_event *event)
{
    switch ((wax_micro_event_type)event->type) {
    case WAX_MICRO_CONNECTED:
        app_connected(world, &event->connack);
        break;
    case WAX_MICRO_MESSAGE:
        assert_true(world->seen_count < MESSAGES_MAX);
        note(&world->seen[world->seen_count++], event->publish.payload, event->publish.qos,
             event->publish.duplicate);
        break;
    case WAX_MICRO_DELIVERED:
        app_delivered(world, event->packet_id);
        break;
    case WAX_MICRO_SUBSCRIBED:
        world->is_subscribed = true;
        break;
    case WAX_MICRO_REFUSED:
    case WAX_MICRO_DISCONNECTED:
        fail_msg("the server has no reason for this");
        break;
    case WAX_MICRO_NOTHING:
    default:
        break;
    }
}

/* Publishes a message, or publishes it again. Returns whether there was room. */
static bool app_publish(struct world *world, size_t i)
{
    struct kept *kept = &world->kept[i];
    wax_publish publish = {
        .topic = WAX_TEXT("t"),
        .payload = wax_bytes_of_text(from_client[i].text),
        .qos = from_client[i].qos,
        .packet_id = kept->packet_id,
        .duplicate = kept->packet_id != 0,
    };
    wax_status status = wax_micro_publish(&world->micro, &publish);

    if (status == WAX_FULL || status == WAX_CROWDED) {
        return false;
    }
    assert_int_equal(status, WAX_OK);
    kept->packet_id = publish.packet_id;
    kept->is_out = true;
    kept->is_done = publish.qos == 0;
    return true;
}

/* Publishes what is not out on this connection: what was sent before, or what is new. Returns
 * whether there was room for all. */
static bool app_publish_all(struct world *world, bool again)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        const struct kept *kept = &world->kept[i];
        bool is_due = !kept->is_done && !kept->is_out && (kept->packet_id != 0) == again;
        if (is_due && !app_publish(world, i)) {
            return false;
        }
    }
    return true;
}

/* What was sent before goes again first, all in order. */
static void app_want(struct world *world)
{
    const wax_subscription subscription = {.filter = WAX_TEXT("t"), .qos = 2};
    uint16_t id;

    if (app_publish_all(world, true) && app_publish_all(world, false) && !world->is_subscribed &&
        !world->is_asked) {
        world->is_asked =
            wax_micro_subscribe(&world->micro, &subscription, WAX_SUBSCRIBE, &id) == WAX_OK;
    }
}

static void app_turn(struct world *world)
{
    wax_micro_event event;
    wax_status status;

    do {
        status = wax_micro_poll(&world->micro, 0, &event);
        app_take(world, &event);
    } while (status == WAX_OK);
    if (status != WAX_MORE) {
        assert_null(world->micro.transport);
        wax_transport_release(&world->end.transport);
        world->ends++;
        world->last = status;
    } else if (world->micro.is_open) {
        app_want(world);
    }
}

/* ---- The conversation ---- */

static bool is_over(const struct world *world)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        if (!world->kept[i].is_done) {
            return false;
        }
    }
    return world->is_subscribed && world->server.next == MESSAGES &&
           world->server.outgoing.used_count == 0 && world->server.incoming.used_count == 0;
}

static void begin(struct world *world, wax_version version)
{
    world->config = (wax_micro_config){
        .connect = {.version = version, .keep_alive_s = 60, .client_id = WAX_TEXT("d")},
        .take = wax_micro_take_all,
        .receive_room = malloc(RECEIVE_SIZE),
        .send_room = malloc(SEND_SIZE),
        .sending = malloc(EXCHANGES),
        .receiving = malloc(EXCHANGES * sizeof(uint16_t)),
        .receive_size = RECEIVE_SIZE,
        .send_size = SEND_SIZE,
        .timeout_ms = 10000,
        .sending_count = EXCHANGES,
        .receiving_count = EXCHANGES,
    };
    wax_flows_init(&world->server.outgoing, world->server.slots[0], SLOTS);
    wax_flows_init(&world->server.incoming, world->server.slots[1], SLOTS);
    wax_micro_open(&world->micro, &world->config);
}

static void end(struct world *world)
{
    free(world->config.receive_room);
    free(world->config.send_room);
    free(world->config.sending);
    free(world->config.receiving);
    free(world);
}

/* Both turns until all is said, on as many connections as it takes. */
static void run(struct world *world)
{
    for (int turn = 0; turn < TURNS_MAX && !is_over(world); turn++) {
        if (world->micro.transport == NULL) {
            dial(world);
        }
        app_turn(world);
        server_turn(&world->server);
        if (world->ends > 0 && world->trouble.cut_after > 0) { /* once */
            world->trouble.cut_after = 0;
        }
    }
    assert_true(is_over(world));
}

/* Returns whether the trouble came. */
static bool talk(wax_version version, const struct trouble *trouble)
{
    struct world *world = calloc(1, sizeof *world);
    bool came;

    assert_non_null(world);
    world->trouble = *trouble;
    begin(world, version);
    run(world);
    came = trouble->fails_at > 0 ? world->calls >= trouble->fails_at : world->ends > 0;
    if (came && trouble->fault != WAX_MORE) {
        assert_int_equal(world->last, trouble->fault);
    }
    assert_int_equal(world->ends, came && trouble->fault != WAX_MORE);
    assert_true(all_arrived(from_client, MESSAGES, world->server.seen, world->server.seen_count));
    assert_true(all_arrived(from_server, MESSAGES, world->seen, world->seen_count));
    world->trouble = (struct trouble){0};
    if (world->micro.transport != NULL) {
        assert_int_equal(wax_micro_disconnect(&world->micro, 0), WAX_OK);
        app_turn(world);
        server_turn(&world->server);
        assert_int_equal(world->last, WAX_CLOSED);
        assert_true(world->server.has_goodbye);
    }
    end(world);
    return came;
}

static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};
static const size_t steps[] = {0, 1, 7};

static void a_cut_after_any_byte_loses_and_doubles_nothing(void **state)
{
    (void)state; /* [MQTT-4.3.3-10] [MQTT-4.4.0-1] [MQTT-4.6.0-1] */
    for (size_t i = 0; i < WAX_COUNT(versions) * WAX_COUNT(steps); i++) {
        struct trouble trouble = {.step = steps[i / 2], .cut_after = 1, .fault = WAX_IO};
        while (talk(versions[i % 2], &trouble)) {
            trouble.cut_after++;
        }
        assert_true(trouble.cut_after > 100); /* the conversation is longer than nothing */
    }
}

static void any_call_of_the_transport_may_fail(void **state)
{
    static const wax_status faults[] = {WAX_MORE, WAX_CLOSED, WAX_IO, WAX_UNTRUSTED,
                                        WAX_PROTOCOL_ERROR};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(versions) * WAX_COUNT(steps) * WAX_COUNT(faults); i++) {
        struct trouble trouble = {.step = steps[i / 2 % WAX_COUNT(steps)],
                                  .fails_at = 1,
                                  .fault = faults[i / 2 / WAX_COUNT(steps)]};
        while (talk(versions[i % 2], &trouble)) {
            trouble.fails_at++;
        }
        assert_true(trouble.fails_at > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_after_any_byte_loses_and_doubles_nothing),
        cmocka_unit_test(any_call_of_the_transport_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
