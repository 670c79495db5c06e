/* Subscriptions and what a topic leads to. */
#include "router_check.h"

struct fixture {
    struct counted_memory memory;
    wax_router *router;
    wax_matches matches;
    wax_subscriber one;
    wax_subscriber other;
};

static void set_up(struct fixture *f)
{
    f->memory = counted_memory_of(0);
    assert_int_equal(wax_router_open(&f->router, &f->memory.memory, check_key), WAX_OK);
    wax_matches_init(&f->matches, &f->memory.memory);
    wax_subscriber_init(&f->one);
    wax_subscriber_init(&f->other);
}

static void tear_down(struct fixture *f)
{
    wax_matches_close(&f->matches);
    wax_router_close(f->router);
    assert_int_equal(f->memory.used, 0);
}

/* Subscribes; returns whether the subscription existed. */
static bool subscribe(struct fixture *f, wax_subscriber *subscriber, wax_interest interest)
{
    bool existed = false;

    assert_int_equal(wax_router_subscribe(f->router, subscriber, &interest, &existed), WAX_OK);
    return existed;
}

static void match(struct fixture *f, const char *topic)
{
    assert_int_equal(wax_router_match(f->router, wax_bytes_of_text(topic), &f->matches), WAX_OK);
}

/* clang-format off */
static const struct {
    const char *name;
    const char *filter;
    const char *topic;
    bool matches;
} rows[] = {
    {"the same levels",                              "a/b",      "a/b",      true },
    {"case counts [MQTT-4.7.3-4]",                   "A",        "a",        false},
    {"an empty level counts [MQTT-4.7.3-4]",         "a/b",      "a//b",     false},
    {"a last slash counts [MQTT-4.7.3-4]",           "a",        "a/",       false},
    {"a first slash counts [MQTT-4.7.3-4]",          "/a",       "a",        false},
    {"longer than the filter",                       "a",        "a/b",      false},
    {"shorter than the filter",                      "a/b",      "a",        false},
    {"+ is any level",                               "a/+/c",    "a/b/c",    true },
    {"+ is an empty level",                          "a/+",      "a/",       true },
    {"+ is one level",                               "a/+",      "a/b/c",    false},
    {"+ is a level, not none",                       "a/+",      "a",        false},
    {"+/+ is a slash",                               "+/+",      "/",        true },
    {"/+ is a slash and more",                       "/+",       "/finance", true },
    {"+ alone has no slash",                         "+",        "/finance", false},
    {"# is everything",                              "#",        "a/b/c",    true },
    {"# is a slash",                                 "#",        "/",        true },
    {"# is many levels",                             "a/#",      "a/b/c",    true },
    {"# is the parent too",                          "a/#",      "a",        true },
    {"# is the parent behind + too",                 "a/+/#",    "a/b",      true },
    {"# is not the parent's sibling",                "a/#",      "ab",       false},
    {"# is not the grandparent",                     "a/+/#",    "a",        false},
    {"# does not start with $ [MQTT-4.7.2-1]",       "#",        "$SYS/a",   false},
    {"+ does not start with $ [MQTT-4.7.2-1]",       "+/a",      "$SYS/a",   false},
    {"+/# does not start with $ [MQTT-4.7.2-1]",     "+/#",      "$SYS",     false},
    {"$SYS/# does",                                  "$SYS/#",   "$SYS/a",   true },
    {"$SYS/+ does",                                  "$SYS/+",   "$SYS/a",   true },
    {"a later $ is like any other",                  "a/+",      "a/$b",     true },
    {"a level longer than a node",
     "a/an astonishingly long level/+", "a/an astonishingly long level/b", true },
    {"a level that begins like a long one",
     "an astonishingly long level", "an astonishingly long leveL", false},
};
/* clang-format on */

