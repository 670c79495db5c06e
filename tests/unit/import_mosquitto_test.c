/* Mosquitto's database: every kind of chunk in every version, made by hand, and all that can be
 * wrong with a file. */
#include "../access_memory.h"
#include "import_check.h"

static bool is(wax_bytes bytes, const char *text)
{
    return wax_bytes_equal(bytes, wax_bytes_of_text(text));
}

static void check_message(const wax_import_message *message, uint32_t version)
{
    assert_int_equal(message->store_id, 3);
    assert_true(is(message->topic, "home/b") && is(message->payload, "two"));
    assert_true(is(message->source_id, "source"));
    assert_true(is(message->source_username, version > 3 ? "ann" : ""));
    assert_int_equal(message->source_port, version > 3 ? 1883 : 0);
    assert_int_equal(message->source_packet_id, 7);
    assert_int_equal(message->qos, 1);
    assert_true(message->retain && !message->lost_properties);
    assert_int_equal(message->expires_s, version > 4 ? SOON : 0);
    assert_int_equal(message->properties.size, version > 4 ? 4 : 0);
}

static void check_client(const wax_import_client *client, uint32_t version)
{
    assert_true(is(client->client_id, "zoe"));
    assert_true(is(client->username, version > 5 ? "bob" : ""));
    assert_int_equal(client->listener_port, version > 5 ? 1884 : 0);
    assert_int_equal(client->is_owner_known, version > 5);
    assert_int_equal(client->last_packet_id, 9);
    assert_int_equal(client->expires_s, version > 4 ? SOON : 0);
    assert_int_equal(client->session_expiry_s, version > 4 ? 3600 : UINT32_MAX);
}

static void check_queued(const wax_import_queued *queued, uint32_t version)
{
    assert_true(is(queued->client_id, "zoe"));
    assert_int_equal(queued->store_id, 3);
    assert_int_equal(queued->packet_id, 5);
    assert_int_equal(queued->qos, 1);
    assert_int_equal(queued->state, WAX_IMPORT_WAIT_FOR_PUBACK);
    assert_true(queued->retain && !queued->duplicate && !queued->is_incoming);
    assert_int_equal(wax_property_number(queued->properties, WAX_SUBSCRIPTION_ID, 0),
                     version > 4 ? 42 : 0);
}

static void check_subscription(const wax_import_subscription *subscription, uint32_t version)
{
    assert_true(is(subscription->client_id, "amy"));
    assert_true(is(subscription->subscription.filter, "home/+"));
    assert_int_equal(subscription->subscription.qos, 2);
    assert_int_equal(subscription->identifier, version > 4 ? 42 : 0);
    assert_int_equal(subscription->subscription.no_local, version > 4);
    assert_int_equal(subscription->subscription.retain_as_published, version > 4);
    assert_int_equal(subscription->subscription.retain_handling, version > 4 ? 1 : 0);
}

static void check_record(const wax_import_record *record, size_t index, uint32_t version)
{
    static const uint8_t kinds[] = {CFG,    MSG_STORE, MSG_STORE, CLIENT, CLIENT_MSG, CLIENT_MSG,
                                    CLIENT, SUB,       SUB,       SUB,    RETAIN,     RETAIN};

    assert_true(index < WAX_COUNT(kinds));
    assert_int_equal(record->kind, kinds[index]);
    switch (index) {
    case 0:
        assert_int_equal(record->config.last_store_id, 9);
        assert_true(record->config.was_shut_down);
        break;
    case 1:
        check_message(&record->message, version);
        break;
    case 3:
        check_client(&record->client, version);
        break;
    case 4:
        check_queued(&record->queued, version);
        break;
    case 7:
        check_subscription(&record->subscription, version);
        break;
    case 10:
        assert_int_equal(record->retained_store_id, 3);
        break;
    default:
        break;
    }
}

/* Every record is there, with all of its fields. */
static void check_all(struct made *made)
{
    wax_import import;
    wax_import_record record;
    size_t count = 0;

    assert_int_equal(wax_import_open(&import, put_all(made)), WAX_OK);
    while (wax_import_next(&import, &record) == WAX_OK) {
        check_record(&record, count++, made->version);
    }
    assert_int_equal(count, 12);
    assert_null(import.fault.text);
    assert_int_equal(wax_import_next(&import, &record), WAX_NOT_FOUND);
}

