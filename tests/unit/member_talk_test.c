/* A member that talks: it asks for its mailbox, keeps back what came before its keys, acknowledges
 * what it told, and lets nothing out that it could not seal. */
#include "client_check.h"

#include "../member_check.h"

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

static void tell(struct stage *stage, const wax_member_arrival *arrival)
{
    const wax_bytes payload = arrival->message.payload;

    assert_true(stage->told_count < TOLD_MAX);
    stage->told[stage->told_count].outcome = arrival->outcome;
    memset(stage->told[stage->told_count].text, 0, TEXT_MAX);
    memcpy(stage->told[stage->told_count].text, payload.data,
           payload.size < TEXT_MAX - 1 ? payload.size : TEXT_MAX - 1);
    stage->told_count++;
}

static void connect_to(struct world *world, const wax_client_event *event)
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

static void take_turn(struct stage *stage)
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

static void run(struct stage *stage)
{
    do {
        take_turn(stage);
    } while (stage->world->server.is_up && server_turn(stage->world));
    take_turn(stage);
}

static void pass(struct stage *stage, uint64_t ms)
{
    stage->world->now_ms += ms;
    run(stage);
}

static void reconnect(struct stage *stage)
{
    struct world *world = stage->world;

    wax_transport_release(&world->end.transport);
    world->server.is_up = false;
    take_turn(stage);
    pass(stage, wax_member_deadline_ms(stage->device.member, &world->client) - world->now_ms);
}

/* With keys of the first epoch for the sensor, and a member that has none yet; connected. */
static struct stage *stage_new(wax_version version)
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

static void stage_start(struct stage *stage)
{
    struct world *world = stage->world;
    const struct right writes = {.house = &stage->house, .role = WAX_KEYS_WRITES, .sender = 1};

    give_keys(&stage->sensor, 1, &writes, 1);
    assert_int_equal(wax_client_open(&world->client, &world->config, 7, world->now_ms), WAX_OK);
    run(stage);
    assert_int_equal(stage->client_counts[WAX_CLIENT_CONNECTED], 1);
}

static void stage_free(struct stage *stage)
{
    device_stop(&stage->device);
    device_stop(&stage->sensor);
    world_free(stage->world);
    test_free(stage);
}

/* The server sends something. Returns the packet id. */
static uint16_t serve(struct stage *stage, const char *topic, wax_bytes payload)
{
    struct server *server = &stage->world->server;
    wax_publish publish = {.topic = wax_bytes_of_text(topic), .payload = payload, .qos = 1};

    assert_int_equal(wax_session_publish(&server->session, &publish, &server->writer), WAX_OK);
    wax_write_bytes(&server->writer, payload);
    return publish.packet_id;
}

static void serve_mailbox(struct stage *stage, uint64_t version)
{
    static struct letter letter;
    const struct right rights = {
        .house = &stage->house, .role = WAX_KEYS_READS | WAX_KEYS_WRITES, .sender = 2};

    write_mailbox(&letter, &stage->device, version, &rights, 1, NULL);
    (void)serve(stage, "wax/k/reader", letter.bytes);
}

static void serve_sealed(struct stage *stage, const char *text)
{
    static struct sent sent;

    assert_int_equal(send_text(&stage->sensor, "home/a", text, &sent), WAX_OK);
    (void)serve(stage, "home/a", sent.publish.payload);
}

static void assert_told(const struct stage *stage, size_t i, wax_member_outcome outcome,
                        const char *text)
{
    assert_true(i < stage->told_count);
    assert_int_equal(stage->told[i].outcome, outcome);
    assert_true(outcome != WAX_MEMBER_OPENED || strcmp(stage->told[i].text, text) == 0);
}

static const wax_version versions[] = {WAX_VERSION_3_1_1, WAX_VERSION_5};

