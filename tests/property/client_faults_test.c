/* Each call of the transport fails once, in each way that it may, and bytes come and go one by one:
 * the client says so, goes on with a new connection, and nothing is lost or doubled. */
#include "../unit/client_check.h"

static const struct seen from_server[] = {
    {.text = "s1", .qos = 1},
    {.text = "s2", .qos = 2},
    {.text = "s3", .qos = 0},
    {.text = "s4", .qos = 2},
    {.text = "s5", .qos = 1},
};
static const struct seen from_client[] = {
    {.text = "c1", .qos = 1},
    {.text = "c2", .qos = 2},
    {.text = "c3", .qos = 0},
    {.text = "c4", .qos = 2},
    {.text = "c5", .qos = 1},
};

static struct world *begin(wax_version version, size_t step)
{
    struct world *world = world_new(version);

    world->fuse.step = step;
    world->config.keeps_qos_0 = true;
    world->config.receive_size = WAX_CLIENT_RECEIVE_SIZE_MIN;
    world->config.send_size = WAX_CLIENT_SEND_SIZE_MIN;
    world->config.queue_size = 300;
    world->server.sends = from_server;
    world->server.send_count = WAX_COUNT(from_server);
    return world;
}

/* All that the application wants, at once. */
static void want_all(struct world *world)
{
    const wax_subscription subscription = {.filter = WAX_TEXT("t"), .qos = 2};
    const wax_client_request request = {.subscriptions = &subscription, .count = 1};
    uint32_t token;

    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    assert_int_equal(wax_client_subscribe(&world->client, &request, &token), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(from_client); i++) {
        say(world, from_client[i].text, from_client[i].qos);
    }
}

/* Nothing is left on either side, and nothing was lost or doubled. */
static void all_is_well(const struct world *world)
{
    assert_true(all_arrived(from_client, WAX_COUNT(from_client), world->server.seen,
                            world->server.seen_count));
    assert_true(all_arrived(from_server, WAX_COUNT(from_server), world->seen, world->seen_count));
    assert_int_equal(world->delivered_count, 4);
    assert_int_equal(world->counts[WAX_CLIENT_SENT], 1);
    assert_int_equal(world->counts[WAX_CLIENT_SUBSCRIBED], 1);
    assert_int_equal(wax_client_waiting_count(&world->client), 0);
    assert_int_equal(world->client.outgoing.used_count, 0);
    assert_int_equal(world->client.incoming.used_count, 0);
    assert_int_equal(world->server.outgoing.used_count, 0);
    assert_int_equal(world->server.incoming.used_count, 0);
}

/* Returns whether the call came at all. */
static bool talk(wax_version version, size_t step, size_t fails_at, wax_status fault)
{
    struct world *world = begin(version, step);
    bool has_failed;

    world->fuse.fails_at = fails_at;
    world->fuse.fault = fault;
    want_all(world);
    for (int i = 0; i < 3; i++) { /* what was not now is later */
        settle(world);
    }
    has_failed = world->fuse.calls >= fails_at;
    if (has_failed && fault != WAX_MORE) {
        assert_int_equal(world->counts[WAX_CLIENT_DISCONNECTED], 1);
        assert_int_equal(world->last[WAX_CLIENT_DISCONNECTED].status, fault);
        pass_time(world);
        assert_int_equal(world->client.state, WAX_CLIENT_OPEN);
    }
    assert_int_equal(world->counts[WAX_CLIENT_DISCONNECTED], has_failed && fault != WAX_MORE);
    all_is_well(world);
    wax_client_disconnect(&world->client, 0);
    settle(world);
    assert_int_equal(world->client.state, WAX_CLIENT_ENDED);
    world_free(world);
    return has_failed;
}

static void any_call_of_the_transport_may_fail(void **state)
{
    static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};
    static const wax_status faults[] = {WAX_MORE, WAX_CLOSED, WAX_IO, WAX_UNTRUSTED,
                                        WAX_PROTOCOL_ERROR};
    static const size_t steps[] = {0, 1, 7};

    (void)state;
    for (size_t i = 0; i < 2 * WAX_COUNT(faults) * WAX_COUNT(steps); i++) {
        size_t step = steps[i / 2 % WAX_COUNT(steps)];
        size_t n = 1;
        while (talk(versions[i % 2], step, n, faults[i / 2 / WAX_COUNT(steps)])) {
            n++;
        }
        assert_true(n > 10); /* the conversation is longer than nothing */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_of_the_transport_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