static void every_chunk_of_every_version_is_read(void **state)
{
    (void)state;
    for (uint32_t version = 3; version <= 6; version++) {
        struct made made = begin(version);

        check_all(&made);
    }
}

static void other_processors_wrote_it_too(void **state)
{
    (void)state;
    for (uint32_t version = 3; version <= 6; version++) {
        struct made made = begin(version);

        made.is_big_endian = true;
        check_all(&made);
        made = begin(version);
        made.padding = 0;
        made.time_size = 4;
        check_all(&made);
    }
}

static void what_belongs_together_is_put_together(void **state)
{
    (void)state;
    for (uint32_t version = 3; version <= 6; version++) {
        struct test_memory memory = test_memory_open();
        struct made made = begin(version);
        wax_import_contents contents;

        assert_int_equal(wax_import_gather(&contents, put_all(&made), &memory.memory), WAX_OK);
        assert_int_equal(contents.version, version);
        assert_true(contents.config.was_shut_down);
        assert_int_equal(contents.retained_count, 2);
        assert_true(is(contents.retained[0]->topic, "home/b"));
        assert_true(is(contents.retained[1]->payload, "one"));
        assert_int_equal(contents.session_count, 2);
        assert_true(is(contents.sessions[0].client.client_id, "amy"));
        assert_int_equal(contents.sessions[0].queued_count, 0);
        assert_int_equal(contents.sessions[0].subscription_count, 2);
        assert_true(is(contents.sessions[0].subscriptions[0].subscription.filter, "home/+"));
        assert_true(is(contents.sessions[0].subscriptions[1].subscription.filter, "$share/g/x"));
        assert_int_equal(contents.sessions[1].subscription_count, 1);
        assert_int_equal(contents.sessions[1].queued_count, 2);
        assert_true(is(contents.sessions[1].queued[0].message->payload, "two"));
        assert_true(is(contents.sessions[1].queued[1].message->payload, "one"));
        assert_int_equal(contents.subscription_count + contents.queued_count, 5);
        wax_import_discard(&contents, &memory.memory);
        assert_int_equal(memory.in_use, 0);
    }
}

static void what_is_left_out_is_counted(void **state)
{
    struct test_memory memory = test_memory_open();
    struct made made = begin(6);
    wax_writer strange = body();
    wax_import_contents contents;

    (void)state;
    put_config(&made, 9);
    put_message(&made, 1, "t", "p");
    put_client(&made, "amy");
    put_queued(&made, "amy", 1, 0, WAX_IMPORT_WAIT_FOR_PUBREL);
    put_queued(&made, "amy", 1, 1, WAX_IMPORT_WAIT_FOR_PUBCOMP);
    put_queued(&made, "amy", 1, 1, WAX_IMPORT_RESEND_PUBREL);
    put_queued(&made, "amy", 77, 1, WAX_IMPORT_WAITING);
    put_queued(&made, "ghost", 1, 1, WAX_IMPORT_WAITING);
    put_subscription(&made, "ghost", "t");
    put_retained(&made, 78);
    put_text(&strange, "what is this?");
    put_chunk(&made, 99, &strange);
    assert_int_equal(wax_import_gather(&contents, wax_writer_bytes(&made.out), &memory.memory),
                     WAX_OK);
    assert_int_equal(contents.incoming_count, 1);
    assert_int_equal(contents.received_count, 2);
    assert_int_equal(contents.missing_count, 2);
    assert_int_equal(contents.homeless_count, 2);
    assert_int_equal(contents.skipped_count, 1);
    assert_int_equal(contents.queued_count + contents.subscription_count, 0);
    assert_int_equal(contents.retained_count, 0);
    wax_import_discard(&contents, &memory.memory);
    assert_int_equal(memory.in_use, 0);
}