static void filters_match_topics(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (unsigned shared = 0; shared < 2; shared++) {
            struct fixture f;

            set_up(&f);
            assert_false(subscribe(&f, &f.one, interest_of(rows[i].filter, shared ? "g" : "")));
            match(&f, rows[i].topic);
            check_row(rows[i].name, f.matches.count == (rows[i].matches && !shared));
            check_row(rows[i].name, f.matches.group_count == (rows[i].matches && shared));
            tear_down(&f);
        }
    }
}

static void bad_filters_are_refused(void **state)
{
    const wax_interest bad[] = {interest_of("a/#/b", ""), interest_of("", ""),
                                interest_of("a", "g/h"), interest_of("a", "+")};
    struct fixture f;
    bool existed;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < WAX_COUNT(bad); i++) {
        assert_int_equal(wax_router_subscribe(f.router, &f.one, &bad[i], &existed), WAX_BAD_FILTER);
    }
    assert_int_equal(wax_router_count(f.router), 0);
    tear_down(&f);
}

/* [MQTT-3.8.4-3] */
static void same_filter_replaces(void **state)
{
    wax_interest interest = interest_of("a/+", "");
    struct fixture f;

    (void)state;
    set_up(&f);
    interest.options.qos = 1;
    assert_false(subscribe(&f, &f.one, interest));
    interest.options.qos = 2;
    interest.options.identifier = 7;
    assert_true(subscribe(&f, &f.one, interest));
    assert_int_equal(wax_router_count(f.router), 1);
    match(&f, "a/b");
    assert_int_equal(f.matches.count, 1);
    assert_int_equal(f.matches.entries[0].options.qos, 2);
    assert_int_equal(f.matches.entries[0].options.identifier, 7);

    /* A shared subscription on the same filter is another one. */
    assert_false(subscribe(&f, &f.one, interest_of("a/+", "g")));
    assert_false(subscribe(&f, &f.one, interest_of("a/+", "h")));
    assert_int_equal(wax_router_count(f.router), 3);
    assert_int_equal(wax_router_shared_count(f.router), 2);
    tear_down(&f);
}

/* [MQTT-3.10.4-1] */
static void unsubscribing_takes_exactly_that_filter(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    (void)subscribe(&f, &f.one, interest_of("a/+", ""));
    (void)subscribe(&f, &f.one, interest_of("a/+", "g"));
    (void)subscribe(&f, &f.other, interest_of("a/+", ""));
    assert_int_equal(wax_router_unsubscribe(f.router, &f.one, WAX_TEXT("a/b"), (wax_bytes){0}),
                     WAX_NOT_FOUND);
    assert_int_equal(wax_router_unsubscribe(f.router, &f.one, WAX_TEXT("a"), (wax_bytes){0}),
                     WAX_NOT_FOUND);
    assert_int_equal(wax_router_unsubscribe(f.router, &f.other, WAX_TEXT("a/+"), WAX_TEXT("g")),
                     WAX_NOT_FOUND);
    assert_int_equal(wax_router_unsubscribe(f.router, &f.one, WAX_TEXT("a/+"), (wax_bytes){0}),
                     WAX_OK);
    assert_int_equal(wax_router_unsubscribe(f.router, &f.one, WAX_TEXT("a/+"), (wax_bytes){0}),
                     WAX_NOT_FOUND);
    match(&f, "a/b");
    assert_int_equal(f.matches.count, 1);
    assert_ptr_equal(f.matches.entries[0].subscriber, &f.other);
    assert_int_equal(f.matches.group_count, 1);
    wax_router_remove_subscriber(f.router, &f.one);
    wax_router_remove_subscriber(f.router, &f.other);
    assert_int_equal(wax_router_count(f.router), 0);
    assert_int_equal(wax_router_shared_count(f.router), 0);
    match(&f, "a/b");
    assert_int_equal(f.matches.count + f.matches.group_count, 0);
    tear_down(&f);
}

