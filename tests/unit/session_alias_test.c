/* Topic aliases in both directions. */
#include "session_check.h"

/* Limits that let the peer make two aliases. */
static wax_session_limits two_aliases(void)
{
    wax_session_limits limits = wide_limits();

    limits.topic_alias_maximum = 2;
    return limits;
}

/* clang-format off */
static const struct {
    const char *name;
    const char *before; /* a PUBLISH that came first, or "" */
    const char *bytes;
    wax_status status;
    const char *topic;
} rows[] = {
    {"no alias",                             "",                          "30 04 0001 61 00",           WAX_OK,             "61"},
    {"an alias with its topic",              "",                          "30 07 0001 61 03 23 0002",   WAX_OK,             "61"},
    {"an alias alone [MQTT-3.3.2-12]",       "30 07 0001 61 03 23 0002",  "30 06 0000 03 23 0002",      WAX_OK,             "61"},
    {"an alias of its own [MQTT-3.3.2-12]",  "30 07 0001 61 03 23 0002",  "30 07 0001 62 03 23 0002",   WAX_OK,             "62"},
    {"an alias that nobody made",            "",                          "30 06 0000 03 23 0001",      WAX_PROTOCOL_ERROR, ""},
    {"another alias than was made",          "30 07 0001 61 03 23 0002",  "30 06 0000 03 23 0001",      WAX_PROTOCOL_ERROR, ""},
    {"above the maximum [MQTT-3.3.2-9] [MQTT-3.3.2-11]", "",              "30 07 0001 61 03 23 0003",   WAX_BAD_ALIAS,      ""},
    {"the alias 0",                          "",                          "30 07 0001 61 03 23 0000",   WAX_BAD_ALIAS,      ""},
    {"no topic and no alias",                "",                          "30 03 0000 00",              WAX_PROTOCOL_ERROR, ""},
};
/* clang-format on */

static void aliases_stand_for_topics(void **state)
{
    wax_session_limits limits = two_aliases();
    struct end end;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        for (size_t i = 0; i < WAX_COUNT(rows); i++) {
            end_open(&end, (wax_role)role, &limits);
            end_ready(&end, (wax_role)role, WAX_VERSION_5, &limits);
            if (rows[i].before[0] != '\0') {
                assert_int_equal(feed(&end, rows[i].before), WAX_OK);
            }
            check_row(rows[i].name, feed(&end, rows[i].bytes) == rows[i].status);
            check_row(rows[i].name,
                      rows[i].status != WAX_OK ||
                          wax_bytes_equal(end.event.publish.topic, hex(rows[i].topic)));
            check_row(rows[i].name, rows[i].status == WAX_OK || end.room[2] == rows[i].status);
        }
    }
}

static void without_a_maximum_there_are_no_aliases(void **state)
{
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, NULL);
    assert_int_equal(feed(&end, "30 07 0001 61 03 23 0001"), WAX_BAD_ALIAS);
    assert_true(wrote(&end, "e0 01 94"));
}

/* The last mapping holds, whatever its size, and the others stay. [MQTT-3.3.2-12] */
static void an_alias_may_change_its_topic(void **state)
{
    wax_session_limits limits = two_aliases();
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, &limits);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, &limits);
    assert_int_equal(feed(&end, "30 07 0001 61 03 23 0001"), WAX_OK);
    assert_int_equal(feed(&end, "30 07 0001 62 03 23 0002"), WAX_OK);
    assert_int_equal(feed(&end, "30 09 0003 636363 03 23 0001"), WAX_OK);
    assert_int_equal(feed(&end, "30 06 0000 03 23 0001"), WAX_OK);
    assert_true(wax_bytes_equal(end.event.publish.topic, WAX_TEXT("ccc")));
    assert_int_equal(feed(&end, "30 06 0000 03 23 0002"), WAX_OK);
    assert_true(wax_bytes_equal(end.event.publish.topic, WAX_TEXT("b")));
    assert_int_equal(end.session.aliases_in->count, 2);
}

static void without_room_nothing_is_taken(void **state)
{
    wax_session_limits limits = two_aliases();
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, &limits);
    end_ready(&end, WAX_ROLE_SERVER, WAX_VERSION_5, &limits);
    end.session.aliases_in->size = 9;
    assert_int_equal(feed(&end, "30 07 0001 61 03 23 0001"), WAX_OK);
    assert_int_equal(feed(&end, "30 07 0001 62 03 23 0002"), WAX_CROWDED);
    assert_int_equal(end.unread, 9);
    assert_int_equal(end.session.aliases_in->used, 5);
    end.session.aliases_in->size = 10;
    assert_int_equal(feed(&end, "30 07 0001 62 03 23 0002"), WAX_OK);
}

