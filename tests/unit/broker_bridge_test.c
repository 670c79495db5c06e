/* What a bridge reckons with: topics from one side to the other and back, waits, blocks compared.
 */
#include "../check.h"

#include <stdlib.h>

#include "broker/bridge_map.h"

enum { ROUNDS = 20000, ROOM_SIZE = 256 };

static uint64_t seed;

static unsigned pick(unsigned count)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % count;
}

/* Whether the text is taken; what is wrong with it is no matter here. */
static bool take(wax_config *config, const char *lines)
{
    char text[2048];
    wax_config_report report = {0};

    (void)snprintf(text, sizeof text, "connection c\naddress h\n%s", lines);
    bool is_good = wax_config_parse(config, wax_bytes_of_text(text), "t.conf", &report) == WAX_OK;
    wax_config_report_free(&report);
    return is_good;
}

static void parse(wax_config *config, const char *lines)
{
    if (!take(config, lines)) {
        fail_msg("refused: %s", lines);
    }
}

/* What the topic is called at the other side, or NULL; lives until the next call. */
static const char *map(const wax_config *config, uint32_t direction, const char *topic)
{
    static char room[ROOM_SIZE];
    wax_writer out = wax_writer_over(room, sizeof room - 1);

    if (!wax_bridge_map(&config->bridges[0], direction, wax_bytes_of_text(topic), &out)) {
        return NULL;
    }
    room[out.used] = '\0';
    return room;
}

struct row {
    const char *name;
    const char *lines;
    uint32_t direction;
    const char *topic;
    const char *mapped; /* NULL: it does not cross */
};

/* clang-format off */
static const struct row rows[] = {
    {"without prefixes all stays",          "topic # both\n",                             WAX_BRIDGE_OUT, "a/b",          "a/b"},
    {"out is the default",                  "topic a\n",                                  WAX_BRIDGE_OUT, "a",            "a"},
    {"and not in",                          "topic a\n",                                  WAX_BRIDGE_IN,  "a",            NULL},
    {"in is not out",                       "topic a in\n",                               WAX_BRIDGE_OUT, "a",            NULL},
    {"what no line names stays here",       "topic a/+ out\n",                            WAX_BRIDGE_OUT, "a/b/c",        NULL},
    {"a prefix goes and another comes",     "topic +/t out 1 here/ there/\n",             WAX_BRIDGE_OUT, "here/a/t",     "there/a/t"},
    {"and back",                            "topic +/t both 1 here/ there/\n",            WAX_BRIDGE_IN,  "there/a/t",    "here/a/t"},
    {"a local prefix alone",                "topic # out 0 here/\n",                      WAX_BRIDGE_OUT, "here/a",       "a"},
    {"a remote prefix alone",               "topic # out 0 \"\" there/\n",                WAX_BRIDGE_OUT, "a",            "there/a"},
    {"nothing but prefixes",                "topic \"\" out 0 here there/now\n",          WAX_BRIDGE_OUT, "here",         "there/now"},
    {"a pattern with a blank",              "topic \"a b/#\" out 0 x/ y/\n",              WAX_BRIDGE_OUT, "x/a b/c",      "y/a b/c"},
    {"a prefix with a blank",               "topic a out 0 \"x y/\"\n",                   WAX_BRIDGE_OUT, "x y/a",        "a"},
    {"the level above a #",                 "topic # out 0 here/ there/\n",               WAX_BRIDGE_OUT, "here",         "there"},
    {"which has no name without prefix",    "topic # out 0 here/\n",                      WAX_BRIDGE_OUT, "here",         NULL},
    {"the first line that matches decides", "topic a out 0 \"\" x/\ntopic # out 0 \"\" y/\n", WAX_BRIDGE_OUT, "a",        "x/a"},
    {"the next where it does not",          "topic a out 0 \"\" x/\ntopic # out 0 \"\" y/\n", WAX_BRIDGE_OUT, "b",        "y/b"},
    {"wildcards do not name $ topics",      "topic # out\n",                              WAX_BRIDGE_OUT, "$SYS/a",       NULL},
    {"lines do",                            "topic # out 0 $SYS/broker/ far/\n",          WAX_BRIDGE_OUT, "$SYS/broker/a", "far/a"},
    {"nothing becomes a $ topic by itself", "topic # in 0 \"\" far/\n",                   WAX_BRIDGE_IN,  "far/$SYS/a",   NULL},
    {"a prefix is bytes, not a level",      "topic a out 0 x y\n",                        WAX_BRIDGE_OUT, "xa",           "ya"},
};
/* clang-format on */

static void topics_change_by_the_first_line_that_names_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_config config;
        parse(&config, rows[i].lines);
        const char *mapped = map(&config, rows[i].direction, rows[i].topic);
        check_row(rows[i].name, (mapped == NULL) == (rows[i].mapped == NULL));
        check_row(rows[i].name, mapped == NULL || strcmp(mapped, rows[i].mapped) == 0);
        wax_config_free(&config);
    }
}

static void a_topic_that_is_too_long_does_not_cross(void **state)
{
    (void)state;
    wax_config config;
    uint8_t room[8];
    parse(&config, "topic # out 0 \"\" 1234567/\n");
    wax_writer out = wax_writer_over(room, sizeof room);
    assert_false(wax_bridge_map(&config.bridges[0], WAX_BRIDGE_OUT, WAX_TEXT("a"), &out));
    wax_config_free(&config);
}

static void make(char *text, const char *const *parts, unsigned count)
{
    size_t used = 0;
    for (unsigned left = 1 + pick(4); left > 0; left--) {
        used += (size_t)snprintf(text + used, ROOM_SIZE - used, "%s%s", parts[pick(count)],
                                 left > 1 ? "/" : "");
    }
}

