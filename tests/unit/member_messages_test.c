/* Members seal and open by what their mailboxes gave them, and by nothing else. */
#include "../member_check.h"

enum { TOKEN_SIZE = 12 };

static const struct house climate = {
    .id = {'c'},
    .filter = "home/+/temp",
    .suite = 2,
    .group_class = 1,
    .epoch = 1,
    .kept = 8,
    .first_sender = 1,
    .last_sender = 9,
};
static const struct house doors = {
    .id = {'d'},
    .filter = "home/doors/#",
    .suite = 1,
    .group_class = 0,
    .epoch = 3,
    .kept = 2,
    .first_sender = 1,
    .last_sender = 9,
};

struct pair {
    struct device sensor;
    struct device reader;
};

static struct pair *pair_new(const struct house *house)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    struct right writes = {.house = house, .role = WAX_KEYS_WRITES, .sender = 1};
    struct right reads = {.house = house, .role = WAX_KEYS_READS, .sender = 0};

    assert_non_null(pair);
    device_make(&pair->sensor, "sensor");
    device_make(&pair->reader, "reader");
    give_keys(&pair->sensor, 1, &writes, 1);
    give_keys(&pair->reader, 1, &reads, 1);
    return pair;
}

static void pair_free(struct pair *pair)
{
    device_stop(&pair->sensor);
    device_stop(&pair->reader);
    free(pair);
}

static void assert_opens(struct device *to, const struct sent *sent, const char *text)
{
    wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(wax_bytes_equal(arrival.message.payload, wax_bytes_of_text(text)));
}

static void assert_refuses(struct device *to, const struct sent *sent, wax_seal_event event)
{
    wax_member_arrival arrival = receive_text(to, sent);

    assert_int_equal(arrival.outcome, WAX_MEMBER_REFUSED);
    assert_int_equal(arrival.opened.event, event);
}

static void a_reader_opens_what_a_sensor_seals(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_true(sent.publish.payload.size > 4);
    assert_opens(&pair->reader, &sent, "21.5");
    assert_refuses(&pair->reader, &sent, WAX_SEAL_REPLAY);
    assert_int_equal(wax_member_refused(pair->reader.member, WAX_SEAL_REPLAY), 1);
    pair_free(pair);
}

static void a_sensor_reads_nothing_and_a_reader_writes_nothing(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    assert_int_equal(send_text(&pair->reader, "home/kitchen/temp", "0", &sent), WAX_NOT_AUTHORIZED);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_refuses(&pair->sensor, &sent, WAX_SEAL_OLD_EPOCH);
    pair_free(pair);
}

static void what_belongs_to_no_group_is_not_sent(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/light", "on", &sent), WAX_NOT_FOUND);
    pair_free(pair);
}

static void what_comes_in_clear_is_told_apart(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    sent.publish = (wax_publish){.topic = WAX_TEXT("news"), .payload = WAX_TEXT("hello")};
    assert_int_equal(receive_text(&pair->reader, &sent).outcome, WAX_MEMBER_CLEAR);
    sent.publish.topic = WAX_TEXT("home/kitchen/temp");
    assert_refuses(&pair->reader, &sent, WAX_SEAL_UNSEALED);
    pair_free(pair);
}

static void what_is_sealed_for_others_is_not_shown(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    struct right none = {.house = &doors, .role = WAX_KEYS_READS};

    (void)state;
    give_keys(&pair->reader, 2, &none, 1); /* it was put out of the other group */
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_refuses(&pair->reader, &sent, WAX_SEAL_OLD_EPOCH);
    pair_free(pair);
}

