/* The properties of MQTT 5: where each may stand, how often, and what it may be. */
#include "wire_check.h"

struct row {
    const char *name;
    const char *bytes; /* the property alone, with a value that is allowed */
    size_t size;
    const char *places; /* as table 2-4 names them, between spaces */
};

/* clang-format off */
#define EVERYWHERE " CONNECT CONNACK PUBLISH Will PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK DISCONNECT AUTH "
#define REPLIES    " CONNACK PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK DISCONNECT AUTH "
static const struct row rows[] = {
    {"Payload Format Indicator",          BYTES("\x01\x01"),                 " PUBLISH Will "},
    {"Message Expiry Interval",           BYTES("\x02\x00\x01\x02\x03"),     " PUBLISH Will "},
    {"Content Type",                      BYTES("\x03\x00\x01x"),            " PUBLISH Will "},
    {"Response Topic",                    BYTES("\x08\x00\x01x"),            " PUBLISH Will "},
    {"Correlation Data",                  BYTES("\x09\x00\x01\xff"),         " PUBLISH Will "},
    {"Subscription Identifier",           BYTES("\x0b\xff\xff\xff\x7f"),     " PUBLISH SUBSCRIBE "},
    {"Session Expiry Interval",           BYTES("\x11\xff\xff\xff\xff"),     " CONNECT CONNACK DISCONNECT "},
    {"Assigned Client Identifier",        BYTES("\x12\x00\x01x"),            " CONNACK "},
    {"Server Keep Alive",                 BYTES("\x13\x00\x00"),             " CONNACK "},
    {"Authentication Method",             BYTES("\x15\x00\x01x"),            " CONNECT CONNACK AUTH "},
    {"Authentication Data",               BYTES("\x16\x00\x02\x00\xff"),     " CONNECT CONNACK AUTH "},
    {"Request Problem Information",       BYTES("\x17\x00"),                 " CONNECT "},
    {"Will Delay Interval",               BYTES("\x18\x00\x00\x00\x09"),     " Will "},
    {"Request Response Information",      BYTES("\x19\x01"),                 " CONNECT "},
    {"Response Information",              BYTES("\x1a\x00\x01x"),            " CONNACK "},
    {"Server Reference",                  BYTES("\x1c\x00\x01x"),            " CONNACK DISCONNECT "},
    {"Reason String",                     BYTES("\x1f\x00\x01x"),            REPLIES},
    {"Receive Maximum",                   BYTES("\x21\xff\xff"),             " CONNECT CONNACK "},
    {"Topic Alias Maximum",               BYTES("\x22\x00\x00"),             " CONNECT CONNACK "},
    {"Topic Alias",                       BYTES("\x23\x00\x01"),             " PUBLISH "},
    {"Maximum QoS",                       BYTES("\x24\x01"),                 " CONNACK "},
    {"Retain Available",                  BYTES("\x25\x00"),                 " CONNACK "},
    {"User Property",                     BYTES("\x26\x00\x01n\x00\x01v"),   EVERYWHERE},
    {"Maximum Packet Size",               BYTES("\x27\x00\x00\x00\x01"),     " CONNECT CONNACK "},
    {"Wildcard Subscription Available",   BYTES("\x28\x01"),                 " CONNACK "},
    {"Subscription Identifier Available", BYTES("\x29\x01"),                 " CONNACK "},
    {"Shared Subscription Available",     BYTES("\x2a\x01"),                 " CONNACK "},
};

static const char *const places[] = {
    " Will ", " CONNECT ", " CONNACK ", " PUBLISH ", " PUBACK ", " PUBREC ", " PUBREL ", " PUBCOMP ",
    " SUBSCRIBE ", " SUBACK ", " UNSUBSCRIBE ", " UNSUBACK ", " PINGREQ ", " PINGRESP ", " DISCONNECT ", " AUTH ",
};
/* clang-format on */

static bool may_stand(const struct row *row, wax_packet_type place)
{
    return strstr(row->places, places[place]) != NULL;
}

/* Puts `count` times the property behind its length, and reads it. */
static wax_status judge(const struct row *row, size_t count, wax_packet_type place)
{
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_reader in;

    wax_write_varint(&out, (uint32_t)(count * row->size));
    for (size_t i = 0; i < count; i++) {
        wax_write_bytes(&out, wax_bytes_of(row->bytes, row->size));
    }
    in = wax_reader_over(wax_writer_bytes(&out));
    (void)wax_read_properties(&in, place);
    return in.status;
}

