/* What a client does when connections break: back-off, redelivery, keep alive, and a connection
 * that ends after every single byte. */
#include "client_check.h"

static void what_was_sent_goes_again_in_order(void **state)
{
    (void)state; /* [MQTT-3.3.1-1] [MQTT-4.4.0-1] [MQTT-4.6.0-1] */
    static const char *const texts[] = {"1", "2", "3", "4"};
    struct world *world = world_new(WAX_VERSION_5);

    world->server.is_silent = true;
    world_start(world);
    for (size_t i = 0; i < 4; i++) {
        say(world, texts[i], 1);
    }
    settle(world);
    assert_int_equal(world->server.seen_count, 4);
    cut(world);
    say(world, "5", 1);
    world->server.is_silent = false;
    pass_time(world);
    assert_true(world->last[WAX_CLIENT_CONNECTED].connack.session_present);
    assert_int_equal(world->server.seen_count, 9);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(world->server.seen[4 + i].text, texts[i]);
        assert_true(world->server.seen[4 + i].duplicate);
    }
    assert_string_equal(world->server.seen[8].text, "5");
    assert_false(world->server.seen[8].duplicate);
    assert_int_equal(world->delivered_count, 5);
    world_free(world);
}

static void a_lost_session_gets_them_as_new(void **state)
{
    (void)state; /* [MQTT-3.2.2-5] */
    struct world *world = world_new(WAX_VERSION_3_1_1);

    world->server.is_silent = true;
    world_start(world);
    say(world, "1", 1);
    say(world, "2", 2);
    settle(world);
    cut(world);
    world->server.has_memory = false;
    world->server.is_silent = false;
    pass_time(world);
    assert_int_equal(world->server.seen_count, 4);
    assert_string_equal(world->server.seen[2].text, "1");
    assert_false(world->server.seen[2].duplicate);
    assert_false(world->server.seen[3].duplicate);
    assert_int_equal(world->delivered_count, 2);
    world_free(world);
}

static void a_clean_client_believes_in_no_old_session(void **state)
{
    (void)state; /* [MQTT-3.2.2-4] */
    static uint8_t connack[] = {0x20, 2, 1, 0};
    struct world *world = world_new(WAX_VERSION_3_1_1);
    size_t sent;

    world->config.clean_start = true;
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    app_turn(world, true);
    assert_int_equal(wax_transport_send(&world->server.end.transport,
                                        wax_bytes_of(connack, sizeof connack), &sent),
                     WAX_OK);
    app_turn(world, true);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_PROTOCOL_ERROR);
    world_free(world);
}

static void the_queue_says_when_it_is_full(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);
    wax_publish publish = {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("123456789"), .qos = 1};
    uint32_t token;
    size_t count = 0;

    world->config.queue_size = 100;
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, 0), WAX_OK);
    while (wax_client_publish(&world->client, &publish, &token) == WAX_OK) {
        count++;
    }
    assert_int_equal(count, 100 / (WAX_CLIENT_RECORD_SIZE + 10));
    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_FULL);
    publish.payload = wax_bytes_of(world->inbox, 100);
    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_TOO_LARGE);
    publish.payload = WAX_TEXT("x");
    publish.qos = 0;
    assert_int_equal(wax_client_publish(&world->client, &publish, &token), WAX_CLOSED);
    settle(world);
    assert_int_equal(world->server.seen_count, count);
    assert_int_equal(world->delivered_count, count);
    world_free(world);
}

static void room_between_messages_is_won_back(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);

    world->config.queue_size = 100;
    world_start(world);
    for (int i = 0; i < 20; i++) {
        say(world, "123456789", 1);
        say(world, "12345678", 2);
        say(world, "1234567", 1);
        settle(world);
    }
    assert_int_equal(world->server.seen_count, 60);
    assert_int_equal(world->delivered_count, 60);
    world_free(world);
}

static void qos_0_waits_only_if_it_is_kept(void **state)
{
    (void)state;
    for (int keeps = 0; keeps < 2; keeps++) {
        struct world *world = world_new(WAX_VERSION_5);
        wax_publish publish = {.topic = WAX_TEXT("t"), .payload = WAX_TEXT("x")};
        uint32_t token;
        world->config.keeps_qos_0 = keeps == 1;
        assert_int_equal(wax_client_open(&world->client, &world->config, 7, 0), WAX_OK);
        assert_int_equal(wax_client_publish(&world->client, &publish, &token),
                         keeps == 1 ? WAX_OK : WAX_CLOSED);
        settle(world);
        assert_int_equal(world->server.seen_count, keeps);
        assert_int_equal(world->counts[WAX_CLIENT_SENT], keeps);
        world_free(world);
    }
}

