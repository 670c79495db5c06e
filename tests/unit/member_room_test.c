/* A member where there is no room: for messages that wait for keys, and for what goes out. */
#include "../member_stage.h"

static void what_finds_no_room_comes_again(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);
    static struct sent sent;
    uint16_t packet_id;
    struct server *server = &stage->world->server;
    wax_publish again = {.topic = WAX_TEXT("home/a"), .qos = 1, .duplicate = true};

    (void)state;
    device_stop(&stage->device);
    stage->device.config.hold_size =
        140; /* for one of two, with what is kept of each on 32 and 64 bits */
    device_start(&stage->device);
    stage_start(stage);
    serve_sealed(stage, "first");
    assert_int_equal(send_text(&stage->sensor, "home/a", "second", &sent), WAX_OK);
    packet_id = serve(stage, "home/a", sent.publish.payload);
    run(stage);
    assert_int_equal(stage->counts[WAX_MEMBER_DROPPED], 1);
    assert_int_equal(stage->status, WAX_FULL);
    serve_mailbox(stage, 1);
    run(stage);
    assert_int_equal(stage->told_count, 1);
    assert_int_equal(server->outgoing.used_count, 1); /* it is the server's still */
    reconnect(stage);
    again.payload = sent.publish.payload;
    again.packet_id = packet_id;
    assert_int_equal(wax_session_publish(&server->session, &again, &server->writer), WAX_OK);
    wax_write_bytes(&server->writer, again.payload);
    serve_mailbox(stage, 1);
    run(stage);
    assert_told(stage, 1, WAX_MEMBER_OPENED, "second");
    assert_int_equal(server->outgoing.used_count, 0);
    stage_free(stage);
}

/* While the network takes nothing, messages and mailboxes come: each is acknowledged in the end. */
static void no_acknowledgement_is_lost_when_nothing_goes_out(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_3_1_1);

    (void)state;
    stage->world->config.send_size = WAX_CLIENT_SEND_SIZE_MIN;
    stage_start(stage);
    serve_mailbox(stage, 1);
    run(stage);
    stage->world->fuse.is_blocked = true;
    serve_sealed(stage, "first");
    serve_sealed(stage, "second");
    serve_mailbox(stage, 2);
    serve_sealed(stage, "third");
    run(stage);
    stage->world->fuse.is_blocked = false;
    run(stage);
    assert_int_equal(stage->told_count, 3);
    assert_told(stage, 2, WAX_MEMBER_OPENED, "third");
    assert_int_equal(stage->counts[WAX_MEMBER_KEYS], 2);
    assert_int_equal(stage->world->server.outgoing.used_count, 0);
    stage_free(stage);
}

/* Publishes until the client's queue takes no more, large messages first and then small ones. */
static void fill_queue(struct stage *stage)
{
    static const uint8_t text[400];
    wax_publish message = {.topic = WAX_TEXT("garden/a"), .qos = 1};
    uint32_t token;

    for (size_t size = sizeof(text); size > 0; size /= 4) {
        message.payload = wax_bytes_of(text, size);
        while (wax_client_publish(&stage->world->client, &message, &token) == WAX_OK) {
            assert_true(wax_client_waiting_count(&stage->world->client) < 1000);
        }
    }
}

/* Each count is a write to flash, and the client may be full for hours. */
static void a_status_that_finds_no_room_is_not_counted_over_and_over(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);
    struct world *world = stage->world;
    unsigned calls;
    size_t seen;

    (void)state;
    stage->device.config.tell_ms = 5000;
    stage_start(stage);
    serve_mailbox(stage, 1);
    run(stage);
    world->fuse.is_blocked = true;
    fill_queue(stage);
    pass(stage, 5000);
    calls = stage->device.records.calls;
    for (unsigned i = 0; i < 50; i++) {
        take_turn(stage);
    }
    assert_int_equal(stage->device.records.calls, calls);
    assert_true(wax_member_is_busy(stage->device.member));
    world->fuse.is_blocked = false;
    seen = world->server.seen_count;
    run(stage);
    assert_true(world->server.seen_count > seen);
    assert_int_equal((uint8_t)world->server.seen[world->server.seen_count - 1].text[0], 0xfc);
    assert_false(wax_member_is_busy(stage->device.member));
    stage_free(stage);
}

/* What was told is acknowledged, though a mailbox comes while there is no room for that. */
static void a_mailbox_takes_no_acknowledgement_from_a_message(void **state)
{
    enum { HEAD_SIZE = 11 }; /* of the PUBLISH that fills what is sent */

    struct stage *stage = stage_new(WAX_VERSION_5);
    struct world *world = stage->world;
    static const uint8_t text[100];
    wax_publish noise = {.topic = WAX_TEXT("garden")};
    wax_member_event event;
    size_t left;
    uint32_t token;

    (void)state;
    world->config.send_size = 100;
    stage_start(stage);
    serve_mailbox(stage, 1);
    run(stage);
    serve_sealed(stage, "text");
    assert_true(server_turn(world));
    do {
        assert_true(
            wax_member_poll(stage->device.member, &world->client, world->now_ms, 0, &event));
    } while (event.type != WAX_MEMBER_MESSAGE);
    serve_mailbox(stage, 2);
    (void)server_turn(world);
    left = world->config.send_size - (world->client.send_end - world->client.send_start);
    assert_true(left > HEAD_SIZE && left < 100 + HEAD_SIZE);
    noise.payload = wax_bytes_of(text, left - HEAD_SIZE);
    assert_int_equal(wax_client_publish(&world->client, &noise, &token), WAX_OK);
    assert_int_equal(token, 0); /* all of what is sent at once is full */
    assert_int_equal(world->client.send_end - world->client.send_start, world->config.send_size);
    run(stage);
    assert_int_equal(stage->counts[WAX_MEMBER_KEYS], 2);
    assert_int_equal(world->server.outgoing.used_count, 0);
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_finds_no_room_comes_again),
        cmocka_unit_test(no_acknowledgement_is_lost_when_nothing_goes_out),
        cmocka_unit_test(a_status_that_finds_no_room_is_not_counted_over_and_over),
        cmocka_unit_test(a_mailbox_takes_no_acknowledgement_from_a_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