static void it_asks_at_each_connection_and_tells_how_it_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct stage *stage = stage_new(versions[i]);

        stage_start(stage);
        assert_int_equal(stage->world->server.subscribe_count, 1);
        assert_int_equal(stage->world->server.seen_count, 0); /* not before it knows its keys */
        serve_mailbox(stage, 1);
        run(stage);
        assert_int_equal(stage->counts[WAX_MEMBER_KEYS], 1);
        assert_int_equal(stage->world->server.seen_count, 1);
        assert_int_equal((uint8_t)stage->world->server.seen[0].text[0], 0xfc);
        assert_int_equal(stage->world->server.outgoing.used_count, 0);
        reconnect(stage);
        assert_int_equal(stage->client_counts[WAX_CLIENT_CONNECTED], 2);
        assert_int_equal(stage->world->server.subscribe_count, 2);
        serve_mailbox(stage, 1); /* the same again */
        run(stage);
        assert_int_equal(stage->counts[WAX_MEMBER_KEYS], 2);
        assert_int_equal(stage->world->server.seen_count, 2);
        /* What it asked and told for itself is nobody else's. */
        assert_int_equal(stage->client_counts[WAX_CLIENT_SUBSCRIBED], 0);
        assert_int_equal(stage->client_counts[WAX_CLIENT_DELIVERED], 0);
        stage_free(stage);
    }
}

static void it_tells_again_what_it_refused_and_sealed_and_that_it_is_there(void **state)
{
    static const char clear[] = "in clear";
    static struct sent sent;
    struct stage *stage = stage_new(WAX_VERSION_5);
    const struct server *server = &stage->world->server;

    (void)state;
    stage->device.config.tell_ms = 20000;
    stage_start(stage);
    serve_mailbox(stage, 1);
    run(stage);
    assert_int_equal(server->seen_count, 1);
    /* The first, the second, the fourth. */
    for (unsigned i = 0; i < 7; i++) {
        (void)serve(stage, "home/a", wax_bytes_of_text(clear));
        run(stage);
    }
    assert_int_equal(stage->told_count, 7);
    assert_int_equal(server->seen_count, 4);
    for (unsigned i = 0; i < 31; i++) {
        assert_int_equal(send_text(&stage->device, "home/a", "21.5", &sent), WAX_OK);
        run(stage);
        assert_int_equal(server->seen_count, i < 15 ? 4 : 5);
    }
    assert_true(wax_member_deadline_ms(stage->device.member, &stage->world->client) <=
                stage->world->now_ms + 20000);
    pass(stage, 19999);
    assert_int_equal(server->seen_count, 5);
    pass(stage, 1);
    assert_int_equal(server->seen_count, 6);
    pass(stage, 20000);
    assert_int_equal(server->seen_count, 7);
    stage_free(stage);
}

static void what_comes_before_its_keys_waits_unacknowledged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(versions); i++) {
        struct stage *stage = stage_new(versions[i]);

        stage_start(stage);
        serve_sealed(stage, "first");
        serve_sealed(stage, "second");
        run(stage);
        assert_int_equal(stage->told_count, 0);
        assert_int_equal(stage->world->server.outgoing.used_count, 2);
        serve_mailbox(stage, 1);
        run(stage);
        assert_int_equal(stage->told_count, 2);
        assert_told(stage, 0, WAX_MEMBER_OPENED, "first");
        assert_told(stage, 1, WAX_MEMBER_OPENED, "second");
        assert_int_equal(stage->world->server.outgoing.used_count, 0);
        stage_free(stage);
    }
}

static void it_does_not_wait_for_ever(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);

    (void)state;
    stage_start(stage);
    serve_sealed(stage, "first");
    (void)serve(stage, "home/b", WAX_TEXT("in clear"));
    run(stage);
    assert_int_equal(stage->told_count, 0);
    assert_int_equal(wax_member_deadline_ms(stage->device.member, &stage->world->client),
                     stage->world->now_ms + 2000);
    pass(stage, 1999);
    assert_int_equal(stage->counts[WAX_MEMBER_LATE], 0);
    pass(stage, 1);
    assert_int_equal(stage->counts[WAX_MEMBER_LATE], 1);
    assert_int_equal(stage->told_count, 2);
    assert_told(stage, 0, WAX_MEMBER_REFUSED, NULL);
    assert_told(stage, 1, WAX_MEMBER_REFUSED, NULL); /* in clear too: nothing is known */
    assert_int_equal(stage->world->server.outgoing.used_count, 0);
    serve_mailbox(stage, 1);
    serve_sealed(stage, "second");
    run(stage);
    assert_told(stage, 2, WAX_MEMBER_OPENED, "second");
    stage_free(stage);
}

