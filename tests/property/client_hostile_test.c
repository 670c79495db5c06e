/* A server that says anything at any time: the client ends the connection with the reason that MQTT
 * demands or heeds it not, tells nothing that was not said, stays within its rooms, and connects
 * anew. With large messages whole, and in pieces. */
#include "../hostile.h"

#include "client/client.h"

enum {
    PIPE_SIZE = 2048,
    RECEIVE_SIZE = 80,
    SEND_SIZE = 64,
    QUEUE_SIZE = 200,
    SLOTS = 2,
    STREAM_MAX = 500,
};

static struct world {
    wax_client client;
    wax_client_config config;
    wax_loopback ends[2];
    uint8_t inboxes[2][PIPE_SIZE];
    uint64_t now_ms;
    struct hostile_outcome outcome;
} world;

static void note(const wax_client_event *event)
{
    struct hostile_outcome *outcome = &world.outcome;

    outcome->messages += event->type == WAX_CLIENT_MESSAGE;
    outcome->delivered +=
        event->type == WAX_CLIENT_DELIVERED || event->type == WAX_CLIENT_SUBSCRIBED;
    if (event->type == WAX_CLIENT_DISCONNECTED || event->type == WAX_CLIENT_REFUSED) {
        outcome->status = (wax_status)event->status;
    }
}

/* The server says something; what the client says to it is kept. */
static struct hostile_outcome hear(wax_bytes bytes)
{
    wax_loopback *server = &world.ends[1];
    wax_client_event event;
    size_t sent;

    server->inbox_used = 0;
    world.outcome = (struct hostile_outcome){.status = WAX_MORE};
    if (bytes.size > 0) {
        assert_int_equal(wax_transport_send(&server->transport, bytes, &sent), WAX_OK);
        assert_int_equal(sent, bytes.size);
    }
    while (wax_client_poll(&world.client, world.now_ms, &event)) {
        note(&event);
    }
    assert_true(bytes.size == 0 ||
                (world.client.transport == NULL) == (world.outcome.status != WAX_MORE));
    world.outcome.sent = wax_bytes_of(server->inbox, server->inbox_used);
    return world.outcome;
}

#define HEAR(literal) hear(wax_bytes_of((const uint8_t *)(literal), sizeof(literal) - 1))

/* Lets the client have a connection; the time of the one before is over. */
static void dial(void)
{
    wax_client_detach(&world.client, world.now_ms);
    world.now_ms += 1000000;
    (void)hear((wax_bytes){NULL, 0});
    assert_int_equal(world.client.state, WAX_CLIENT_DIALING);
    wax_loopback_open(&world.ends[0], &world.ends[1], world.inboxes[0], world.inboxes[1],
                      PIPE_SIZE);
    assert_int_equal(wax_client_attach(&world.client, &world.ends[0].transport, world.now_ms),
                     WAX_OK);
    (void)HEAR("");
}

static void publish(uint8_t qos)
{
    const wax_publish message = {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("hi"), .qos = qos};
    uint32_t token;

    assert_int_equal(wax_client_publish(&world.client, &message, &token), WAX_OK);
    (void)HEAR("");
}

static void subscribe(void)
{
    const wax_subscription subscription = {.filter = WAX_TEXT("t")};
    const wax_client_request request = {.subscriptions = &subscription, .count = 1};
    uint32_t token;

    assert_int_equal(wax_client_subscribe(&world.client, &request, &token), WAX_OK);
    (void)HEAR("");
}

static void accept(bool session_present)
{
    const uint8_t connack[] = {0x20, world.config.version == WAX_VERSION_5 ? 3 : 2, session_present,
                               0, 0};

    assert_int_equal(hear(wax_bytes_of(connack, 2U + connack[1])).status, WAX_MORE);
    assert_int_equal(world.client.state, WAX_CLIENT_OPEN);
}

static void begin_as(wax_version version, enum hostile_state state, bool streams)
{
    world.config = (wax_client_config){
        .version = version,
        .client_id = WAX_TEXT("d"),
        .session_expiry_s = 3600,
        .acknowledges = true,
        .streams = streams,
        .packet_size_max = STREAM_MAX,
        .receive_room = malloc(RECEIVE_SIZE),
        .receive_size = RECEIVE_SIZE,
        .send_room = malloc(SEND_SIZE),
        .send_size = SEND_SIZE,
        .queue_room = malloc(QUEUE_SIZE),
        .queue_size = QUEUE_SIZE,
        .outgoing_slots = malloc(SLOTS * sizeof(wax_flow)),
        .outgoing_count = SLOTS,
        .incoming_slots = malloc(SLOTS * sizeof(wax_flow)),
        .incoming_count = SLOTS,
    };
    assert_int_equal(wax_client_open(&world.client, &world.config, 7, world.now_ms), WAX_OK);
    dial();
    if (state == HOSTILE_CONNECTING) {
        return;
    }
    accept(false);
    if (state == HOSTILE_SENT_1) {
        publish(1);
    } else if (state == HOSTILE_SENT_2 || state == HOSTILE_RELEASED) {
        publish(2);
    } else if (state == HOSTILE_ASKED) {
        subscribe();
    } else if (state == HOSTILE_HEARD_2) {
        assert_int_equal(HEAR("\x34\x06\0\1t\0\7\0").messages, 1);
    }
    if (state == HOSTILE_RELEASED) {
        assert_int_equal(HEAR("\x50\x02\0\1").sent.size, 4);
    }
}

static void begin_whole(wax_version version, enum hostile_state state)
{
    begin_as(version, state, false);
}

static void begin_in_pieces(wax_version version, enum hostile_state state)
{
    begin_as(version, state, true);
}

static void recover(void)
{
    struct hostile_outcome outcome;

    dial();
    accept(true);
    publish(0);
    assert_true(world.outcome.sent.size > 0);
    outcome = HEAR("\x32\x06\0\1t\0\x0d\0");
    assert_int_equal(outcome.status, WAX_MORE);
    assert_int_equal(outcome.messages, 1);
    assert_int_equal(outcome.sent.size, 4);
    assert_memory_equal(outcome.sent.data, "\x40\x02\0\x0d", 4);
}

static void end(void)
{
    free(world.config.receive_room);
    free(world.config.send_room);
    free(world.config.queue_room);
    free(world.config.outgoing_slots);
    free(world.config.incoming_slots);
}

static const struct hostile_subject subjects[] = {
    {"client",              RECEIVE_SIZE, begin_whole,     hear, recover, end},
    {"client with streams", STREAM_MAX,   begin_in_pieces, hear, recover, end},
};

static void each_packet_gets_its_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(subjects); i++) {
        hostile_each(&subjects[i], hostile_rows, WAX_COUNT(hostile_rows), hostile_row_holds);
    }
}

static void a_packet_cut_anywhere_is_refused_or_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(subjects); i++) {
        hostile_each(&subjects[i], hostile_seeds, WAX_COUNT(hostile_seeds), hostile_cuts);
    }
}

static void any_byte_may_be_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(subjects); i++) {
        hostile_each(&subjects[i], hostile_seeds, WAX_COUNT(hostile_seeds), hostile_bytes);
    }
}

static void a_length_may_say_anything(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(subjects); i++) {
        hostile_each(&subjects[i], hostile_seeds, WAX_COUNT(hostile_seeds), hostile_lengths);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_packet_gets_its_verdict),
        cmocka_unit_test(a_packet_cut_anywhere_is_refused_or_waited_for),
        cmocka_unit_test(any_byte_may_be_another),
        cmocka_unit_test(a_length_may_say_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