static void every_property_stands_in_its_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (unsigned place = 0; place < WAX_COUNT(places); place++) {
            wax_status wanted =
                may_stand(&rows[i], (wax_packet_type)place) ? WAX_OK : WAX_MALFORMED;

            if (judge(&rows[i], 1, (wax_packet_type)place) != wanted) {
                fail_msg("%s in%s", rows[i].name, places[place]);
            }
        }
    }
}

/* User Property may repeat everywhere, Subscription Identifier in PUBLISH. */
static void only_two_properties_may_repeat(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (unsigned place = 0; place < WAX_COUNT(places); place++) {
            bool repeats = rows[i].bytes[0] == WAX_USER_PROPERTY ||
                           (rows[i].bytes[0] == WAX_SUBSCRIPTION_ID && place == WAX_PUBLISH);

            if (may_stand(&rows[i], (wax_packet_type)place) &&
                judge(&rows[i], 2, (wax_packet_type)place) !=
                    (repeats ? WAX_OK : WAX_PROTOCOL_ERROR)) {
                fail_msg("%s twice in%s", rows[i].name, places[place]);
            }
        }
    }
}

static void a_property_cut_short_is_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (unsigned place = 0; place < WAX_COUNT(places); place++) {
            struct row cut = rows[i];

            while (may_stand(&rows[i], (wax_packet_type)place) && --cut.size > 0) {
                check_status(cut.name, judge(&cut, 1, (wax_packet_type)place), WAX_MALFORMED);
            }
        }
    }
}

static void an_id_that_there_is_not_is_malformed(void **state)
{
    (void)state;
    for (unsigned id = 0; id < 128; id++) {
        const char bytes[] = {(char)id, 0, 0, 0, 0};
        const struct row unknown = {"an unknown id", bytes, sizeof bytes, ""};
        bool known = false;

        for (size_t i = 0; i < WAX_COUNT(rows); i++) {
            known = known || (unsigned)rows[i].bytes[0] == id;
        }
        if (!known) {
            check_status(unknown.name, judge(&unknown, 1, WAX_CONNACK), WAX_MALFORMED);
        }
    }
}

struct value_row {
    const char *name;
    wax_packet_type place;
    const char *bytes; /* the length of the properties and they */
    size_t size;
    wax_status status;
};