static void properties_travel_inside(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    uint8_t room[512];
    wax_writer properties = wax_writer_over(room, sizeof(room));
    wax_writer out = wax_writer_over(sent.room, sizeof(sent.room));
    wax_property user = {
        .id = WAX_USER_PROPERTY, .name = WAX_TEXT("unit"), .value = WAX_TEXT("celsius")};
    wax_member_arrival arrival;
    wax_publish message = {.topic = WAX_TEXT("home/kitchen/temp"), .payload = WAX_TEXT("21")};

    (void)state;
    wax_property_write_value(&properties, WAX_CONTENT_TYPE, WAX_TEXT("text/plain"));
    wax_property_write_number(&properties, WAX_MESSAGE_EXPIRY, 60);
    wax_property_write(&properties, &user);
    message.properties = wax_writer_bytes(&properties);
    assert_int_equal(wax_member_seal(pair->sensor.member, &message, 1000000, &out, &sent.publish),
                     WAX_OK);
    assert_int_equal(wax_property_value(sent.publish.properties, WAX_CONTENT_TYPE).size, 0);
    assert_int_equal(wax_property_number(sent.publish.properties, WAX_MESSAGE_EXPIRY, 0), 60);
    assert_int_equal(wax_member_unseal(pair->reader.member, &sent.publish, 1030000, &arrival),
                     WAX_OK);
    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(wax_bytes_equal(wax_property_value(arrival.message.properties, WAX_CONTENT_TYPE),
                                WAX_TEXT("text/plain")));
    assert_true(wax_property_find(arrival.message.properties, WAX_USER_PROPERTY, &user));
    assert_true(wax_bytes_equal(user.value, WAX_TEXT("celsius")));
    pair_free(pair);
}

/* What expires inside expires, whatever the broker says outside. */
static void a_message_that_was_held_back_has_expired(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    uint8_t room[16];
    wax_writer properties = wax_writer_over(room, sizeof(room));
    wax_writer out = wax_writer_over(sent.room, sizeof(sent.room));
    wax_publish message = {.topic = WAX_TEXT("home/kitchen/temp"), .payload = WAX_TEXT("21")};
    wax_member_arrival arrival;

    (void)state;
    wax_property_write_number(&properties, WAX_MESSAGE_EXPIRY, 60);
    message.properties = wax_writer_bytes(&properties);
    assert_int_equal(wax_member_seal(pair->sensor.member, &message, 1000000, &out, &sent.publish),
                     WAX_OK);
    assert_int_equal(wax_member_unseal(pair->reader.member, &sent.publish, 1060001, &arrival),
                     WAX_OK);
    assert_int_equal(arrival.outcome, WAX_MEMBER_REFUSED);
    assert_int_equal(arrival.opened.event, WAX_SEAL_EXPIRED);
    pair_free(pair);
}

static void a_restart_begins_a_new_window(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    for (int start = 0; start < 4; start++) {
        assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
        assert_int_equal(receive_text(&pair->reader, &sent).opened.position,
                         (uint32_t)start * WAX_WINDOW_SIZE);
        device_stop(&pair->sensor);
        device_start(&pair->sensor); /* its mailbox was saved */
    }
    pair_free(pair);
}

static void without_a_place_to_write_nothing_is_sent(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);

    (void)state;
    device_stop(&pair->sensor);
    pair->sensor.records.fault = WAX_IO;
    device_start(&pair->sensor);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_IO);
    pair_free(pair);
}

static void a_rekey_shuts_out_who_is_not_given_it(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    struct house next = climate;
    struct right writes = {.house = &next, .role = WAX_KEYS_WRITES, .sender = 1};

    (void)state;
    next.epoch = 2;
    give_keys(&pair->sensor, 2, &writes, 1);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_refuses(&pair->reader, &sent, WAX_SEAL_OLD_EPOCH);
    pair_free(pair);
}

static void a_device_that_was_off_for_a_year_needs_one_mailbox(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    struct house later = climate;
    struct right writes = {.house = &later, .role = WAX_KEYS_WRITES, .sender = 1};
    struct right reads = {.house = &later, .role = WAX_KEYS_READS, .sender = 0};

    (void)state;
    later.epoch = 366;
    give_keys(&pair->sensor, 366, &writes, 1);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    give_keys(&pair->reader, 366, &reads, 1);
    assert_opens(&pair->reader, &sent, "21.5");
    pair_free(pair);
}

static void mailboxes_do_not_go_back(void **state)
{
    struct pair *pair = pair_new(&climate);
    struct right reads = {.house = &climate, .role = WAX_KEYS_READS, .sender = 0};
    static struct letter old;
    static struct letter other;

    (void)state;
    write_mailbox(&old, &pair->reader, 1, &reads, 1, NULL);
    give_keys(&pair->reader, 7, &reads, 1);
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, old.bytes), WAX_PROTOCOL_ERROR);
    write_mailbox(&other, &pair->sensor, 9, &reads, 1, NULL);
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, other.bytes), WAX_UNTRUSTED);
    device_stop(&pair->reader);
    device_start(&pair->reader);
    assert_true(wax_member_has_keys(pair->reader.member));
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, old.bytes), WAX_PROTOCOL_ERROR);
    pair_free(pair);
}

