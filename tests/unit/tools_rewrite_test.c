/* What the proxy makes of packets between a program and its broker. */
#include "../check.h"
#include "../rewrite_check.h"

#include "tools/proxy_rewrite.h"

#define BYTES(text) wax_bytes_of((text), sizeof(text) - 1)

static enum rewrite_step send(struct rewriting *self, wax_bytes packet)
{
    wax_reader in = wax_reader_over(packet);
    enum rewrite_step step;

    self->up.used = self->down.used = 0;
    step = tools_rewrite_send(&self->rewrite, &in, &self->up, &self->down);
    assert_int_equal(wax_reader_left(&in),
                     step == REWRITE_GOES_ON || step == REWRITE_ENDS ? 0 : packet.size);
    return step;
}

static enum rewrite_step receive(struct rewriting *self, wax_bytes packet)
{
    wax_reader in = wax_reader_over(packet);

    self->up.used = self->down.used = 0;
    return tools_rewrite_receive(&self->rewrite, &in, &self->down, &self->up);
}

static void assert_wrote(const wax_writer *out, wax_bytes expected)
{
    assert_int_equal(out->used, expected.size);
    if (expected.size > 0) {
        assert_memory_equal(out->data, expected.data, expected.size);
    }
}

#define ASSERT_UP(text)   assert_wrote(&self->up, BYTES(text))
#define ASSERT_DOWN(text) assert_wrote(&self->down, BYTES(text))

/* A connection that both sides have opened. */
static struct rewriting *opened(wax_version version)
{
    struct rewriting *self = rewriting_new();
    wax_bytes connect = version == WAX_VERSION_5 ? BYTES("\x10\x0e\0\4MQTT\5\2\0\x3c\0\0\1a")
                                                 : BYTES("\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a");
    wax_bytes connack = version == WAX_VERSION_5 ? BYTES("\x20\3\0\0\0") : BYTES("\x20\2\0\0");

    assert_int_equal(send(self, connect), REWRITE_GOES_ON);
    assert_int_equal(receive(self, connack), REWRITE_GOES_ON);
    return self;
}

/* --- CONNECT and CONNACK --- */

static void a_login_is_added_where_there_is_none(void **state)
{
    struct rewriting *self = rewriting_new();

    (void)state;
    self->rewrite.username = WAX_TEXT("ann");
    self->rewrite.password = WAX_TEXT("pw");
    assert_int_equal(send(self, BYTES("\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a")), REWRITE_GOES_ON);
    ASSERT_UP("\x10\x16\0\4MQTT\4\xc2\0\x3c\0\1a\0\3ann\0\2pw");
    rewriting_free(self);
    self = rewriting_new();
    self->rewrite.username = WAX_TEXT("ann");
    assert_int_equal(send(self, BYTES("\x10\x12\0\4MQTT\4\x82\0\x3c\0\1a\0\3bob")),
                     REWRITE_GOES_ON);
    ASSERT_UP("\x10\x12\0\4MQTT\4\x82\0\x3c\0\1a\0\3bob");
    rewriting_free(self);
}

static void aliases_are_switched_off_and_sizes_are_ours(void **state)
{
    struct rewriting *self = rewriting_new();

    (void)state;
    /* Topic Alias Maximum 10, Maximum Packet Size 100, Session Expiry 7 */
    assert_int_equal(send(self, BYTES("\x10\x1b\0\4MQTT\5\2\0\x3c\x0d\x22\0\x0a\x27\0\0\0\x64"
                                      "\x11\0\0\0\7\0\1a")),
                     REWRITE_GOES_ON);
    ASSERT_UP("\x10\x18\0\4MQTT\5\2\0\x3c\x0a\x11\0\0\0\7\x27\0\x08\0\0\0\1a");
    assert_int_equal(self->rewrite.program_takes, 100);
    assert_int_equal(receive(self, BYTES("\x20\x0b\0\0\x08\x22\0\x0a\x27\0\0\x80\0")),
                     REWRITE_GOES_ON);
    ASSERT_DOWN("\x20\x08\0\0\5\x27\0\0\x7c\0");
    rewriting_free(self);
}