/* The peer's Topic Alias Maximum is 2. [MQTT-3.1.2-26] [MQTT-3.2.2-18] */
static void no_more_aliases_are_made_than_the_peer_takes(void **state)
{
    static const struct {
        const char *topic;
        uint16_t alias;
        bool is_new;
    } steps[] = {
        {"a", 1, true },
        {"a", 1, false},
        {"b", 2, true },
        {"c", 0, false},
        {"b", 2, false},
        {"a", 1, false}
    };
    struct end end;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        wax_connect connect = {.version = WAX_VERSION_5, .client_id = WAX_TEXT("c")};
        end_open(&end, (wax_role)role, NULL);
        if (role == WAX_ROLE_SERVER) {
            server_open(&end, "10 11 0004 4d515454 05 02 0000 03 22 0002 0001 63");
        } else {
            client_open(&end, &connect, "20 06 00 00 03 22 0002");
        }
        for (size_t i = 0; i < WAX_COUNT(steps); i++) {
            bool is_new;
            uint16_t alias =
                wax_session_alias(&end.session, wax_bytes_of_text(steps[i].topic), &is_new);
            check_row(steps[i].topic, alias == steps[i].alias && is_new == steps[i].is_new);
        }
    }
}

/* [MQTT-3.1.2-27] [MQTT-3.2.2-18] */
static void no_alias_is_made_for_a_peer_that_takes_none(void **state)
{
    struct end end;
    bool is_new;

    (void)state;
    for (int role = WAX_ROLE_CLIENT; role <= WAX_ROLE_SERVER; role++) {
        end_open(&end, (wax_role)role, NULL);
        end_ready(&end, (wax_role)role, WAX_VERSION_5, NULL);
        assert_int_equal(wax_session_alias(&end.session, WAX_TEXT("a"), &is_new), 0);
        assert_false(is_new);
        end_ready(&end, (wax_role)role, WAX_VERSION_3_1_1, NULL);
        assert_int_equal(wax_session_alias(&end.session, WAX_TEXT("a"), &is_new), 0);
    }
}

static void without_room_of_our_own_no_alias_is_made(void **state)
{
    struct end end;
    bool is_new;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    server_open(&end, "10 11 0004 4d515454 05 02 0000 03 22 0002 0001 63");
    end.session.aliases_out->size = 7;
    assert_int_equal(wax_session_alias(&end.session, WAX_TEXT("long"), &is_new), 0);
    assert_int_equal(wax_session_alias(&end.session, WAX_TEXT("abc"), &is_new), 1);
    assert_int_equal(wax_session_alias(&end.session, WAX_TEXT("d"), &is_new), 0);
    assert_int_equal(end.session.aliases_out->count, 1);
}

/* Neither what is too large nor what must wait teaches the peer an alias. [MQTT-3.3.2-12] */
static void an_alias_that_was_not_sent_is_forgotten(void **state)
{
    static const struct {
        const char *topic;
        const char *payload;
        wax_status status;
        bool is_new;
    } steps[] = {
        {"a", "too large for this peer", WAX_TOO_LARGE, true },
        {"b", "1",                       WAX_OK,        true },
        {"a", "2",                       WAX_CROWDED,   true },
        {"b", "3",                       WAX_CROWDED,   false},
        {"a", "4",                       WAX_CROWDED,   true },
    };
    struct end end;

    (void)state;
    end_open(&end, WAX_ROLE_SERVER, NULL);
    server_open(&end, "10 19 0004 4d515454 05 02 0000 0b 22 0002 21 0001 27 00000014 0001 63");
    for (size_t i = 0; i < WAX_COUNT(steps); i++) {
        uint8_t room[8];
        wax_writer properties = wax_writer_over(room, sizeof room);
        wax_publish publish = {.topic = wax_bytes_of_text(steps[i].topic),
                               .payload = wax_bytes_of_text(steps[i].payload),
                               .qos = 1};
        bool is_new;
        uint16_t alias = wax_session_alias(&end.session, publish.topic, &is_new);
        check_row(steps[i].topic, alias != 0 && is_new == steps[i].is_new);
        wax_property_write_number(&properties, WAX_TOPIC_ALIAS, alias);
        publish.properties = wax_writer_bytes(&properties);
        publish.topic.size = is_new ? publish.topic.size : 0;
        check_row(steps[i].payload,
                  wax_session_publish(&end.session, &publish, &end.out) == steps[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aliases_stand_for_topics),
        cmocka_unit_test(without_a_maximum_there_are_no_aliases),
        cmocka_unit_test(an_alias_may_change_its_topic),
        cmocka_unit_test(without_room_nothing_is_taken),
        cmocka_unit_test(no_more_aliases_are_made_than_the_peer_takes),
        cmocka_unit_test(an_alias_that_was_not_sent_is_forgotten),
        cmocka_unit_test(no_alias_is_made_for_a_peer_that_takes_none),
        cmocka_unit_test(without_room_of_our_own_no_alias_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