static void a_mailbox_that_is_too_much_changes_nothing(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    struct house strange = climate;
    struct right reads[] = {
        {.house = &climate, .role = WAX_KEYS_READS, .sender = 0},
        {.house = &strange, .role = WAX_KEYS_READS, .sender = 0},
    };
    static struct letter letter;

    (void)state;
    strange.id[0] = 's';
    strange.suite = 3;
    pair->reader.config.group_count = 4;
    write_mailbox(&letter, &pair->reader, 2, reads, 2, NULL);
    pair->reader.config.suite = NULL;
    pair->reader.config.suite = any_suite;
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, letter.bytes), WAX_OK);
    letter.room[40] ^= 1;
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, letter.bytes), WAX_UNTRUSTED);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_opens(&pair->reader, &sent, "21.5");
    pair_free(pair);
}

static void the_group_with_the_longest_beginning_has_the_topic(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    struct house all = climate;
    struct right writes[] = {
        {.house = &all,     .role = WAX_KEYS_WRITES,                  .sender = 2},
        {.house = &climate, .role = WAX_KEYS_WRITES | WAX_KEYS_READS, .sender = 3},
        {.house = &doors,   .role = WAX_KEYS_WRITES | WAX_KEYS_READS, .sender = 4},
    };

    (void)state;
    all.id[0] = 'a';
    all.filter = "#";
    give_keys(&pair->sensor, 2, writes, 3);
    assert_int_equal(send_text(&pair->sensor, "home/doors/front", "open", &sent), WAX_OK);
    assert_int_equal(receive_text(&pair->sensor, &sent).opened.sender, 4);
    assert_int_equal(send_text(&pair->sensor, "home/hall/temp", "20", &sent), WAX_OK);
    assert_int_equal(receive_text(&pair->sensor, &sent).opened.sender, 3);
    assert_int_equal(send_text(&pair->sensor, "elsewhere", "x", &sent), WAX_OK);
    pair_free(pair);
}

static void a_broker_sees_no_names_and_readers_learn_them(void **state)
{
    static struct sent sent;
    static struct letter letter;
    struct pair *pair = pair_new(&climate);
    struct right writes = {.house = &climate, .role = WAX_KEYS_WRITES, .sender = 1};
    struct right reads = {.house = &climate, .role = WAX_KEYS_READS, .sender = 0};
    uint8_t key[WAX_SECRET_SIZE] = {9};
    wax_keys_blinding blinding = {.key = key, .variant = 1, .hash = 2};
    uint8_t room[256];
    wax_writer filter = wax_writer_over(room, sizeof(room));
    wax_member_arrival arrival;

    (void)state;
    write_mailbox(&letter, &pair->sensor, 2, &writes, 1, &blinding);
    assert_int_equal(wax_member_take_mailbox(pair->sensor.member, letter.bytes), WAX_OK);
    write_mailbox(&letter, &pair->reader, 2, &reads, 1, &blinding);
    assert_int_equal(wax_member_take_mailbox(pair->reader.member, letter.bytes), WAX_OK);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_int_equal(sent.publish.topic.size, 3 * TOKEN_SIZE + 2);
    assert_int_equal(wax_member_filter(pair->reader.member, WAX_TEXT("home/+/temp"), &filter),
                     WAX_OK);
    assert_int_equal(filter.used, 2 * TOKEN_SIZE + 3);
    arrival = receive_text(&pair->reader, &sent);
    assert_int_equal(arrival.outcome, WAX_MEMBER_OPENED);
    assert_true(wax_bytes_equal(arrival.message.topic, WAX_TEXT("home/kitchen/temp")));
    pair_free(pair);
}

static void a_will_is_newer_than_what_came_before(void **state)
{
    static struct sent will;
    static struct sent sent;
    struct pair *pair = pair_new(&doors);
    wax_writer room = wax_writer_over(will.room, sizeof(will.room));
    wax_publish message = {
        .topic = WAX_TEXT("home/doors/front"), .payload = WAX_TEXT("gone"), .retain = true};

    (void)state;
    assert_int_equal(wax_member_seal_will(pair->sensor.member, &message, 0, &room, &will.publish),
                     WAX_OK);
    assert_int_equal(send_text(&pair->sensor, "home/doors/front", "shut", &sent), WAX_OK);
    assert_opens(&pair->reader, &sent, "shut");
    assert_opens(&pair->reader, &will, "gone");
    assert_refuses(&pair->reader, &sent, WAX_SEAL_ROLLBACK);
    pair_free(pair);
}