/* Overlapping filters of one subscriber form one chain. [MQTT-3.3.4-2] [MQTT-3.3.4-4] */
static void overlapping_filters_are_chained(void **state)
{
    static const char *const filters[] = {"a/b", "a/+", "#", "a/#", "+/+"};
    struct fixture f;
    uint32_t chains = 0;
    uint32_t identifiers = 0;
    uint8_t qos = 0;

    (void)state;
    set_up(&f);
    (void)subscribe(&f, &f.other, interest_of("a/b", ""));
    for (size_t i = 0; i < WAX_COUNT(filters); i++) {
        wax_interest interest = interest_of(filters[i], "");
        interest.options.identifier = 1U << i;
        interest.options.qos = i == 1 ? 2 : 0;
        (void)subscribe(&f, &f.one, interest);
    }
    for (unsigned again = 0; again < 2; again++) {
        match(&f, "a/b");
    }
    assert_int_equal(f.matches.count, 1 + WAX_COUNT(filters));
    for (uint32_t i = 0; i < f.matches.count; i++) {
        const wax_match *entry = &f.matches.entries[i];

        chains += entry->is_first ? 1U : 0U;
        if (!entry->is_first || entry->subscriber != &f.one) {
            continue;
        }
        for (uint32_t at = i; at != WAX_NO_MATCH; at = f.matches.entries[at].next) {
            entry = &f.matches.entries[at];
            assert_ptr_equal(entry->subscriber, &f.one);
            identifiers += entry->options.identifier;
            qos = entry->options.qos > qos ? entry->options.qos : qos;
        }
    }
    assert_int_equal(chains, 2);
    assert_int_equal(identifiers, 0x1f);
    assert_int_equal(qos, 2);
    tear_down(&f);
}

/* Who is asked first for the next message of the only group. */
static wax_member first_member(struct fixture *f, const char *topic)
{
    wax_members members;
    wax_member member = {0};

    match(f, topic);
    assert_int_equal(f->matches.group_count, 1);
    members = wax_group_members(f->router, f->matches.groups[0]);
    assert_true(wax_members_next(&members, &member));
    return member;
}

static void groups_take_turns(void **state)
{
    wax_subscriber members[4];
    unsigned turns[4] = {0};
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < 4; i++) {
        wax_subscriber_init(&members[i]);
        (void)subscribe(&f, &members[i], interest_of("jobs/+", "workers"));
    }
    for (unsigned round = 0; round < 20; round++) {
        wax_member member = first_member(&f, "jobs/1");
        turns[member.subscriber - members]++;
        wax_group_choose(f.router, f.matches.groups[0], &member);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(turns[i], 5);
    }
    tear_down(&f);
}

static void a_group_that_comes_back_is_another(void **state)
{
    const wax_interest interest = interest_of("jobs/+", "workers");
    wax_subscriber member;
    wax_group group;
    struct fixture f;

    (void)state;
    set_up(&f);
    assert_false(wax_group_exists(f.router, (wax_group){0}));
    wax_subscriber_init(&member);
    (void)subscribe(&f, &member, interest);
    match(&f, "jobs/1");
    group = f.matches.groups[0];
    assert_true(wax_group_exists(f.router, group));
    assert_int_equal(
        wax_router_unsubscribe(f.router, &member, interest.filter, interest.share_name), WAX_OK);
    assert_false(wax_group_exists(f.router, group));
    (void)subscribe(&f, &member, interest);
    assert_false(wax_group_exists(f.router, group));
    match(&f, "jobs/1");
    assert_int_equal(f.matches.groups[0].place, group.place); /* the same place, used again */
    assert_true(wax_group_exists(f.router, f.matches.groups[0]));
    wax_router_remove_subscriber(f.router, &member);
    (void)subscribe(&f, &member, interest_of("jobs/+", "")); /* a level in its place */
    assert_false(wax_group_exists(f.router, f.matches.groups[0]));
    tear_down(&f);
}