static void a_will_is_sealed_or_the_program_is_not_let_in(void **state)
{
    struct rewriting *self = rewriting_new();

    (void)state;
    assert_int_equal(send(self, BYTES("\x10\x1a\0\4MQTT\4\6\0\x3c\0\1a\0\6secret\0\3bye")),
                     REWRITE_GOES_ON);
    ASSERT_UP("\x10\x28\0\4MQTT\4\6\0\x3c\0\1a\0\x08"
              "b/secret\0\x0fSEALED will bye");
    rewriting_free(self);
    self = rewriting_new();
    assert_int_equal(send(self, BYTES("\x10\x18\0\4MQTT\4\6\0\x3c\0\1a\0\4open\0\3bye")),
                     REWRITE_ENDS);
    ASSERT_UP("");
    ASSERT_DOWN("\x20\2\0\5");
    assert_string_equal(self->rewrite.fault, "no group");
    rewriting_free(self);
}

static void a_program_begins_with_connect(void **state)
{
    static const struct {
        wax_bytes packet;
        wax_bytes down;
        enum rewrite_step step;
    } rows[] = {
        {{NULL, 0},                                                {NULL, 0}, REWRITE_MORE   },
        {{(const uint8_t *)"\x10\x0d\0\4MQ", 6},                   {NULL, 0}, REWRITE_MORE   },
        {{(const uint8_t *)"\xc0\0", 2},                           {NULL, 0}, REWRITE_ENDS   },
        {{(const uint8_t *)"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a", 15}, {NULL, 0}, REWRITE_GOES_ON},
        {{(const uint8_t *)"\x10\x0d\0\4MQTT\7\2\0\x3c\0\1a", 15},
         {(const uint8_t *)"\x20\2\0\1", 4},
         REWRITE_ENDS                                                                        },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct rewriting *self = rewriting_new();
        wax_connect connect;

        assert_int_equal(tools_rewrite_peek(&self->rewrite, wax_reader_over(rows[i].packet),
                                            &connect, &self->down),
                         rows[i].step);
        assert_wrote(&self->down, rows[i].down);
        rewriting_free(self);
    }
}

static void a_second_connect_ends_it(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    assert_int_equal(send(self, BYTES("\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a")), REWRITE_ENDS);
    ASSERT_UP("");
    rewriting_free(self);
}

static void a_new_session_owes_nothing(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    for (int present = 1; present >= 0; present--) {
        uint8_t connack[] = {0x20, 2, (uint8_t)present, 0};

        assert_int_equal(receive(self, BYTES("\x32\x14\0\x08"
                                             "b/secret\0\7SEALED 1")),
                         REWRITE_GOES_ON);
        self->rewrite.is_connected = true;
        assert_int_equal(receive(self, wax_bytes_of(connack, 4)), REWRITE_GOES_ON);
        assert_int_equal(receive(self, BYTES("\x3a\x14\0\x08"
                                             "b/secret\0\7SEALED 1")),
                         REWRITE_GOES_ON);
        assert_int_equal(self->was_owed, present);
        ASSERT_DOWN("\x3a\x0b\0\6secret\0\7"
                    "1");
    }
    rewriting_free(self);
}

/* --- What the program sends --- */

static void what_is_published_is_sealed_under_its_packet_id(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    assert_int_equal(send(self, BYTES("\x3d\x0c\0\6secret\0\7hi")), REWRITE_GOES_ON);
    ASSERT_UP("\x3d\x15\0\x08"
              "b/secret\0\7SEALED hi");
    assert_int_equal(send(self, BYTES("\x30\x0a\0\6secrethi")), REWRITE_GOES_ON);
    ASSERT_UP("\x30\x13\0\x08"
              "b/secretSEALED hi");
    rewriting_free(self);
}