static void a_status_tells_what_is_held(void **state)
{
    struct pair *pair = pair_new(&climate);
    uint8_t room[1024];
    wax_writer out = wax_writer_over(room, sizeof(room));
    wax_keys_ends ends = {.profile = &wax_keys_ascon,
                          .name_space = the_namespace,
                          .topic = WAX_TEXT("wax/s/reader"),
                          .psk = pair->reader.psk};
    wax_keys_status status;
    const uint8_t *group;
    uint32_t epoch;

    (void)state;
    assert_int_equal(wax_member_write_status(pair->reader.member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 0, &ends, room, out.used), WAX_OK);
    assert_int_equal(status.count, 1);
    assert_int_equal(status.version, 1);
    assert_true(wax_keys_next_newest(&status.newest, &group, &epoch));
    assert_memory_equal(group, climate.id, WAX_KEYS_ID_SIZE);
    assert_int_equal(epoch, 1);
    device_stop(&pair->reader);
    device_start(&pair->reader);
    out = wax_writer_over(room, sizeof(room));
    assert_int_equal(wax_member_write_status(pair->reader.member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 1, &ends, room, out.used), WAX_OK);
    pair_free(pair);
}

static void a_status_tells_what_was_sealed_and_what_was_refused(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    uint8_t room[1024];
    wax_writer out = wax_writer_over(room, sizeof(room));
    wax_keys_ends ends = {.profile = &wax_keys_ascon,
                          .name_space = the_namespace,
                          .topic = WAX_TEXT("wax/s/sensor"),
                          .psk = pair->sensor.psk};
    wax_keys_status status;
    wax_keys_sealed row;
    uint64_t kind;
    uint64_t count;

    (void)state;
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "21.5", &sent), WAX_OK);
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "open", &sent), WAX_OK);
    assert_int_equal(wax_member_write_status(pair->sensor.member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 0, &ends, room, out.used), WAX_OK);
    assert_int_equal(status.sealed.count, 1);
    assert_true(wax_keys_next_sealed(&status.sealed, &row));
    assert_memory_equal(row.group, climate.id, WAX_KEYS_ID_SIZE);
    assert_int_equal(row.messages, 2);
    assert_int_equal(row.bytes, 8);
    assert_opens(&pair->reader, &sent, "open");
    assert_refuses(&pair->reader, &sent, WAX_SEAL_REPLAY);
    ends.topic = WAX_TEXT("wax/s/reader");
    ends.psk = pair->reader.psk;
    out = wax_writer_over(room, sizeof(room));
    assert_int_equal(wax_member_write_status(pair->reader.member, &out), WAX_OK);
    assert_int_equal(wax_keys_status_open(&status, 0, &ends, room, out.used), WAX_OK);
    assert_int_equal(status.sealed.count, 0);
    assert_true(wax_keys_next_refusal(&status.refusals, &kind, &count));
    assert_int_equal(kind, WAX_KEYS_REPLAY);
    assert_int_equal(count, 1);
    pair_free(pair);
}

static wax_member_outcome outcome_for(struct device *to, wax_member_reader *reader,
                                      const struct sent *sent)
{
    wax_member_arrival arrival;

    assert_int_equal(wax_member_unseal_for(to->member, reader, &sent->publish, 0, &arrival),
                     WAX_OK);
    return arrival.outcome;
}

static wax_member_reader *reader_new(const struct device *device)
{
    static const wax_member_reader_limits limits = {4, 4};
    uint8_t *memory = calloc(1, wax_member_reader_size(device->member, &limits));

    assert_non_null(memory);
    return wax_member_reader_open(device->member, &limits, memory);
}