/* A group is known by its filter and its name, whatever else stands at the same place. */
static void groups_are_described(void **state)
{
    const wax_interest interests[] = {
        interest_of("jobs/+/new", "workers"),
        interest_of("jobs/+/new", "others"),
        interest_of("jobs/+/new", ""),
        interest_of("jobs/#", "workers"),
    };
    uint8_t room[32];
    wax_interest found;
    struct fixture f;
    unsigned seen = 0;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < WAX_COUNT(interests); i++) {
        (void)subscribe(&f, &f.one, interests[i]);
    }
    match(&f, "jobs/1/new");
    assert_int_equal(f.matches.group_count, 3);
    for (size_t i = 0; i < 3; i++) {
        wax_group group = f.matches.groups[i];
        assert_int_equal(wax_group_describe(f.router, group, room, sizeof room, &found), WAX_OK);
        wax_group same = wax_group_find(f.router, found.filter, found.share_name);
        assert_true(same.place == group.place && same.number == group.number);
        for (size_t j = 0; j < WAX_COUNT(interests); j++) {
            bool is_it = wax_bytes_equal(found.filter, interests[j].filter) &&
                         wax_bytes_equal(found.share_name, interests[j].share_name);
            seen |= is_it ? 1U << j : 0;
        }
        assert_int_equal(wax_group_describe(f.router, group, room, found.filter.size, &found),
                         WAX_OK);
        assert_int_equal(wax_group_describe(f.router, group, room, found.filter.size - 1, &found),
                         WAX_FULL);
    }
    assert_int_equal(seen, 1 + 2 + 8);
    assert_int_equal(wax_group_find(f.router, WAX_TEXT("jobs/+/new"), WAX_TEXT("no")).number, 0);
    assert_int_equal(wax_group_find(f.router, WAX_TEXT("jobs/+/new"), WAX_TEXT("")).number, 0);
    assert_int_equal(wax_group_find(f.router, WAX_TEXT("jobs/+"), WAX_TEXT("workers")).number, 0);
    wax_router_remove_subscriber(f.router, &f.one);
    tear_down(&f);
}

/* Who leaves takes nobody's turn, not even the last chosen, and the walk meets each other once. */
static void leaving_a_group_keeps_the_turn(void **state)
{
    for (unsigned leaver = 0; leaver < 4; leaver++) {
        wax_subscriber members[4];
        wax_subscriber *order[4];
        wax_member member;
        wax_members walk;
        struct fixture f;

        (void)state;
        set_up(&f);
        for (size_t i = 0; i < 4; i++) {
            wax_subscriber_init(&members[i]);
            (void)subscribe(&f, &members[i], interest_of("jobs", "workers"));
        }
        member = first_member(&f, "jobs");
        wax_group_choose(f.router, f.matches.groups[0], &member);
        walk = wax_group_members(f.router, f.matches.groups[0]);
        for (size_t i = 0; i < 4; i++) {
            assert_true(wax_members_next(&walk, &member));
            order[i] = member.subscriber;
        }
        assert_false(wax_members_next(&walk, &member));
        wax_router_remove_subscriber(f.router, order[leaver]);
        match(&f, "jobs");
        walk = wax_group_members(f.router, f.matches.groups[0]);
        for (unsigned i = 0; i < 4; i++) {
            if (i != leaver) {
                assert_true(wax_members_next(&walk, &member));
                assert_ptr_equal(member.subscriber, order[i]);
            }
        }
        assert_false(wax_members_next(&walk, &member));
        tear_down(&f);
    }
}

static void subscriptions_are_told(void **state)
{
    static const char *const filters[][2] = {
        {"a/+/#",                          ""                 },
        {"/",                              ""                 },
        {"an astonishingly long level//b", "g"                },
        {"#",                              "a long share name"}
    };
    uint8_t room[64];
    wax_interest told;
    struct fixture f;
    uint32_t at;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < WAX_COUNT(filters); i++) {
        wax_interest interest = interest_of(filters[i][0], filters[i][1]);
        interest.options.identifier = (uint32_t)i;
        (void)subscribe(&f, &f.one, interest);
    }
    assert_int_equal(f.one.count, WAX_COUNT(filters));
    at = f.one.first;
    assert_int_equal(wax_router_describe(f.router, at, room, 4, &told), WAX_FULL);
    assert_int_equal(told.filter.size, 5);
    for (size_t i = 0; i < WAX_COUNT(filters); i++) {
        size_t size = strlen(filters[i][0]);
        assert_int_equal(wax_router_describe(f.router, at, room, size, &told), WAX_OK);
        assert_true(wax_bytes_equal(told.filter, wax_bytes_of_text(filters[i][0])));
        assert_true(wax_bytes_equal(told.share_name, wax_bytes_of_text(filters[i][1])));
        assert_int_equal(told.options.identifier, i);
        at = wax_router_next(f.router, at);
    }
    assert_int_equal(at, WAX_NO_SUBSCRIPTION);
    tear_down(&f);
}