static void a_qos_0_message_that_waited_is_given_up_aloud(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_5);
    uint32_t token;

    world->server.receive_maximum = 1;
    world->server.is_silent = true;
    world_start(world);
    say(world, "1", 1);
    say(world, "2", 1);
    token = say(world, "3", 0);
    settle(world);
    cut(world);
    assert_int_equal(world->last[WAX_CLIENT_SENT].token, token);
    assert_int_equal(world->last[WAX_CLIENT_SENT].status, WAX_CLOSED);
    assert_int_equal(wax_client_waiting_count(&world->client), 2);
    world_free(world);
}

/* How long the client waits before it wants a connection that cannot be made. */
static uint64_t next_wait_ms(struct world *world)
{
    uint64_t before_ms = world->now_ms;

    world->now_ms = wax_client_deadline_ms(&world->client);
    app_turn(world, false);
    assert_int_equal(world->client.state, WAX_CLIENT_DIALING);
    wax_client_detach(&world->client, world->now_ms);
    return world->now_ms - before_ms;
}

static void the_back_off_doubles_up_to_its_maximum(void **state)
{
    (void)state;
    uint64_t longest_ms[6] = {0};
    static const uint64_t ceilings_ms[6] = {0, 100, 200, 400, 800, 1000};

    for (uint32_t seed = 0; seed < 200; seed++) {
        struct world *world = world_new(WAX_VERSION_5);
        world->config.back_off_base_ms = 100;
        world->config.back_off_max_ms = 1000;
        assert_int_equal(wax_client_open(&world->client, &world->config, seed, world->now_ms),
                         WAX_OK);
        for (size_t i = 0; i < 6; i++) {
            uint64_t wait_ms = next_wait_ms(world);
            assert_true(wait_ms <= ceilings_ms[i]);
            longest_ms[i] = wait_ms > longest_ms[i] ? wait_ms : longest_ms[i];
        }
        world_free(world);
    }
    for (size_t i = 1; i < 6; i++) { /* full jitter uses all of the window */
        assert_true(longest_ms[i] > ceilings_ms[i] * 8 / 10);
    }
}

static void the_back_off_is_reset_by_a_stable_connection(void **state)
{
    (void)state;
    static const struct {
        uint64_t open_ms;
        uint8_t failure_count;
    } rows[] = {
        {4999, 5},
        {5000, 1},
    };
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct world *world = world_new(WAX_VERSION_5);
        world->config.stable_ms = 5000;
        assert_int_equal(wax_client_open(&world->client, &world->config, 3, world->now_ms), WAX_OK);
        for (int n = 0; n < 4; n++) {
            next_wait_ms(world);
        }
        pass_time(world);
        assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
        world->now_ms += rows[i].open_ms;
        cut(world);
        assert_int_equal(world->client.failure_count, rows[i].failure_count);
        world_free(world);
    }
}

static void it_pings_and_gives_up_a_silent_server(void **state)
{
    (void)state; /* [MQTT-3.1.2-20] */
    struct world *world = world_new(WAX_VERSION_3_1_1);

    world_start(world);
    pass_time(world);
    assert_int_equal(world->server.ping_count, 1);
    assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
    world->server.is_deaf = true;
    pass_time(world);
    assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
    pass_time(world);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_KEEP_ALIVE_TIMEOUT);
    world_free(world);
}

static void bytes_that_do_not_leave_end_the_connection(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_3_1_1);

    world->config.connect_timeout_ms = 5000;
    world_start(world);
    world->now_ms += 40000;
    world->fuse.is_blocked = true;
    say(world, "x", 1);
    settle(world);
    assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
    assert_int_equal(wax_client_waits(&world->client), WAX_WAITS_TO_READ | WAX_WAITS_TO_WRITE);
    assert_true(wax_client_deadline_ms(&world->client) == world->now_ms + 5000);
    world->now_ms += 5000;
    app_turn(world, false);
    assert_int_equal(world->counts[WAX_CLIENT_DISCONNECTED], 1);
    world_free(world);
}