static void what_may_not_be_sealed_does_not_leave(void **state)
{
    static const struct {
        wax_version version;
        wax_bytes packet;
        wax_bytes down;
        enum rewrite_step step;
    } rows[] = {
        {WAX_VERSION_3_1_1, {(const uint8_t *)"\x30\x08\0\4openhi", 10}, {NULL, 0}, REWRITE_ENDS},
        {WAX_VERSION_3_1_1,
         {(const uint8_t *)"\x32\x0a\0\4open\0\7hi", 12},
         {NULL, 0},
         REWRITE_ENDS                                                                           },
        {WAX_VERSION_5,
         {(const uint8_t *)"\x32\x0b\0\4open\0\7\0hi", 13},
         {(const uint8_t *)"\x40\x0f\0\7\x87\x0b\x1f\0\x08no group", 17},
         REWRITE_GOES_ON                                                                        },
        {WAX_VERSION_5,
         {(const uint8_t *)"\x34\x0b\0\4open\0\7\0hi", 13},
         {(const uint8_t *)"\x50\x0f\0\7\x87\x0b\x1f\0\x08no group", 17},
         REWRITE_GOES_ON                                                                        },
        {WAX_VERSION_5,
         {(const uint8_t *)"\x30\x09\0\4open\0hi", 11},
         {(const uint8_t *)"\xe0\x0d\x87\x0b\x1f\0\x08no group", 15},
         REWRITE_ENDS                                                                           },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct rewriting *self = opened(rows[i].version);

        assert_int_equal(send(self, rows[i].packet), rows[i].step);
        ASSERT_UP("");
        assert_wrote(&self->down, rows[i].down);
        assert_true(wax_bytes_equal(self->rewrite.topic, WAX_TEXT("open")));
        rewriting_free(self);
    }
}

static void who_wants_no_reasons_gets_none(void **state)
{
    struct rewriting *self = rewriting_new();

    (void)state;
    assert_int_equal(send(self, BYTES("\x10\x10\0\4MQTT\5\2\0\x3c\2\x17\0\0\1a")), REWRITE_GOES_ON);
    assert_int_equal(send(self, BYTES("\x32\x0b\0\4open\0\7\0hi")), REWRITE_GOES_ON);
    ASSERT_DOWN("\x40\3\0\7\x87");
    rewriting_free(self);
}

static void an_alias_that_nobody_granted_ends_it(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_5);

    (void)state;
    assert_int_equal(send(self, BYTES("\x30\x0e\0\6secret\3\x23\0\1hi")), REWRITE_ENDS);
    ASSERT_UP("");
    assert_int_equal(self->down.data[2], WAX_BAD_ALIAS);
    rewriting_free(self);
}

static void what_is_too_large_once_sealed_does_not_leave(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_5);

    (void)state;
    self->rewrite.broker_takes = 20;
    assert_int_equal(send(self, BYTES("\x32\x0d\0\6secret\0\7\0hi")), REWRITE_GOES_ON);
    ASSERT_UP("");
    assert_int_equal(self->down.data[4], WAX_QUOTA_EXCEEDED);
    rewriting_free(self);
}

static void filters_are_written_as_the_broker_sees_them(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    assert_int_equal(send(self, BYTES("\x82\x0c\0\1\0\1a\1\0\3b/#\2")), REWRITE_GOES_ON);
    ASSERT_UP("\x82\x10\0\1\0\3b/a\1\0\5b/b/#\2");
    assert_int_equal(send(self, BYTES("\xa2\5\0\1\0\1a")), REWRITE_GOES_ON);
    ASSERT_UP("\xa2\7\0\1\0\3b/a");
    assert_int_equal(send(self, BYTES("\x82\x0e\0\1\0\1a\1\0\5bad/+\1")), REWRITE_GOES_ON);
    ASSERT_UP("");
    ASSERT_DOWN("\x90\4\0\1\x80\x80");
    rewriting_free(self);
}

static void the_rest_passes_as_it_is(void **state)
{
    static const wax_bytes out[] = {
        {(const uint8_t *)"\x40\2\0\1", 4},
        {(const uint8_t *)"\x50\2\0\1", 4},
        {(const uint8_t *)"\x62\2\0\1", 4},
        {(const uint8_t *)"\x70\2\0\1", 4},
        {(const uint8_t *)"\xc0\0",     2},
        {(const uint8_t *)"\xe0\0",     2},
    };
    static const wax_bytes in[] = {
        {(const uint8_t *)"\x40\2\0\1",   4},
        {(const uint8_t *)"\x50\2\0\1",   4},
        {(const uint8_t *)"\x62\2\0\1",   4},
        {(const uint8_t *)"\x70\2\0\1",   4},
        {(const uint8_t *)"\xd0\0",       2},
        {(const uint8_t *)"\x90\3\0\1\1", 5},
        {(const uint8_t *)"\xb0\2\0\1",   4},
    };
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(out); i++) {
        assert_int_equal(send(self, out[i]), REWRITE_GOES_ON);
        assert_wrote(&self->up, out[i]);
        ASSERT_DOWN("");
    }
    for (size_t i = 0; i < WAX_COUNT(in); i++) {
        assert_int_equal(receive(self, in[i]), REWRITE_GOES_ON);
        assert_wrote(&self->down, in[i]);
        ASSERT_UP("");
    }
    assert_int_equal(send(self, in[4]), REWRITE_ENDS);
    assert_int_equal(receive(self, out[4]), REWRITE_ENDS);
    rewriting_free(self);
}

