/* A member that talks: it asks for its mailbox, keeps back what came before its keys, acknowledges
 * what it told, and lets nothing out that it could not seal. */
#include "../member_stage.h"

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
        cmocka_unit_test(a_mailbox_that_may_not_be_had_is_told),
        cmocka_unit_test(an_old_mailbox_is_refused_and_the_keys_stay),
        cmocka_unit_test(what_cannot_be_sealed_is_not_sent),
        cmocka_unit_test(what_was_touched_is_told_each_time_and_nothing_of_it_delivered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