static void put_owned(struct made *made, const char *id, wax_bytes username)
{
    wax_writer out = body();

    put_zeros(&out, 8);
    wax_write_u32(&out, 3600);
    wax_write_u16(&out, 0);
    wax_write_u16(&out, size_of(id));
    wax_write_u16(&out, 1883);
    wax_write_u16(&out, (uint16_t)username.size);
    put_zeros(&out, made->padding);
    put_text(&out, id);
    wax_write_bytes(&out, username);
    put_chunk(made, CLIENT, &out);
}

struct owner_row {
    wax_bytes written;
    const char *username;
    bool is_known;
};

/* As Mosquitto 2.0.11 writes clients without a user name behind one that has one. */
static void owners_that_were_mixed_up_are_not_believed(void **state)
{
    static const struct owner_row rows[] = {
        {{(const uint8_t *)"", 0},                 "",    true },
        {{(const uint8_t *)"bob", 3},              "bob", true },
        {{(const uint8_t *)"bob", 3},              "bob", true },
        {{(const uint8_t *)"bob\0memory\xff", 11}, "",    true },
        {{(const uint8_t *)"bob", 3},              "bob", false},
        {{(const uint8_t *)"bob\0memory\xff", 11}, "",    true },
        {{(const uint8_t *)"ann", 3},              "ann", true },
    };
    struct made made = begin(6);
    wax_import import;
    wax_import_record record;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        put_owned(&made, "id", rows[i].written);
    }
    assert_int_equal(wax_import_open(&import, wax_writer_bytes(&made.out)), WAX_OK);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        assert_int_equal(wax_import_next(&import, &record), WAX_OK);
        assert_true(is(record.client.username, rows[i].username));
        assert_int_equal(record.client.is_owner_known, rows[i].is_known);
    }
}

static void properties_that_mqtt_forbids_do_not_cost_the_message(void **state)
{
    struct made made = begin(6);
    wax_import import;
    wax_import_record record;
    size_t front;

    (void)state;
    put_config(&made, 1);
    front = made.out.used;
    put_message(&made, 1, "t", "p");
    made.out.data[made.out.used - 4] = 0x7f; /* no property has this id */
    assert_int_equal(wax_import_open(&import, wax_writer_bytes(&made.out)), WAX_OK);
    assert_int_equal(wax_import_next(&import, &record), WAX_OK);
    assert_int_equal(import.in.at - import.start, front);
    assert_int_equal(wax_import_next(&import, &record), WAX_OK);
    assert_true(record.message.lost_properties && is(record.message.payload, "p"));
    assert_int_equal(record.message.properties.size, 0);
}

/* A file is good up to any chunk's end; in between it says where it was cut. */
static void a_file_cut_off_gives_what_stands_before(void **state)
{
    (void)state;
    for (uint32_t version = 3; version <= 6; version++) {
        struct made made = begin(version);
        wax_bytes whole = put_all(&made);
        size_t good_count = 0;

        for (size_t size = 23; size < whole.size; size++) {
            wax_import import;
            wax_import_record record;
            size_t count = 0;
            wax_status status = wax_import_open(&import, wax_bytes_of(whole.data, size));

            assert_int_equal(status, WAX_OK);
            while ((status = wax_import_next(&import, &record)) == WAX_OK) {
                check_record(&record, count++, version);
            }
            assert_true(status == WAX_NOT_FOUND || import.fault.text != NULL);
            assert_true(status == WAX_NOT_FOUND || import.fault.offset < size);
            assert_int_equal(wax_import_next(&import, &record), status);
            good_count += status == WAX_NOT_FOUND ? 1 : 0;
        }
        assert_int_equal(good_count, 12);
    }
}

struct fault_row {
    const char *name;
    size_t at; /* which byte is changed, */
    uint8_t to;
    wax_status status;
    size_t offset;
    const char *word;
};

enum {
    FIRST = 23,              /* where the chunk about the file begins in version 6 */
    SECOND = FIRST + 8 + 16, /* and the first message */
};