static void a_forged_mailbox_throws_nothing_away(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);

    (void)state;
    stage_start(stage);
    serve_sealed(stage, "first");
    (void)serve(stage, "wax/k/reader", WAX_TEXT("\xfb\x02 forged"));
    (void)serve(stage, "wax/k/reader", wax_bytes_of((const uint8_t *)"", 0));
    run(stage);
    assert_int_equal(stage->counts[WAX_MEMBER_BAD_MAILBOX], 2);
    assert_int_equal(stage->told_count, 0);
    serve_mailbox(stage, 1);
    run(stage);
    assert_told(stage, 0, WAX_MEMBER_OPENED, "first");
    assert_int_equal(stage->world->server.outgoing.used_count, 0);
    stage_free(stage);
}

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

static void a_mailbox_that_may_not_be_had_is_told(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);

    (void)state;
    stage->world->server.denial = 0x87;
    stage_start(stage);
    assert_int_equal(stage->counts[WAX_MEMBER_BAD_MAILBOX], 1);
    assert_int_equal(stage->status, 0x87);
    stage_free(stage);
}

static void an_old_mailbox_is_refused_and_the_keys_stay(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_3_1_1);

    (void)state;
    stage_start(stage);
    serve_mailbox(stage, 7);
    serve_mailbox(stage, 3);
    serve_sealed(stage, "text");
    run(stage);
    assert_int_equal(stage->counts[WAX_MEMBER_BAD_MAILBOX], 1);
    assert_int_equal(stage->status, WAX_PROTOCOL_ERROR);
    assert_told(stage, 0, WAX_MEMBER_OPENED, "text");
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

static bool has_text(wax_bytes bytes, const char *text)
{
    const size_t size = strlen(text);

    for (size_t at = 0; at + size <= bytes.size; at++) {
        if (memcmp(bytes.data + at, text, size) == 0) {
            return true;
        }
    }
    return false;
}

static void what_cannot_be_sealed_is_not_sent(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);
    const wax_publish message = {
        .topic = WAX_TEXT("home/a"), .payload = WAX_TEXT("the very secret text"), .qos = 1};
    const wax_publish elsewhere = {
        .topic = WAX_TEXT("garden"), .payload = WAX_TEXT("the very secret text"), .qos = 1};
    static uint8_t room_bytes[2048];
    wax_writer room = wax_writer_over(room_bytes, sizeof(room_bytes));
    const wax_member_draft draft = {.message = &message, .room = &room};
    const wax_member_draft stray = {.message = &elsewhere, .room = &room};
    struct world *world = stage->world;
    wax_member *member = stage->device.member;
    size_t seen;
    uint32_t token;

    (void)state;
    stage_start(stage);
    assert_int_equal(wax_member_publish(member, &world->client, &draft, &token),
                     WAX_NOT_AUTHORIZED);
    stage->device.records.fault = WAX_IO;
    serve_mailbox(stage, 1);
    run(stage);
    seen = world->server.seen_count; /* the status */
    assert_int_equal(wax_member_publish(member, &world->client, &draft, &token), WAX_IO);
    room.used = 0;
    assert_int_equal(wax_member_publish(member, &world->client, &stray, &token), WAX_NOT_FOUND);
    run(stage);
    assert_int_equal(world->server.seen_count, seen);
    stage->device.records.fault = WAX_OK;
    serve_mailbox(stage, 2);
    run(stage);
    seen = world->server.seen_count;
    room = wax_writer_over(room_bytes, 40);
    assert_int_equal(wax_member_publish(member, &world->client, &draft, &token), WAX_FULL);
    room = wax_writer_over(room_bytes, sizeof(room_bytes));
    assert_int_equal(wax_member_publish(member, &world->client, &draft, &token), WAX_OK);
    run(stage);
    assert_int_equal(world->server.seen_count, seen + 1);
    assert_int_equal((uint8_t)world->server.seen[seen].text[0], 0xf8);
    assert_false(has_text(wax_bytes_of(world->server.in, sizeof(world->server.in)), "secret"));
    assert_false(has_text(wax_bytes_of(world->inbox, sizeof(world->inbox)), "secret"));
    stage_free(stage);
}