/* Any line and any topic: what crosses comes back as what it was, and is what was subscribed to. */
static void what_crosses_comes_back_as_it_was(void **state)
{
    static const char *const levels[] = {"a", "b", "", "+", "+", "$x"};
    static const char *const ends[] = {"", "/#"};
    static const char *const prefixes[] = {"\"\"", "a", "a/", "b/a/", "/", "$x/"};
    static const char *const topics[] = {"a", "b", "", "ab", "$x"};
    unsigned crossed = 0;
    (void)state;
    seed = 7;
    for (int i = 0; i < ROUNDS; i++) {
        char pattern[ROOM_SIZE];
        char topic[ROOM_SIZE];
        char line[2 * ROOM_SIZE];
        wax_config config;
        make(pattern, levels, WAX_COUNT(levels));
        make(topic, topics, WAX_COUNT(topics));
        (void)snprintf(line, sizeof line, "topic \"%s%s\" both 0 %s %s\n", pattern, ends[pick(2)],
                       prefixes[pick(WAX_COUNT(prefixes))], prefixes[pick(WAX_COUNT(prefixes))]);
        if (topic[0] == '\0' || !take(&config, line)) {
            continue;
        }
        const char *there = map(&config, WAX_BRIDGE_OUT, topic);
        if (there) {
            char copy[ROOM_SIZE];
            (void)snprintf(copy, sizeof copy, "%s", there);
            const char *back = map(&config, WAX_BRIDGE_IN, copy);
            check_row(line, back && strcmp(back, topic) == 0);
            crossed++;
        }
        wax_config_free(&config);
    }
    assert_true(crossed > ROUNDS / 100);
}

static void waits_grow_up_to_their_cap(void **state)
{
    static const uint32_t alike[3] = {7, 0, 0};
    static const uint32_t growing[3] = {5, 30, 0};
    uint32_t last = 0;
    uint32_t longest = 0;
    (void)state;
    assert_int_equal(wax_bridge_wait_ms(alike, 0, 12345), 7000);
    assert_int_equal(wax_bridge_wait_ms(alike, 7000, 54321), 7000);
    assert_int_equal(wax_bridge_wait_ms(growing, 0, 0), 5000);
    assert_true(wax_bridge_wait_ms(growing, 0, UINT32_MAX) <= 15000);
    for (uint32_t i = 0; i < 1000; i++) {
        last = wax_bridge_wait_ms(growing, last, i * 2654435761U);
        assert_in_range(last, 5000, 30000);
        longest = last > longest ? last : longest;
    }
    assert_true(longest > 20000);
}

static void a_block_equals_itself_and_nothing_else(void **state)
{
    static const char *const lines[] = {"topic a\n",
                                        "topic b\n",
                                        "topic a in\n",
                                        "topic a out 1\n",
                                        "topic a out 0 x\n",
                                        "topic a\ntopic b\n",
                                        "topic a\nkeepalive_interval 9\n",
                                        "topic a\nremote_username u\n",
                                        "topic a\naddress i\n",
                                        "topic a\nrestart_timeout 5 30 1\n"};
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(lines); i++) {
        for (size_t j = 0; j < WAX_COUNT(lines); j++) {
            wax_config one;
            wax_config other;
            parse(&one, lines[i]);
            parse(&other, lines[j]);
            check_row(lines[i], wax_bridge_equals(&one.bridges[0], &other.bridges[0]) == (i == j));
            wax_config_free(&one);
            wax_config_free(&other);
        }
    }
}

static void names_that_are_not_written_are_made(void **state)
{
    (void)state;
    wax_config config;
    parse(&config, "remote_clientid far\ncleansession true\n");
    assert_string_equal(config.bridges[0].local_clientid, "local.far");
    assert_true(config.bridges[0].local_cleansession);
    wax_config_free(&config);
    parse(&config, "cleansession true\nlocal_cleansession false\n");
    assert_non_null(strstr(config.bridges[0].remote_clientid, ".c"));
    assert_false(config.bridges[0].local_cleansession);
    wax_config_free(&config);
}

static void addresses_have_ports(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
    } wanted[] = {
        {"h",           1883},
        {"example.org", 1   },
        {"::1",         2   },
        {"::1",         1883},
        {"/run/a:b",    1883}
    };
    (void)state;
    wax_config config;
    parse(&config, "addresses example.org:1 [::1]:2 ::1 # no\naddress /run/a:b\n");
    assert_int_equal(config.bridges[0].address_count, WAX_COUNT(wanted));
    for (size_t i = 0; i < WAX_COUNT(wanted); i++) {
        assert_string_equal(config.bridges[0].addresses[i].host, wanted[i].host);
        assert_int_equal(config.bridges[0].addresses[i].port, wanted[i].port);
    }
    wax_config_free(&config);
}

static void an_explanation_keeps_the_password(void **state)
{
    (void)state;
    wax_config config;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    parse(&config, "remote_username u\nremote_password hunter2\ntopic \"a b\" in 1 x/ \"y z/\"\n");
    wax_config_explain(&config, out);
    (void)fclose(out);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "# t.conf:4\n# remote_password is set, and not shown\n"));
    assert_non_null(strstr(text, "topic \"a b\" in 1 x/ \"y z/\"\n"));
    free(text);
    wax_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_change_by_the_first_line_that_names_them),
        cmocka_unit_test(a_topic_that_is_too_long_does_not_cross),
        cmocka_unit_test(what_crosses_comes_back_as_it_was),
        cmocka_unit_test(waits_grow_up_to_their_cap),
        cmocka_unit_test(a_block_equals_itself_and_nothing_else),
        cmocka_unit_test(names_that_are_not_written_are_made),
        cmocka_unit_test(addresses_have_ports),
        cmocka_unit_test(an_explanation_keeps_the_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