/* The deepest filter that fits, and the topic that it matches at every level. */
static void depth_is_harmless(void **state)
{
    static char filter[65536];
    static char topic[65536];
    static uint8_t room[65535];
    wax_interest told;
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < 65535; i++) {
        filter[i] = i % 2 == 0 ? '+' : '/';
        topic[i] = i % 2 == 0 ? 'a' : '/';
    }
    set_up(&f);
    (void)subscribe(&f, &f.one, interest_of(filter, ""));
    match(&f, topic);
    assert_int_equal(f.matches.count, 1);
    assert_int_equal(wax_router_describe(f.router, f.one.first, room, sizeof room, &told), WAX_OK);
    assert_true(wax_bytes_equal(told.filter, wax_bytes_of_text(filter)));
    memset(topic, '/', 65535);
    match(&f, topic);
    assert_int_equal(f.matches.count, 0);
    wax_router_remove_subscriber(f.router, &f.one);
    tear_down(&f);
}

/* 100,000 filters cost at most 200 bytes each, and do not change what one match visits. */
static void many_filters_are_cheap(void **state)
{
    enum { COUNT = 100000 };
    struct fixture f;
    char text[64];
    size_t size;

    (void)state;
    set_up(&f);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "site/%u/device/%06u/temperature", i % 10, i);
        (void)subscribe(&f, &f.one, interest_of(text, ""));
    }
    match(&f, "site/3/device/000013/temperature");
    assert_int_equal(f.matches.count, 1);
    assert_true(f.matches.visited_count <= 6);
    size = f.memory.used / COUNT;
    print_message("%zu bytes per subscription\n", size);
    assert_true(size <= 200);
    wax_router_remove_subscriber(f.router, &f.one);
    assert_int_equal(wax_router_count(f.router), 0);
    tear_down(&f);
}

/* A topic that comes again is not searched for; what has changed since counts all the same. */
static void a_topic_that_comes_again_meets_the_changes(void **state)
{
    wax_interest interest = interest_of("a/+", "");
    struct fixture f;

    (void)state;
    set_up(&f);
    match(&f, "a/b");
    assert_int_equal(f.matches.count, 0);
    (void)subscribe(&f, &f.one, interest);
    match(&f, "a/b");
    assert_int_equal(f.matches.count, 1);
    interest.options.qos = 2;
    (void)subscribe(&f, &f.one, interest);
    match(&f, "a/b");
    assert_int_equal(f.matches.entries[0].options.qos, 2);
    (void)subscribe(&f, &f.other, interest_of("a/b", "group"));
    match(&f, "a/b");
    assert_int_equal(f.matches.group_count, 1);
    assert_int_equal(wax_router_unsubscribe(f.router, &f.one, WAX_TEXT("a/+"), WAX_TEXT("")),
                     WAX_OK);
    match(&f, "a/b");
    assert_int_equal(f.matches.count, 0);
    wax_router_remove_subscriber(f.router, &f.other);
    match(&f, "a/b");
    assert_int_equal(f.matches.group_count, 0);
    tear_down(&f);
}

struct script {
    wax_router *router;
    wax_matches matches;
    wax_subscriber one;
    wax_subscriber other;
};