/* clang-format off */
static const struct value_row values[] = {
    {"none",                                              WAX_CONNECT,   BYTES("\x00"),                             WAX_OK},
    {"no length",                                         WAX_CONNECT,   BYTES(""),                                 WAX_MALFORMED},
    {"a length beyond the packet",                        WAX_CONNECT,   BYTES("\x06\x11\x00\x00\x00\x00"),         WAX_MALFORMED},
    {"a length of four bytes beyond the packet",          WAX_CONNECT,   BYTES("\xff\xff\xff\x7f\x17\x00"),         WAX_MALFORMED},
    {"a length of five bytes",                            WAX_CONNECT,   BYTES("\x80\x80\x80\x80\x01"),             WAX_MALFORMED},
    {"a length in more bytes than needed [MQTT-1.5.5-1]", WAX_CONNECT,   BYTES("\x82\x00\x17\x00"),                 WAX_MALFORMED},
    {"an id in more bytes than needed [MQTT-1.5.5-1]",    WAX_CONNECT,   BYTES("\x03\x97\x00\x00"),                 WAX_MALFORMED},
    {"an id of two bytes",                                WAX_CONNECT,   BYTES("\x03\x80\x01\x00"),                 WAX_MALFORMED},
    {"Payload Format Indicator of 2",                     WAX_PUBLISH,   BYTES("\x02\x01\x02"),                     WAX_PROTOCOL_ERROR},
    {"Payload Format Indicator of 0",                     WAX_PUBLISH,   BYTES("\x02\x01\x00"),                     WAX_OK},
    {"Request Problem Information of 2",                  WAX_CONNECT,   BYTES("\x02\x17\x02"),                     WAX_PROTOCOL_ERROR},
    {"Request Response Information of 2",                 WAX_CONNECT,   BYTES("\x02\x19\x02"),                     WAX_PROTOCOL_ERROR},
    {"Maximum QoS of 2",                                  WAX_CONNACK,   BYTES("\x02\x24\x02"),                     WAX_PROTOCOL_ERROR},
    {"Retain Available of 2",                             WAX_CONNACK,   BYTES("\x02\x25\x02"),                     WAX_PROTOCOL_ERROR},
    {"Wildcard Subscription Available of 2",              WAX_CONNACK,   BYTES("\x02\x28\x02"),                     WAX_PROTOCOL_ERROR},
    {"Subscription Identifier Available of 2",            WAX_CONNACK,   BYTES("\x02\x29\xff"),                     WAX_PROTOCOL_ERROR},
    {"Shared Subscription Available of 2",                WAX_CONNACK,   BYTES("\x02\x2a\x02"),                     WAX_PROTOCOL_ERROR},
    {"Receive Maximum of 0",                              WAX_CONNECT,   BYTES("\x03\x21\x00\x00"),                 WAX_PROTOCOL_ERROR},
    {"Receive Maximum of 1",                              WAX_CONNECT,   BYTES("\x03\x21\x00\x01"),                 WAX_OK},
    {"Maximum Packet Size of 0",                          WAX_CONNACK,   BYTES("\x05\x27\x00\x00\x00\x00"),         WAX_PROTOCOL_ERROR},
    {"Maximum Packet Size of all ones",                   WAX_CONNACK,   BYTES("\x05\x27\xff\xff\xff\xff"),         WAX_OK},
    {"Topic Alias of 0",                                  WAX_PUBLISH,   BYTES("\x03\x23\x00\x00"),                 WAX_BAD_ALIAS},
    {"Topic Alias of 65,535",                             WAX_PUBLISH,   BYTES("\x03\x23\xff\xff"),                 WAX_OK},
    {"Subscription Identifier of 0",                      WAX_SUBSCRIBE, BYTES("\x02\x0b\x00"),                     WAX_PROTOCOL_ERROR},
    {"Subscription Identifier of 1",                      WAX_SUBSCRIBE, BYTES("\x02\x0b\x01"),                     WAX_OK},
    {"Subscription Identifier of five bytes",             WAX_SUBSCRIBE, BYTES("\x06\x0b\x80\x80\x80\x80\x01"),     WAX_MALFORMED},
    {"Response Topic without a character",                WAX_PUBLISH,   BYTES("\x03\x08\x00\x00"),                 WAX_PROTOCOL_ERROR},
    {"Response Topic with # [MQTT-3.3.2-14]",             WAX_PUBLISH,   BYTES("\x05\x08\x00\x02x#"),               WAX_PROTOCOL_ERROR},
    {"Response Topic with + [MQTT-3.3.2-14]",             WAX_WILL,      BYTES("\x05\x08\x00\x02+x"),               WAX_PROTOCOL_ERROR},
    {"Reason String that is no UTF-8 [MQTT-1.5.4-1]",     WAX_PUBACK,    BYTES("\x04\x1f\x00\x01\xff"),             WAX_MALFORMED},
    {"User Property whose name is no UTF-8 [MQTT-1.5.7-1]",  WAX_PUBACK, BYTES("\x07\x26\x00\x01\xff\x00\x01v"),    WAX_MALFORMED},
    {"User Property whose value is no UTF-8 [MQTT-1.5.7-1]", WAX_PUBACK, BYTES("\x07\x26\x00\x01n\x00\x01\xff"),    WAX_MALFORMED},
    {"User Property whose name has U+0000 [MQTT-1.5.4-2]",   WAX_PUBACK, BYTES("\x07\x26\x00\x01\x00\x00\x01v"),    WAX_MALFORMED},
    {"User Property of two empty texts",                  WAX_PUBACK,    BYTES("\x05\x26\x00\x00\x00\x00"),         WAX_OK},
    {"the first of two failures counts",                  WAX_CONNECT,   BYTES("\x05\x17\x02\x21\x00\x00"),         WAX_PROTOCOL_ERROR},
};
/* clang-format on */

static void values_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(values); i++) {
        wax_reader in = wax_reader_over(wax_bytes_of(values[i].bytes, values[i].size));
        wax_bytes properties = wax_read_properties(&in, values[i].place);

        check_status(values[i].name, in.status, values[i].status);
        check_row(values[i].name,
                  properties.size == (values[i].status == WAX_OK ? values[i].size - 1 : 0));
    }
}

static void what_is_taken_is_written_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_reader in = wax_reader_over(wax_bytes_of(rows[i].bytes, rows[i].size));
        uint8_t room[16];
        wax_writer out = wax_writer_over(room, sizeof room);
        wax_property property;

        check_row(rows[i].name, wax_property_next(&in, &property));
        check_row(rows[i].name, property.id == (wax_property_id)rows[i].bytes[0]);
        wax_property_write(&out, &property);
        check_row(rows[i].name, out.status == WAX_OK);
        check_written(rows[i].name, &out, rows[i].bytes, rows[i].size);
        check_row(rows[i].name, !wax_property_next(&in, &property));
    }
}

