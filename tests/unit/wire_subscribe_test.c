/* SUBSCRIBE and UNSUBSCRIBE, of all three versions. */
#include "wire_check.h"

struct row {
    const char *name;
    wax_packet_type type;
    wax_version version;
    const char *bytes;
    size_t size;
    wax_status status;
};

/* clang-format off */
static const struct row rows[] = {
    {"one filter in 3.1",                                      WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01\x00\x01t\x02"),                  WAX_OK},
    {"two filters in 3.1.1",                                   WAX_SUBSCRIBE,   V311, BYTES("\x00\x01\x00\x01t\x00\x00\x01#\x01"),     WAX_OK},
    {"two filters in 5",                                       WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x2e\x00\x01+\x00"), WAX_OK},
    {"a subscription identifier",                              WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x02\x0b\x07\x00\x01t\x00"),      WAX_OK},
    {"UNSUBSCRIBE in 3.1",                                     WAX_UNSUBSCRIBE, V31,  BYTES("\x00\x01\x00\x01t"),                      WAX_OK},
    {"UNSUBSCRIBE in 3.1.1",                                   WAX_UNSUBSCRIBE, V311, BYTES("\x00\x01\x00\x01t\x00\x01#"),             WAX_OK},
    {"UNSUBSCRIBE in 5",                                       WAX_UNSUBSCRIBE, V5,   BYTES("\x00\x01\x00\x00\x01t"),                  WAX_OK},
    {"packet id 0 in 3.1",                                     WAX_SUBSCRIBE,   V31,  BYTES("\x00\x00\x00\x01t\x00"),                  WAX_PROTOCOL_ERROR},
    {"packet id 0 in 3.1.1",                                   WAX_UNSUBSCRIBE, V311, BYTES("\x00\x00\x00\x01t"),                      WAX_PROTOCOL_ERROR},
    {"packet id 0 [MQTT-2.2.1-3]",                             WAX_SUBSCRIBE,   V5,   BYTES("\x00\x00\x00\x00\x01t\x00"),              WAX_PROTOCOL_ERROR},
    {"no filter in 3.1",                                       WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01"),                               WAX_PROTOCOL_ERROR},
    {"no filter in 3.1.1",                                     WAX_UNSUBSCRIBE, V311, BYTES("\x00\x01"),                               WAX_PROTOCOL_ERROR},
    {"no filter [MQTT-3.8.3-2]",                               WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00"),                           WAX_PROTOCOL_ERROR},
    {"nothing to unsubscribe [MQTT-3.10.3-2]",                 WAX_UNSUBSCRIBE, V5,   BYTES("\x00\x01\x00"),                           WAX_PROTOCOL_ERROR},
    {"no properties in 5",                                     WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01"),                               WAX_MALFORMED},
    {"nothing",                                                WAX_SUBSCRIBE,   V311, BYTES(""),                                       WAX_MALFORMED},
    {"a filter that is no UTF-8 [MQTT-3.8.3-1]",               WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01\xff\x00"),           WAX_MALFORMED},
    {"a filter with U+0000 [MQTT-1.5.4-2]",                    WAX_UNSUBSCRIBE, V311, BYTES("\x00\x01\x00\x01\x00"),                   WAX_MALFORMED},
    {"an empty filter in 3.1",                                 WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01\x00\x00\x00"),                   WAX_PROTOCOL_ERROR},
    {"an empty filter [MQTT-4.7.3-1]",                         WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x00\x00"),               WAX_PROTOCOL_ERROR},
    {"an empty filter after a good one [MQTT-4.7.3-1]",        WAX_UNSUBSCRIBE, V311, BYTES("\x00\x01\x00\x01t\x00\x00"),              WAX_PROTOCOL_ERROR},
    {"a filter without options [MQTT-3.8.3-2]",                WAX_SUBSCRIBE,   V311, BYTES("\x00\x01\x00\x01t"),                      WAX_MALFORMED},
    {"a second filter cut short",                              WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x00\x00"),          WAX_MALFORMED},
    {"QoS 3 in 3.1",                                           WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01\x00\x01t\x03"),                  WAX_PROTOCOL_ERROR},
    {"QoS 3 in 3.1.1 [MQTT-3.8.3-4 in 3.1.1]",                 WAX_SUBSCRIBE,   V311, BYTES("\x00\x01\x00\x01t\x03"),                  WAX_PROTOCOL_ERROR},
    {"QoS 3 in 5",                                             WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x03"),              WAX_PROTOCOL_ERROR},
    {"the lower reserved option [MQTT-3.8.3-5]",               WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x40"),              WAX_MALFORMED},
    {"the upper reserved option [MQTT-3.8.3-5]",               WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x80"),              WAX_MALFORMED},
    {"a reserved option in 3.1",                               WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01\x00\x01t\x80"),                  WAX_MALFORMED},
    {"an option of 5 in 3.1",                                  WAX_SUBSCRIBE,   V31,  BYTES("\x00\x01\x00\x01t\x04"),                  WAX_MALFORMED},
    {"No Local of 5 in 3.1.1 [MQTT-3.8.3-4 in 3.1.1]",         WAX_SUBSCRIBE,   V311, BYTES("\x00\x01\x00\x01t\x04"),                  WAX_MALFORMED},
    {"Retain Handling of 5 in 3.1.1 [MQTT-3.8.3-4 in 3.1.1]",  WAX_SUBSCRIBE,   V311, BYTES("\x00\x01\x00\x01t\x10"),                  WAX_MALFORMED},
    {"Retain Handling of 2",                                   WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x20"),              WAX_OK},
    {"Retain Handling of 3",                                   WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x01t\x30"),              WAX_PROTOCOL_ERROR},
    {"No Local on a shared one [MQTT-3.8.3-4]",                WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x0a$share/g/t\x04"),     WAX_PROTOCOL_ERROR},
    {"a shared one without No Local",                          WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x0a$share/g/t\x00"),     WAX_OK},
    {"No Local on one that only looks shared",                 WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x00\x00\x08$shared/\x04"),       WAX_OK},
    {"options in UNSUBSCRIBE",                                 WAX_UNSUBSCRIBE, V5,   BYTES("\x00\x01\x00\x00\x01t\x01"),              WAX_MALFORMED},
    {"two subscription identifiers",                           WAX_SUBSCRIBE,   V5,   BYTES("\x00\x01\x04\x0b\x07\x0b\x08\x00\x01t\x00"), WAX_PROTOCOL_ERROR},
    {"a subscription identifier in UNSUBSCRIBE",               WAX_UNSUBSCRIBE, V5,   BYTES("\x00\x01\x02\x0b\x07\x00\x01t"),          WAX_MALFORMED},
};
/* clang-format on */

static void a_subscribe_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_packet packet = {.type = rows[i].type,
                                   .version = rows[i].version,
                                   .body = wax_bytes_of(rows[i].bytes, rows[i].size)};
        wax_subscribe subscribe;

        check_status(rows[i].name, wax_subscribe_read(&subscribe, &packet), rows[i].status);
    }
}

struct written_row {
    const char *name;
    wax_packet_type type;
    wax_version version;
    wax_subscription subscriptions[2];
    const char *bytes;
    size_t size;
};

/* clang-format off */
static const struct written_row written[] = {
    {"SUBSCRIBE in 3.1 [MQTT-3.8.1-1]",       WAX_SUBSCRIBE,   V31,  {{VIEW("x"), 1, false, false, 0}, {VIEW("y/#"), 2, false, false, 0}},
     BYTES("\x82\x0c\x02\x03\x00\x01x\x01\x00\x03y/#\x02")},
    {"SUBSCRIBE in 3.1.1 [MQTT-3.8.1-1]",     WAX_SUBSCRIBE,   V311, {{VIEW("x"), 0, false, false, 0}, {VIEW("y"), 2, false, false, 0}},
     BYTES("\x82\x0a\x02\x03\x00\x01x\x00\x00\x01y\x02")},
    {"SUBSCRIBE in 5 [MQTT-3.8.1-1]",         WAX_SUBSCRIBE,   V5,   {{VIEW("x"), 1, true, false, 2}, {VIEW("y"), 2, false, true, 1}},
     BYTES("\x82\x0b\x02\x03\x00\x00\x01x\x25\x00\x01y\x1a")},
    {"UNSUBSCRIBE in 3.1 [MQTT-3.10.1-1]",    WAX_UNSUBSCRIBE, V31,  {{VIEW("x"), 0, false, false, 0}, {VIEW("y"), 0, false, false, 0}},
     BYTES("\xa2\x08\x02\x03\x00\x01x\x00\x01y")},
    {"UNSUBSCRIBE in 3.1.1 [MQTT-3.10.1-1]",  WAX_UNSUBSCRIBE, V311, {{VIEW("x"), 0, false, false, 0}, {VIEW("y"), 0, false, false, 0}},
     BYTES("\xa2\x08\x02\x03\x00\x01x\x00\x01y")},
    {"UNSUBSCRIBE in 5 [MQTT-3.10.1-1]",      WAX_UNSUBSCRIBE, V5,   {{VIEW("x"), 0, false, false, 0}, {VIEW("y"), 0, false, false, 0}},
     BYTES("\xa2\x09\x02\x03\x00\x00\x01x\x00\x01y")},
};
/* clang-format on */

static void check_subscription(const struct written_row *row, wax_reader *filters,
                               const wax_subscription *wanted)
{
    wax_subscription read;

    check_row(row->name, wax_subscription_next(filters, row->type, row->version, &read));
    check_row(row->name, wax_bytes_equal(read.filter, wanted->filter) && read.qos == wanted->qos);
    check_row(row->name, read.no_local == wanted->no_local);
    check_row(row->name, read.retain_as_published == wanted->retain_as_published);
    check_row(row->name, read.retain_handling == wanted->retain_handling);
}

static void a_subscribe_is_written_and_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(written); i++) {
        const struct written_row *row = &written[i];
        uint8_t encoded[32], room[32];
        wax_writer filters = wax_writer_over(encoded, sizeof encoded);
        wax_writer out = wax_writer_over(room, sizeof room);
        const wax_packet packet = {
            .type = row->type, .version = row->version, .body = {room + 2, row->size - 2}
        };
        wax_subscribe subscribe = {.packet_id = 515};
        wax_subscription subscription;
        wax_reader in;

        wax_subscription_write(&filters, &row->subscriptions[0], row->type, row->version);
        wax_subscription_write(&filters, &row->subscriptions[1], row->type, row->version);
        subscribe.filters = wax_writer_bytes(&filters);
        check_row(row->name,
                  wax_subscribe_write(&out, &subscribe, row->type, row->version) == WAX_OK);
        check_written(row->name, &out, row->bytes, row->size);
        check_row(row->name, wax_subscribe_read(&subscribe, &packet) == WAX_OK);
        check_row(row->name, subscribe.packet_id == 515);
        in = wax_reader_over(subscribe.filters);
        check_subscription(row, &in, &row->subscriptions[0]);
        check_subscription(row, &in, &row->subscriptions[1]);
        check_row(row->name, !wax_subscription_next(&in, row->type, row->version, &subscription));
    }
}

static void what_3_has_not_is_left_out(void **state)
{
    uint8_t encoded[8], room[16];
    wax_writer filters = wax_writer_over(encoded, sizeof encoded);
    wax_writer out = wax_writer_over(room, sizeof room);
    const wax_subscription all = {VIEW("x"), 2, true, true, 2};

    (void)state;
    wax_subscription_write(&filters, &all, WAX_SUBSCRIBE, V311);
    const wax_subscribe subscribe = {1, VIEW("\x0b\x07"), wax_writer_bytes(&filters)};
    assert_int_equal(wax_subscribe_write(&out, &subscribe, WAX_SUBSCRIBE, V311), WAX_OK);
    check_written("3.1.1", &out, BYTES("\x82\x06\x00\x01\x00\x01x\x02"));
    out = wax_writer_over(room, sizeof room);
    assert_int_equal(wax_subscribe_write(&out, &subscribe, WAX_SUBSCRIBE, V5), WAX_OK);
    check_written("5", &out, BYTES("\x82\x09\x00\x01\x02\x0b\x07\x00\x01x\x02"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subscribe_is_judged),
        cmocka_unit_test(a_subscribe_is_written_and_read_again),
        cmocka_unit_test(what_3_has_not_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
