/* Messages that are larger than any buffer, and buffers that are as small as may be. */
#include "client_check.h"

enum { LARGE = 100000 };

/* Bytes that tell where they stand. */
static wax_bytes large_payload(void)
{
    static uint8_t payload[LARGE];

    for (uint32_t i = 0; i < LARGE; i++) {
        payload[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    return wax_bytes_of(payload, LARGE);
}

static struct world *small_world(wax_version version)
{
    struct world *world = world_new(version);

    world->config.receive_size = WAX_CLIENT_RECEIVE_SIZE_MIN;
    world->config.send_size = WAX_CLIENT_SEND_SIZE_MIN;
    world->config.streams = true;
    world->config.outgoing_count = 1;
    world->config.incoming_count = 1;
    return world;
}

static void server_sends_large(struct world *world, uint8_t qos)
{
    wax_publish publish = {.topic = WAX_TEXT("t"), .payload = large_payload(), .qos = qos};

    assert_int_equal(wax_session_publish(&world->server.session, &publish, &world->server.writer),
                     WAX_OK);
    wax_write_bytes(&world->server.writer, publish.payload);
    assert_int_equal(world->server.writer.status, WAX_OK);
}

static void a_large_message_comes_in_pieces(void **state)
{
    (void)state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct world *world = small_world(WAX_VERSION_5);
        world_start(world);
        server_sends_large(world, qos);
        settle(world);
        assert_int_equal(world->seen_count, 1);
        assert_int_equal(world->payload_size, LARGE);
        assert_int_equal(world->payload_sum, sum_of(0, large_payload()));
        assert_true(world->piece_max <= WAX_CLIENT_RECEIVE_SIZE_MIN);
        assert_int_equal(world->server.outgoing.used_count, 0);
        world_free(world);
    }
}

static void a_message_that_fits_comes_whole(void **state)
{
    (void)state;
    static const struct seen sends[] = {
        {.text = "a message of some length",  .qos = 1},
        {.text = "a message of other length", .qos = 1},
        {.text = "another message",           .qos = 2}
    };
    struct world *world = small_world(WAX_VERSION_5);

    world->server.sends = sends;
    world->server.send_count = 3;
    world_start(world);
    assert_int_equal(world->counts[WAX_CLIENT_MESSAGE], 3);
    assert_int_equal(world->counts[WAX_CLIENT_PAYLOAD], 0);
    world_free(world);
}

static void without_streams_a_large_message_is_refused(void **state)
{
    (void)state; /* [MQTT-3.1.2-24] */
    struct world *world = small_world(WAX_VERSION_3_1_1);

    world->config.streams = false;
    world_start(world);
    server_sends_large(world, 0);
    settle(world);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_PACKET_TOO_LARGE);
    world_free(world);
}

/* Streams the large payload through the client, as room comes. */
static void stream(struct world *world, wax_bytes payload)
{
    while (payload.size > 0) {
        wax_bytes piece = {payload.data, payload.size < 1000 ? payload.size : 1000};
        size_t taken;
        wax_status status = wax_client_publish_more(&world->client, piece, &taken);
        assert_true(status == WAX_OK || status == WAX_FULL);
        payload.data += taken;
        payload.size -= taken;
        settle(world);
    }
}

static void a_large_message_goes_in_pieces(void **state)
{
    (void)state;
    for (uint8_t qos = 0; qos <= 1; qos++) {
        struct world *world = small_world(WAX_VERSION_5);
        wax_publish publish = {.topic = WAX_TEXT("t"), .qos = qos};
        wax_client_event_type ends = qos == 0 ? WAX_CLIENT_SENT : WAX_CLIENT_DELIVERED;
        uint32_t token;
        world->config.queue_size = 2 * WAX_CLIENT_RECORD_SIZE + 2;
        world_start(world);
        assert_int_equal(wax_client_publish_start(&world->client, &publish, LARGE, &token), WAX_OK);
        say(world, "x", 0); /* waits behind */
        stream(world, large_payload());
        assert_int_equal(world->server.seen_count, 2);
        assert_string_equal(world->server.seen[1].text, "x");
        assert_true(world->last[ends].token == token || qos == 0);
        assert_int_equal(world->counts[ends], qos == 0 ? 2 : 1);
        assert_int_equal(world->last[ends].status, WAX_OK);
        assert_int_equal(wax_client_waiting_count(&world->client), 0);
        world_free(world);
    }
}