static void properties_are_found_by_id(void **state)
{
    uint8_t room[64];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_property property = {.number = 77};
    wax_bytes properties;

    (void)state;
    wax_property_write_number(&out, WAX_SUBSCRIPTION_ID, 300);
    wax_property_write_number(&out, WAX_SUBSCRIPTION_ID, 400);
    wax_property_write_number(&out, WAX_MESSAGE_EXPIRY, 70000);
    wax_property_write_number(&out, WAX_TOPIC_ALIAS, 515);
    wax_property_write_value(&out, WAX_CONTENT_TYPE, WAX_TEXT("text"));
    check_written(
        "written", &out,
        BYTES("\x0b\xac\x02\x0b\x90\x03\x02\x00\x01\x11\x70\x23\x02\x03\x03\x00\x04text"));
    properties = wax_writer_bytes(&out);
    assert_int_equal(wax_property_number(properties, WAX_SUBSCRIPTION_ID, 0), 300);
    assert_int_equal(wax_property_number(properties, WAX_MESSAGE_EXPIRY, 0), 70000);
    assert_int_equal(wax_property_number(properties, WAX_TOPIC_ALIAS, 0), 515);
    assert_int_equal(wax_property_number(properties, WAX_WILL_DELAY, 42), 42);
    assert_true(is_text(wax_property_value(properties, WAX_CONTENT_TYPE), "text"));
    assert_int_equal(wax_property_value(properties, WAX_RESPONSE_TOPIC).size, 0);
    assert_false(wax_property_find(properties, WAX_RESPONSE_TOPIC, &property));
    assert_int_equal(property.number, 77);
    assert_false(wax_property_find((wax_bytes){NULL, 0}, WAX_TOPIC_ALIAS, &property));
}

static void the_length_is_counted(void **state)
{
    static uint8_t room[256];
    const wax_bytes long_ones = {room, 128};

    (void)state;
    assert_int_equal(wax_properties_size((wax_bytes){NULL, 0}, V31), 0);
    assert_int_equal(wax_properties_size(long_ones, V311), 0);
    assert_int_equal(wax_properties_size((wax_bytes){NULL, 0}, V5), 1);
    assert_int_equal(wax_properties_size(long_ones, V5), 130);
}

/* As many as 65,536 User Properties: each is taken once, in its order. */
static void many_properties_are_read_in_one_pass(void **state)
{
    static uint8_t room[65536 * 9 + 4];
    wax_writer out = wax_writer_over(room + 4, sizeof room - 4);
    wax_property property;
    wax_reader in;
    uint32_t count = 0;

    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        char name[] = {(char)('a' + i % 16), (char)('a' + i / 16 % 16)};
        char value[] = {(char)('a' + i / 256 % 16), (char)('a' + i / 4096 % 16)};
        wax_property_write(&out, &(wax_property){WAX_USER_PROPERTY, 0, wax_bytes_of(name, 2),
                                                 wax_bytes_of(value, 2)});
    }
    assert_int_equal(out.status, WAX_OK);
    assert_int_equal(out.used, 65536 * 9);
    room[0] = 0x80; /* the length, 589,824, takes three bytes */
    room[1] = 0x80;
    room[2] = 0x24;
    memmove(room + 3, room + 4, out.used);
    in = wax_reader_over(wax_bytes_of(room, out.used + 3));
    in = wax_reader_over(wax_read_properties(&in, WAX_PUBLISH));
    while (wax_property_next(&in, &property)) {
        assert_int_equal(property.name.data[0], 'a' + count % 16);
        assert_int_equal(property.value.data[1], 'a' + count / 4096 % 16);
        count++;
    }
    assert_int_equal(count, 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_property_stands_in_its_places),
        cmocka_unit_test(only_two_properties_may_repeat),
        cmocka_unit_test(a_property_cut_short_is_malformed),
        cmocka_unit_test(an_id_that_there_is_not_is_malformed),
        cmocka_unit_test(values_are_judged),
        cmocka_unit_test(what_is_taken_is_written_as_it_was),
        cmocka_unit_test(properties_are_found_by_id),
        cmocka_unit_test(the_length_is_counted),
        cmocka_unit_test(many_properties_are_read_in_one_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