/* clang-format off */
static const struct fault_row faults[] = {
    {"another magic",               5,           'x',  WAX_INVALID,             0,      "not a database"},
    {"version 2",                   22,          2,    WAX_UNSUPPORTED_VERSION, 19,     "3 to 6"},
    {"version 7",                   22,          7,    WAX_UNSUPPORTED_VERSION, 19,     "3 to 6"},
    {"a large version",             19,          1,    WAX_UNSUPPORTED_VERSION, 19,     "3 to 6"},
    {"ids of 4 bytes",              FIRST + 17,  4,    WAX_MALFORMED,           FIRST,  "the file itself"},
    {"a chunk longer than the file", SECOND + 4, 0x7f, WAX_MALFORMED,           SECOND, "longer than"},
    {"a chunk of kind 0",           SECOND + 3,  0,    WAX_MALFORMED,           SECOND, "zeros"},
    {"a message with QoS 3",        SECOND + 38, 3,    WAX_MALFORMED,           SECOND, "stored message"},
    {"a payload beyond its chunk",  SECOND + 24, 0xff, WAX_MALFORMED,           SECOND, "stored message"},
    {"a topic beyond its chunk",    SECOND + 34, 0xff, WAX_MALFORMED,           SECOND, "stored message"},
    {"a message that is a client",  SECOND + 3,  CLIENT, WAX_MALFORMED,         SECOND, "a client"},
    {"that is a subscription",      SECOND + 3,  SUB,  WAX_MALFORMED,           SECOND, "a subscription"},
    {"that is a reference",         SECOND + 3,  RETAIN, WAX_MALFORMED,         SECOND, "retained"},
    {"that is a client's message",  SECOND + 3,  CLIENT_MSG, WAX_MALFORMED,     SECOND, "client's message"},
};
/* clang-format on */

static void a_fault_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(faults); i++) {
        const struct fault_row *row = &faults[i];
        struct made made = begin(6);
        wax_bytes file = put_all(&made);
        wax_import import;
        wax_import_record record;
        wax_status status;

        file_room[row->at] = row->to;
        status = wax_import_open(&import, file);
        while (status == WAX_OK) {
            status = wax_import_next(&import, &record);
        }
        check_row(row->name, status == row->status);
        check_row(row->name, import.fault.text != NULL);
        check_row(row->name, strstr(import.fault.text, row->word) != NULL);
        check_row(row->name, import.fault.offset == row->offset);
    }
}

static void less_than_a_head_is_no_file(void **state)
{
    struct made made = begin(6);

    (void)state;
    for (size_t size = 0; size < made.out.used; size++) {
        wax_import import;
        wax_status status = wax_import_open(&import, wax_bytes_of(file_room, size));

        assert_int_equal(status, WAX_MALFORMED);
        assert_non_null(import.fault.text);
    }
}

static void without_memory_nothing_is_kept(void **state)
{
    (void)state;
    for (size_t request = 1; request <= 5; request++) {
        struct test_memory memory = test_memory_open();
        struct made made = begin(6);
        wax_import_contents contents;

        memory.fails_at = request;
        assert_int_equal(wax_import_gather(&contents, put_all(&made), &memory.memory), WAX_FULL);
        assert_int_equal(memory.in_use, 0);
    }
}

struct time_row {
    int64_t expires_s;
    uint32_t left_s;
};

static void time_runs_while_nobody_is_there(void **state)
{
    static const struct time_row rows[] = {
        {0,         UINT32_MAX},
        {1001,      1         },
        {1000,      0         },
        {999,       0         },
        {1,         0         },
        {INT64_MAX, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        assert_int_equal(wax_import_seconds_left(rows[i].expires_s, 1000), rows[i].left_s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_chunk_of_every_version_is_read),
        cmocka_unit_test(other_processors_wrote_it_too),
        cmocka_unit_test(what_belongs_together_is_put_together),
        cmocka_unit_test(what_is_left_out_is_counted),
        cmocka_unit_test(owners_that_were_mixed_up_are_not_believed),
        cmocka_unit_test(properties_that_mqtt_forbids_do_not_cost_the_message),
        cmocka_unit_test(a_file_cut_off_gives_what_stands_before),
        cmocka_unit_test(a_fault_is_told_with_its_place),
        cmocka_unit_test(less_than_a_head_is_no_file),
        cmocka_unit_test(without_memory_nothing_is_kept),
        cmocka_unit_test(time_runs_while_nobody_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