static void a_kept_message_may_be_larger_than_the_send_buffer(void **state)
{
    (void)state;
    for (uint8_t qos = 0; qos <= 2; qos++) {
        struct world *world = small_world(WAX_VERSION_3_1_1);
        wax_publish publish = {.topic = WAX_TEXT("t"), .payload = large_payload(), .qos = qos};
        uint32_t token;
        world->config.queue_size = LARGE + 100;
        world_start(world);
        assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_OK);
        settle(world);
        assert_int_equal(world->server.payload_size, LARGE);
        assert_int_equal(world->server.payload_sum, sum_of(0, large_payload()));
        assert_int_equal(wax_client_waiting_count(&world->client), 0);
        world_free(world);
    }
}

static void a_stream_that_is_cut_is_given_up_aloud(void **state)
{
    (void)state;
    for (uint8_t qos = 0; qos <= 1; qos++) {
        struct world *world = small_world(WAX_VERSION_5);
        wax_publish publish = {.topic = WAX_TEXT("t"), .qos = qos};
        wax_client_event_type ends = qos == 0 ? WAX_CLIENT_SENT : WAX_CLIENT_DELIVERED;
        uint32_t token;
        size_t taken;
        world_start(world);
        assert_int_equal(wax_client_publish_start(&world->client, &publish, LARGE, &token), WAX_OK);
        stream(world, wax_bytes_of(large_payload().data, 500));
        cut(world);
        assert_int_equal(world->last[ends].token, token);
        assert_int_equal(world->last[ends].status, WAX_CLOSED);
        assert_int_equal(wax_client_publish_more(&world->client, WAX_TEXT("x"), &taken),
                         WAX_CLOSED);
        assert_int_equal(wax_client_waiting_count(&world->client), 0);
        assert_int_equal(world->client.outgoing.used_count, 0);
        pass_time(world);
        assert_int_equal(wax_client_publish_start(&world->client, &publish, 3, &token), WAX_OK);
        stream(world, WAX_TEXT("abc"));
        assert_int_equal(world->last[ends].token, token);
        assert_int_equal(world->last[ends].status, WAX_OK);
        world_free(world);
    }
}

static void more_than_was_announced_is_not_taken(void **state)
{
    (void)state;
    struct world *world = small_world(WAX_VERSION_5);
    wax_publish publish = {.topic = WAX_TEXT("t"), .qos = 1};
    uint32_t token;
    size_t taken;

    world_start(world);
    assert_int_equal(wax_client_publish_start(&world->client, &publish, 2, &token), WAX_OK);
    assert_int_equal(wax_client_publish_more(&world->client, WAX_TEXT("abc"), &taken), WAX_INVALID);
    publish.qos = 2;
    assert_int_equal(wax_client_publish_start(&world->client, &publish, 2, &token), WAX_INVALID);
    world_free(world);
}

static void half_a_message_at_qos_2_comes_again_whole(void **state)
{
    (void)state; /* [MQTT-4.3.3-10] [MQTT-4.4.0-1] */
    static const long cuts[] = {1500, 50000, 99999};

    for (size_t i = 0; i < WAX_COUNT(cuts); i++) {
        struct world *world = small_world(WAX_VERSION_3_1_1);
        wax_publish again = {.topic = WAX_TEXT("t"), .payload = large_payload(), .qos = 2};
        world_start(world);
        world->fuse.left = cuts[i];
        server_sends_large(world, 2);
        settle(world);
        assert_int_equal(world->seen_count, 0);
        world->fuse.left = -1;
        again.packet_id = wax_flows_after(&world->server.outgoing, 0)->packet_id;
        again.duplicate = true;
        pass_time(world);
        assert_int_equal(wax_session_publish(&world->server.session, &again, &world->server.writer),
                         WAX_OK);
        wax_write_bytes(&world->server.writer, again.payload);
        settle(world);
        assert_int_equal(world->seen_count, 1);
        assert_int_equal(world->payload_size, LARGE);
        assert_int_equal(world->payload_sum, sum_of(0, large_payload()));
        assert_int_equal(world->server.outgoing.used_count, 0);
        world_free(world);
    }
}