static void a_server_that_never_answers_connect_is_left(void **state)
{
    (void)state;
    struct world *world = world_new(WAX_VERSION_3_1_1);

    world->server.is_deaf = true;
    world_start(world);
    assert_int_equal(world->client.state, WAX_CLIENT_CONNECTING);
    world->now_ms += 30000;
    app_turn(world, false);
    assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, WAX_MAXIMUM_CONNECT_TIME);
    world_free(world);
}

/* --- The cut after every byte --- */

static const struct seen from_server[] = {
    {.text = "s1",                  .qos = 1},
    {.text = "s2",                  .qos = 2},
    {.text = "s3",                  .qos = 2},
    {.text = "s4",                  .qos = 1},
    {.text = "s5-longer-than-most", .qos = 2},
};
static const struct seen from_client[] = {
    {.text = "c1",                  .qos = 1},
    {.text = "c2",                  .qos = 2},
    {.text = "c3",                  .qos = 2},
    {.text = "c4",                  .qos = 1},
    {.text = "c5-longer-than-most", .qos = 2},
};

/* Runs the whole conversation with cuts. Returns whether the first came before its end. */
static bool talk_and_cut(wax_version version, long after, int cut_count, bool is_small)
{
    struct world *world = world_new(version);
    bool was_cut;

    world->fuse.left = after;
    world->server.sends = from_server;
    world->server.send_count = WAX_COUNT(from_server);
    if (is_small) {
        world->config.receive_size = WAX_CLIENT_RECEIVE_SIZE_MIN;
        world->config.send_size = WAX_CLIENT_SEND_SIZE_MIN;
        world->config.queue_size = 180;
    }
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(from_client); i++) {
        say(world, from_client[i].text, from_client[i].qos);
    }
    settle(world);
    was_cut = world->fuse.left == 0;
    for (int i = 1; i < cut_count && was_cut; i++) {
        world->fuse.left = 60 + after * 37 * i % 149; /* somewhere in what is sent again */
        pass_time(world);
    }
    world->fuse.left = -1;
    for (int i = 0; i < 4 && was_cut; i++) {
        pass_time(world);
    }
    if (!all_arrived(from_client, WAX_COUNT(from_client), world->server.seen,
                     world->server.seen_count)) {
        fail_msg("version %d, cut after %ld bytes: lost, doubled or moved at the server", version,
                 after);
    }
    if (!all_arrived(from_server, WAX_COUNT(from_server), world->seen, world->seen_count)) {
        fail_msg("version %d, cut after %ld bytes: lost, doubled or moved at the client", version,
                 after);
    }
    assert_int_equal(world->delivered_count, WAX_COUNT(from_client));
    assert_int_equal(wax_client_waiting_count(&world->client), 0);
    assert_int_equal(world->client.outgoing.used_count, 0);
    assert_int_equal(world->client.incoming.used_count, 0);
    assert_int_equal(world->server.outgoing.used_count, 0);
    assert_int_equal(world->server.incoming.used_count, 0);
    world_free(world);
    return was_cut;
}

static void a_cut_after_any_byte_loses_and_doubles_nothing(void **state)
{
    (void)state; /* [MQTT-4.3.3-10] [MQTT-4.4.0-1] [MQTT-4.6.0-1] */
    static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};

    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        for (int row = 0; row < 6; row++) {
            long after = 1;
            while (talk_and_cut(versions[i], after, 1 + row / 2, row % 2 == 1)) {
                after++;
            }
            assert_true(after > 200); /* the conversation is longer than nothing */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_goes_again_in_order),
        cmocka_unit_test(a_lost_session_gets_them_as_new),
        cmocka_unit_test(a_clean_client_believes_in_no_old_session),
        cmocka_unit_test(the_queue_says_when_it_is_full),
        cmocka_unit_test(room_between_messages_is_won_back),
        cmocka_unit_test(qos_0_waits_only_if_it_is_kept),
        cmocka_unit_test(a_qos_0_message_that_waited_is_given_up_aloud),
        cmocka_unit_test(the_back_off_doubles_up_to_its_maximum),
        cmocka_unit_test(the_back_off_is_reset_by_a_stable_connection),
        cmocka_unit_test(it_pings_and_gives_up_a_silent_server),
        cmocka_unit_test(bytes_that_do_not_leave_end_the_connection),
        cmocka_unit_test(a_server_that_never_answers_connect_is_left),
        cmocka_unit_test(a_cut_after_any_byte_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