/* --- What the program receives --- */

static void what_comes_is_opened(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_5);

    (void)state;
    assert_int_equal(receive(self, BYTES("\x35\x16\0\x08"
                                         "b/secret\0\7\0SEALED hi")),
                     REWRITE_GOES_ON);
    ASSERT_DOWN("\x35\x0d\0\6secret\0\7\0hi");
    ASSERT_UP("");
    self->waits = true;
    assert_int_equal(receive(self, BYTES("\x31\x12\0\x08"
                                         "b/secret\0SEALED ")),
                     REWRITE_WAITS);
    ASSERT_DOWN("");
    rewriting_free(self);
}

static void what_is_refused_is_acknowledged_to_the_broker(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    assert_int_equal(receive(self, BYTES("\x30\7\0\3newhi")), REWRITE_GOES_ON);
    ASSERT_UP("");
    ASSERT_DOWN("");
    assert_string_equal(self->rewrite.fault, "it is not sealed");
    assert_int_equal(receive(self, BYTES("\x32\x09\0\3new\0\7hi")), REWRITE_GOES_ON);
    ASSERT_UP("\x40\2\0\7");
    ASSERT_DOWN("");
    for (int again = 0; again < 2; again++) {
        assert_int_equal(receive(self, BYTES("\x34\x09\0\3new\0\7hi")), REWRITE_GOES_ON);
        ASSERT_UP("\x50\2\0\7");
        ASSERT_DOWN("");
    }
    assert_int_equal(receive(self, BYTES("\x62\2\0\7")), REWRITE_GOES_ON);
    ASSERT_UP("\x70\2\0\7");
    ASSERT_DOWN("");
    assert_int_equal(receive(self, BYTES("\x62\2\0\7")), REWRITE_GOES_ON);
    ASSERT_UP("");
    ASSERT_DOWN("\x62\2\0\7");
    rewriting_free(self);
}

static void a_message_is_owed_until_the_program_has_it(void **state)
{
    static const struct {
        wax_bytes came;
        wax_bytes said[2];
        bool is_owed[2];
    } rows[] = {
        {{(const uint8_t *)"\x32\x15\0\x08"
                           "b/secret\0\7SEALED 1",
          23},
         {{(const uint8_t *)"\x40\2\0\7", 4}, {(const uint8_t *)"\xc0\0", 2}},
         {false, false}},
        {{(const uint8_t *)"\x34\x15\0\x08"
                           "b/secret\0\7SEALED 1",
          23},
         {{(const uint8_t *)"\x50\2\0\7", 4}, {(const uint8_t *)"\x70\2\0\7", 4}},
         {true, false} },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct rewriting *self = opened(WAX_VERSION_3_1_1);

        assert_int_equal(receive(self, rows[i].came), REWRITE_GOES_ON);
        assert_false(self->was_owed);
        assert_int_equal(receive(self, rows[i].came), REWRITE_GOES_ON);
        assert_true(self->was_owed);
        for (size_t said = 0; said < 2; said++) {
            assert_int_equal(send(self, rows[i].said[said]), REWRITE_GOES_ON);
            assert_int_equal(receive(self, rows[i].came), REWRITE_GOES_ON);
            assert_int_equal(self->was_owed, rows[i].is_owed[said]);
            if (!rows[i].is_owed[said]) {
                break;
            }
        }
        rewriting_free(self);
    }
}