/* Does one thing of the script; fails as it does. */
static wax_status act(struct script *script, unsigned line)
{
    static const char *const filters[][2] = {
        {"a/b/an astonishingly long level", ""                      },
        {"a/+",                             ""                      },
        {"a/#",                             "a long name of a group"},
        {"a/b/c/d",                         ""                      }
    };
    wax_interest interest = interest_of(filters[line % 4][0], filters[line % 4][1]);
    bool existed;

    if (line < 8) {
        wax_subscriber *who = line < 4 ? &script->one : &script->other;
        return wax_router_subscribe(script->router, who, &interest, &existed);
    }
    return wax_router_match(script->router, WAX_TEXT("a/b"), &script->matches);
}

/* The k-th request for memory fails, for every k: what failed left all as it was, and works when
 * there is memory again. */
static void lack_of_memory_changes_nothing(void **state)
{
    size_t k = 0;
    bool failed;

    (void)state;
    do {
        struct counted_memory memory = counted_memory_of(++k);
        struct script script;

        failed = wax_router_open(&script.router, &memory.memory, check_key) != WAX_OK;
        if (failed) {
            assert_null(script.router);
            assert_int_equal(memory.used, 0);
            continue;
        }
        wax_matches_init(&script.matches, &memory.memory);
        wax_subscriber_init(&script.one);
        wax_subscriber_init(&script.other);
        for (unsigned line = 0; line < 9; line++) {
            uint32_t count = wax_router_count(script.router);
            wax_status status = act(&script, line);

            if (status != WAX_OK) {
                failed = true;
                assert_int_equal(status, WAX_FULL);
                assert_int_equal(wax_router_count(script.router), count);
                assert_int_equal(script.matches.count + script.matches.group_count, 0);
                assert_int_equal(act(&script, line), WAX_OK);
            }
        }
        failed = failed || memory.count >= k;
        assert_int_equal(script.matches.count, 2);
        assert_int_equal(script.matches.group_count, 1);
        wax_router_remove_subscriber(script.router, &script.one);
        wax_router_remove_subscriber(script.router, &script.other);
        assert_int_equal(wax_router_count(script.router), 0);
        wax_matches_close(&script.matches);
        wax_router_close(script.router);
        assert_int_equal(memory.used, 0);
    } while (failed);
    assert_true(k > 10);
}

/* The place of a subscription for which there is no memory is not left behind. */
static void a_failed_subscription_leaves_no_place(void **state)
{
    static wax_subscriber subscribers[1000];
    wax_interest interest = interest_of("b", "");
    wax_status status = WAX_OK;
    struct fixture f;
    bool existed;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < WAX_COUNT(subscribers) && status == WAX_OK; i++) {
        wax_subscriber_init(&subscribers[i]);
        (void)subscribe(&f, &subscribers[i], interest_of("a", ""));
        f.memory.fails = f.memory.count + 1;
        status = wax_router_subscribe(f.router, &f.one, &interest, &existed);
        f.memory.fails = 0;
        wax_router_remove_subscriber(f.router, &f.one);
    }
    assert_int_equal(status, WAX_FULL);
    match(&f, "b");
    assert_int_equal(f.matches.visited_count, 1);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_topic_that_comes_again_meets_the_changes),
        cmocka_unit_test(filters_match_topics),
        cmocka_unit_test(bad_filters_are_refused),
        cmocka_unit_test(same_filter_replaces),
        cmocka_unit_test(unsubscribing_takes_exactly_that_filter),
        cmocka_unit_test(overlapping_filters_are_chained),
        cmocka_unit_test(groups_take_turns),
        cmocka_unit_test(a_group_that_comes_back_is_another),
        cmocka_unit_test(groups_are_described),
        cmocka_unit_test(leaving_a_group_keeps_the_turn),
        cmocka_unit_test(subscriptions_are_told),
        cmocka_unit_test(depth_is_harmless),
        cmocka_unit_test(many_filters_are_cheap),
        cmocka_unit_test(lack_of_memory_changes_nothing),
        cmocka_unit_test(a_failed_subscription_leaves_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