static void each_reader_of_a_member_gets_a_message_once(void **state)
{
    static const struct house *const houses[] = {&climate, &doors};
    static const char *const topics[] = {"home/kitchen/temp", "home/doors/front"};
    static struct sent first;
    static struct sent second;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(houses); i++) {
        bool is_stream = i == 0;
        struct pair *pair = pair_new(houses[i]);
        wax_member_reader *one = reader_new(&pair->reader);
        wax_member_reader *other = reader_new(&pair->reader);

        assert_int_equal(send_text(&pair->sensor, topics[i], "1", &first), WAX_OK);
        assert_int_equal(send_text(&pair->sensor, topics[i], "2", &second), WAX_OK);
        assert_int_equal(outcome_for(&pair->reader, one, &second), WAX_MEMBER_OPENED);
        assert_int_equal(outcome_for(&pair->reader, other, &second), WAX_MEMBER_OPENED);
        assert_opens(&pair->reader, &second, "2");
        assert_int_equal(outcome_for(&pair->reader, one, &first),
                         is_stream ? WAX_MEMBER_OPENED : WAX_MEMBER_REFUSED);
        assert_int_equal(outcome_for(&pair->reader, one, &first), WAX_MEMBER_REFUSED);
        wax_member_reader_forget(one);
        assert_int_equal(outcome_for(&pair->reader, one, &first), WAX_MEMBER_OPENED);
        free(one);
        free(other);
        pair_free(pair);
    }
}

static void who_signs_starts_no_stream(void **state)
{
    static const uint8_t point[WAX_P256_PUBLIC_SIZE] = {4};
    struct pair *pair = pair_new(&climate);
    struct house signing = climate;
    struct right first = {.house = &signing, .role = WAX_KEYS_WRITES, .sender = 1};
    wax_member_stream wanted = {WAX_TEXT("home/kitchen/temp"), 0};
    uint8_t bytes[256];
    wax_writer room = wax_writer_over(bytes, sizeof(bytes));
    wax_stream_sealer stream;
    wax_bytes fields;

    (void)state;
    assert_int_equal(wax_member_start_stream(pair->sensor.member, &wanted, &room, &fields, &stream),
                     WAX_OK);
    wax_stream_sealer_end(&stream);
    signing.signing = point;
    give_keys(&pair->sensor, 2, &first, 1);
    assert_int_equal(wax_member_start_stream(pair->sensor.member, &wanted, &room, &fields, &stream),
                     WAX_NOT_AUTHORIZED);
    pair_free(pair);
}

static void a_reader_forgets_what_was_another_groups(void **state)
{
    static struct sent sent;
    struct pair *pair = pair_new(&climate);
    wax_member_reader *reader = reader_new(&pair->reader);
    struct right writes = {.house = &doors, .role = WAX_KEYS_WRITES, .sender = 1};
    struct right reads = {.house = &doors, .role = WAX_KEYS_READS};

    (void)state;
    assert_int_equal(send_text(&pair->sensor, "home/kitchen/temp", "1", &sent), WAX_OK);
    assert_int_equal(outcome_for(&pair->reader, reader, &sent), WAX_MEMBER_OPENED);
    give_keys(&pair->sensor, 2, &writes, 1);
    give_keys(&pair->reader, 2, &reads, 1);
    assert_int_equal(send_text(&pair->sensor, "home/doors/front", "open", &sent), WAX_OK);
    assert_int_equal(outcome_for(&pair->reader, reader, &sent), WAX_MEMBER_OPENED);
    free(reader);
    pair_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_opens_what_a_sensor_seals),
        cmocka_unit_test(a_sensor_reads_nothing_and_a_reader_writes_nothing),
        cmocka_unit_test(what_belongs_to_no_group_is_not_sent),
        cmocka_unit_test(what_comes_in_clear_is_told_apart),
        cmocka_unit_test(what_is_sealed_for_others_is_not_shown),
        cmocka_unit_test(properties_travel_inside),
        cmocka_unit_test(a_message_that_was_held_back_has_expired),
        cmocka_unit_test(a_restart_begins_a_new_window),
        cmocka_unit_test(without_a_place_to_write_nothing_is_sent),
        cmocka_unit_test(a_rekey_shuts_out_who_is_not_given_it),
        cmocka_unit_test(a_device_that_was_off_for_a_year_needs_one_mailbox),
        cmocka_unit_test(mailboxes_do_not_go_back),
        cmocka_unit_test(a_mailbox_that_is_too_much_changes_nothing),
        cmocka_unit_test(the_group_with_the_longest_beginning_has_the_topic),
        cmocka_unit_test(a_broker_sees_no_names_and_readers_learn_them),
        cmocka_unit_test(a_will_is_newer_than_what_came_before),
        cmocka_unit_test(each_reader_of_a_member_gets_a_message_once),
        cmocka_unit_test(who_signs_starts_no_stream),
        cmocka_unit_test(a_reader_forgets_what_was_another_groups),
        cmocka_unit_test(a_status_tells_what_is_held),
        cmocka_unit_test(a_status_tells_what_was_sealed_and_what_was_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