static void another_message_under_the_same_id_is_not_owed(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    assert_int_equal(receive(self, BYTES("\x32\x14\0\x08"
                                         "b/secret\0\7SEALED 1")),
                     REWRITE_GOES_ON);
    assert_int_equal(receive(self, BYTES("\x32\x14\0\x08"
                                         "b/secret\0\7SEALED 2")),
                     REWRITE_GOES_ON);
    assert_false(self->was_owed);
    rewriting_free(self);
}

static void a_message_larger_than_the_program_takes_is_passed_over(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);

    (void)state;
    self->rewrite.program_takes = 12;
    assert_int_equal(receive(self, BYTES("\x32\x14\0\x08"
                                         "b/secret\0\7SEALED 1")),
                     REWRITE_GOES_ON);
    ASSERT_UP("\x40\2\0\7");
    ASSERT_DOWN("");
    rewriting_free(self);
}

static void a_message_that_nobody_takes_is_passed_over_in_pieces(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);
    uint8_t packet[64] = "\x32\x80\x80\x40\0\3new\0\7"; /* 1 MiB */
    size_t size = 4 + 1024 * 1024;
    wax_reader in = wax_reader_over(wax_bytes_of(packet, 6));

    (void)state;
    assert_int_equal(tools_rewrite_receive(&self->rewrite, &in, &self->down, &self->up),
                     REWRITE_MORE);
    assert_int_equal(wax_reader_left(&in), 6);
    assert_int_equal(receive(self, wax_bytes_of(packet, sizeof packet)), REWRITE_GOES_ON);
    ASSERT_UP("\x40\2\0\7");
    size -= sizeof packet;
    while (size > 0) {
        static const uint8_t piece[100000];
        size_t part = size < sizeof piece ? size : sizeof piece;

        assert_int_equal(receive(self, wax_bytes_of(piece, part)), REWRITE_MORE);
        size -= part;
    }
    assert_int_equal(receive(self, BYTES("\xd0\0")), REWRITE_GOES_ON);
    ASSERT_DOWN("\xd0\0");
    assert_int_equal(receive(self, BYTES("\x90\x80\x80\x40\0\1")), REWRITE_ENDS);
    rewriting_free(self);
}

static void without_room_nothing_is_taken(void **state)
{
    struct rewriting *self = opened(WAX_VERSION_3_1_1);
    wax_reader in = wax_reader_over(BYTES("\xc0\0"));

    (void)state;
    self->up.used = CHECK_OUT_SIZE - REWRITE_PACKET_MAX + 1;
    assert_int_equal(tools_rewrite_send(&self->rewrite, &in, &self->up, &self->down), REWRITE_FULL);
    self->down.used = CHECK_OUT_SIZE - REWRITE_PACKET_MAX + 1;
    assert_int_equal(tools_rewrite_receive(&self->rewrite, &in, &self->down, &self->up),
                     REWRITE_FULL);
    assert_int_equal(wax_reader_left(&in), 2);
    rewriting_free(self);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_login_is_added_where_there_is_none),
        cmocka_unit_test(aliases_are_switched_off_and_sizes_are_ours),
        cmocka_unit_test(a_will_is_sealed_or_the_program_is_not_let_in),
        cmocka_unit_test(a_program_begins_with_connect),
        cmocka_unit_test(a_second_connect_ends_it),
        cmocka_unit_test(a_new_session_owes_nothing),
        cmocka_unit_test(what_is_published_is_sealed_under_its_packet_id),
        cmocka_unit_test(what_may_not_be_sealed_does_not_leave),
        cmocka_unit_test(who_wants_no_reasons_gets_none),
        cmocka_unit_test(an_alias_that_nobody_granted_ends_it),
        cmocka_unit_test(what_is_too_large_once_sealed_does_not_leave),
        cmocka_unit_test(filters_are_written_as_the_broker_sees_them),
        cmocka_unit_test(the_rest_passes_as_it_is),
        cmocka_unit_test(what_comes_is_opened),
        cmocka_unit_test(what_is_refused_is_acknowledged_to_the_broker),
        cmocka_unit_test(a_message_is_owed_until_the_program_has_it),
        cmocka_unit_test(another_message_under_the_same_id_is_not_owed),
        cmocka_unit_test(a_message_larger_than_the_program_takes_is_passed_over),
        cmocka_unit_test(a_message_that_nobody_takes_is_passed_over_in_pieces),
        cmocka_unit_test(without_room_nothing_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