static void serve_touched(struct stage *stage, const char *topic, wax_bytes bytes)
{
    (void)serve(stage, topic, bytes);
    run(stage);
}

static void serve_all_touched(struct stage *stage, const char *topic, uint8_t *room, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        room[i] ^= (uint8_t)(1U << i % 8);
        serve_touched(stage, topic, wax_bytes_of(room, size));
        room[i] ^= (uint8_t)(1U << i % 8);
    }
    for (size_t cut = 1; cut < size; cut++) {
        serve_touched(stage, topic, wax_bytes_of(room, cut));
    }
    serve_touched(stage, topic, wax_bytes_of(room, size + 1));
}

static void what_was_touched_is_told_each_time_and_nothing_of_it_delivered(void **state)
{
    struct stage *stage = stage_new(WAX_VERSION_5);
    static struct letter letter;
    static struct sent sent;
    const struct right rights = {.house = &stage->house, .role = WAX_KEYS_READS};
    uint8_t room[256] = {0};
    size_t size;

    (void)state;
    stage_start(stage);
    serve_mailbox(stage, 1);
    run(stage);
    write_mailbox(&letter, &stage->device, 2, &rights, 1, NULL);
    size = letter.bytes.size;
    letter.room[size] = 0;
    serve_all_touched(stage, "wax/k/reader", letter.room, size);
    assert_int_equal(stage->counts[WAX_MEMBER_BAD_MAILBOX], 2 * size);
    assert_int_equal(stage->counts[WAX_MEMBER_KEYS], 1);
    assert_int_equal(send_text(&stage->sensor, "home/a", "21", &sent), WAX_OK);
    size = sent.publish.payload.size;
    assert_true(size < sizeof(room));
    memcpy(room, sent.publish.payload.data, size);
    serve_all_touched(stage, "home/a", room, size);
    assert_int_equal(stage->counts[WAX_MEMBER_MESSAGE], 2 * size);
    for (size_t i = 0; i < stage->told_count; i++) {
        assert_int_equal(stage->told[i].outcome, WAX_MEMBER_REFUSED);
    }
    serve_touched(stage, "home/a", sent.publish.payload);
    assert_told(stage, stage->told_count - 1, WAX_MEMBER_OPENED, "21");
    stage_free(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_asks_at_each_connection_and_tells_how_it_goes),
        cmocka_unit_test(it_tells_again_what_it_refused_and_sealed_and_that_it_is_there),
        cmocka_unit_test(what_comes_before_its_keys_waits_unacknowledged),
        cmocka_unit_test(it_does_not_wait_for_ever),
        cmocka_unit_test(a_forged_mailbox_throws_nothing_away),
        cmocka_unit_test(what_finds_no_room_comes_again),
        cmocka_unit_test(a_mailbox_that_may_not_be_had_is_told),
        cmocka_unit_test(an_old_mailbox_is_refused_and_the_keys_stay),
        cmocka_unit_test(no_acknowledgement_is_lost_when_nothing_goes_out),
        cmocka_unit_test(a_status_that_finds_no_room_is_not_counted_over_and_over),
        cmocka_unit_test(a_mailbox_takes_no_acknowledgement_from_a_message),
        cmocka_unit_test(what_cannot_be_sealed_is_not_sent),
        cmocka_unit_test(what_was_touched_is_told_each_time_and_nothing_of_it_delivered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