static void a_large_message_that_was_told_is_not_told_again(void **state)
{
    (void)state; /* [MQTT-4.3.3-10] */
    struct world *world = small_world(WAX_VERSION_3_1_1);
    wax_publish again = {
        .topic = WAX_TEXT("t"), .payload = large_payload(), .qos = 2, .duplicate = true};

    world->config.acknowledges = false;
    world_start(world);
    server_sends_large(world, 2);
    settle(world);
    assert_int_equal(world->seen_count, 1);
    cut(world);
    pass_time(world);
    again.packet_id = wax_flows_after(&world->server.outgoing, 0)->packet_id;
    assert_int_equal(wax_session_publish(&world->server.session, &again, &world->server.writer),
                     WAX_OK);
    wax_write_bytes(&world->server.writer, again.payload);
    settle(world);
    assert_int_equal(world->counts[WAX_CLIENT_MESSAGE], 1);
    assert_int_equal(world->seen_count, 1);
    assert_int_equal(
        wax_client_acknowledge(&world->client, world->last[WAX_CLIENT_MESSAGE].receipt, 0), WAX_OK);
    settle(world);
    assert_int_equal(world->server.outgoing.used_count, 0);
    world_free(world);
}

static void rooms_have_minimums(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t receive_size;
        size_t send_size;
        uint16_t outgoing_count;
        uint16_t incoming_count;
        wax_status status;
    } rows[] = {
        {"the smallest that work",     64, 64, 1, 1, WAX_OK     },
        {"too little to receive with", 63, 64, 1, 1, WAX_INVALID},
        {"too little to send with",    64, 63, 1, 1, WAX_INVALID},
        {"no slot for what goes out",  64, 64, 0, 1, WAX_INVALID},
        {"no slot for what comes in",  64, 64, 1, 0, WAX_INVALID},
    };
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world *world = world_new(WAX_VERSION_5);
        world->config.receive_size = rows[i].receive_size;
        world->config.send_size = rows[i].send_size;
        world->config.outgoing_count = rows[i].outgoing_count;
        world->config.incoming_count = rows[i].incoming_count;
        check_row(rows[i].name,
                  wax_client_open(&world->client, &world->config, 1, 0) == rows[i].status);
        world_free(world);
    }
}

static void qos_0_works_without_a_queue(void **state)
{
    (void)state;
    struct world *world = small_world(WAX_VERSION_3_1_1);
    wax_publish publish = {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("x"), .qos = 1};
    uint32_t token;

    world->config.queue_size = 0;
    world_start(world);
    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_TOO_LARGE);
    say(world, "x", 0);
    settle(world);
    assert_int_equal(world->server.seen_count, 1);
    world_free(world);
}

static void a_connect_too_large_for_the_send_buffer_is_told(void **state)
{
    (void)state;
    struct world *world = small_world(WAX_VERSION_3_1_1);

    world->config.client_id = wax_bytes_of(world->inbox, 60);
    assert_int_equal(wax_client_open(&world->client, &world->config, 1, 0), WAX_OK);
    app_turn(world, false);
    server_up(world);
    assert_int_equal(wax_client_attach(&world->client, &world->fuse.transport, 0), WAX_FULL);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_message_comes_in_pieces),
        cmocka_unit_test(a_message_that_fits_comes_whole),
        cmocka_unit_test(without_streams_a_large_message_is_refused),
        cmocka_unit_test(a_large_message_goes_in_pieces),
        cmocka_unit_test(a_kept_message_may_be_larger_than_the_send_buffer),
        cmocka_unit_test(a_stream_that_is_cut_is_given_up_aloud),
        cmocka_unit_test(more_than_was_announced_is_not_taken),
        cmocka_unit_test(half_a_message_at_qos_2_comes_again_whole),
        cmocka_unit_test(a_large_message_that_was_told_is_not_told_again),
        cmocka_unit_test(rooms_have_minimums),
        cmocka_unit_test(qos_0_works_without_a_queue),
        cmocka_unit_test(a_connect_too_large_for_the_send_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
