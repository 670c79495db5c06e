/* A router and a list say the same, whatever is subscribed, ended and matched in between, and
 * wherever memory ends. */
#include "router_check.h"

enum { SUBSCRIBERS = 8, LINES = 400, OPERATIONS = 20000 };

struct line {
    char filter[TEXT_MAX];
    const char *share_name;
    wax_subscriber *subscriber; /* NULL: the line is free */
    uint32_t identifier;
    bool seen;
};

static struct {
    struct counted_memory memory;
    wax_router *router;
    wax_matches matches;
    wax_subscriber subscribers[SUBSCRIBERS];
    struct line lines[LINES];
    uint32_t identifier;
} model;

static struct line *find_line(const wax_subscriber *subscriber, const char *filter,
                              const char *share_name)
{
    for (size_t i = 0; i < LINES; i++) {
        struct line *line = &model.lines[i];
        if (line->subscriber == subscriber && strcmp(line->filter, filter) == 0 &&
            strcmp(line->share_name, share_name) == 0) {
            return line;
        }
    }
    return NULL;
}

static struct line *free_line(void)
{
    for (size_t i = 0; i < LINES; i++) {
        if (model.lines[i].subscriber == NULL) {
            return &model.lines[i];
        }
    }
    return NULL;
}

static struct line *line_of(const wax_subscriber *subscriber, uint32_t identifier)
{
    for (size_t i = 0; i < LINES; i++) {
        struct line *line = &model.lines[i];
        if (line->subscriber == subscriber && line->identifier == identifier) {
            assert_false(line->seen);
            line->seen = true;
            return line;
        }
    }
    fail_msg("no such subscription");
    return NULL;
}

static const char *chosen_share_name(void)
{
    static const char *const names[] = {"", "", "g", "a", "a name of more than 16"};

    return names[chance(WAX_COUNT(names))];
}

static void do_subscribe(wax_subscriber *subscriber)
{
    const char *share_name = chosen_share_name();
    wax_interest interest;
    struct line *line;
    char filter[TEXT_MAX];
    wax_status status;
    bool existed;

    write_topic(filter, true);
    interest = interest_of(filter, share_name);
    interest.options.identifier = ++model.identifier;
    line = find_line(subscriber, filter, share_name);
    if (line == NULL && free_line() == NULL) {
        return;
    }
    status = wax_router_subscribe(model.router, subscriber, &interest, &existed);
    if (status == WAX_FULL) {
        assert_int_not_equal(model.memory.fails, 0);
        return;
    }
    assert_int_equal(status, WAX_OK);
    assert_int_equal(existed, line != NULL);
    if (line == NULL) {
        line = free_line();
        line->subscriber = subscriber;
        line->share_name = share_name;
        memcpy(line->filter, filter, sizeof filter);
    }
    line->identifier = model.identifier;
}

static void do_unsubscribe(wax_subscriber *subscriber)
{
    struct line *line = &model.lines[chance(LINES)];
    char filter[TEXT_MAX];
    const char *share_name = chosen_share_name();
    wax_status status;

    write_topic(filter, true);
    if (line->subscriber != NULL && chance(4) != 0) {
        subscriber = line->subscriber;
        share_name = line->share_name;
        memcpy(filter, line->filter, sizeof filter);
    }
    line = find_line(subscriber, filter, share_name);
    status = wax_router_unsubscribe(model.router, subscriber, wax_bytes_of_text(filter),
                                    wax_bytes_of_text(share_name));
    assert_int_equal(status, line != NULL ? WAX_OK : WAX_NOT_FOUND);
    if (line != NULL) {
        *line = (struct line){0};
    }
}

static void do_remove(wax_subscriber *subscriber)
{
    wax_router_remove_subscriber(model.router, subscriber);
    assert_int_equal(subscriber->count, 0);
    for (size_t i = 0; i < LINES; i++) {
        if (model.lines[i].subscriber == subscriber) {
            model.lines[i] = (struct line){0};
        }
    }
}

/* Each subscription that the subscriber has is told once. */
static void do_tell(const wax_subscriber *subscriber)
{
    uint8_t room[TEXT_MAX];
    wax_interest told;
    uint32_t count = 0;

    for (uint32_t at = subscriber->first; at != 0; at = wax_router_next(model.router, at)) {
        const struct line *line;

        assert_int_equal(wax_router_describe(model.router, at, room, sizeof room, &told), WAX_OK);
        line = line_of(subscriber, told.options.identifier);
        assert_true(wax_bytes_equal(told.filter, wax_bytes_of_text(line->filter)));
        assert_true(wax_bytes_equal(told.share_name, wax_bytes_of_text(line->share_name)));
        count++;
    }
    assert_int_equal(count, subscriber->count);
}

static void check_chains(void)
{
    const wax_matches *matches = &model.matches;
    const wax_subscriber *begun[SUBSCRIBERS] = {0};
    uint32_t chained = 0;

    for (uint32_t i = 0; i < matches->count; i++) {
        const wax_match *first = &matches->entries[i];

        if (!first->is_first) {
            continue;
        }
        assert_null(begun[first->subscriber - model.subscribers]);
        begun[first->subscriber - model.subscribers] = first->subscriber;
        for (uint32_t at = i; at != WAX_NO_MATCH; at = matches->entries[at].next) {
            assert_ptr_equal(matches->entries[at].subscriber, first->subscriber);
            chained++;
        }
    }
    assert_int_equal(chained, matches->count);
}

/* Sees the members of a group, and chooses one of them for the next time. */
static void see_group(wax_group group, const char *topic)
{
    wax_members members = wax_group_members(model.router, group);
    static uint8_t room[UINT16_MAX];
    wax_interest told;
    const struct line *one = NULL;
    wax_member member;

    assert_int_equal(wax_group_describe(model.router, group, room, sizeof room, &told), WAX_OK);
    while (wax_members_next(&members, &member)) {
        const struct line *line = line_of(member.subscriber, member.options.identifier);

        assert_true(wax_bytes_equal(told.share_name, wax_bytes_of_text(line->share_name)));
        assert_true(naive_match(line->filter, topic));
        assert_true(one == NULL || strcmp(one->filter, line->filter) == 0);
        one = line;
        if (chance(3) == 0) {
            wax_group_choose(model.router, group, &member);
        }
    }
    assert_non_null(one);
}

static void do_match(void)
{
    char topic[TEXT_MAX];
    wax_status status;

    write_topic(topic, false);
    status = wax_router_match(model.router, wax_bytes_of_text(topic), &model.matches);
    if (status == WAX_FULL) {
        assert_int_not_equal(model.memory.fails, 0);
        assert_int_equal(model.matches.count + model.matches.group_count, 0);
        return;
    }
    assert_int_equal(status, WAX_OK);
    for (uint32_t i = 0; i < model.matches.count; i++) {
        const wax_match *entry = &model.matches.entries[i];
        const struct line *line = line_of(entry->subscriber, entry->options.identifier);

        assert_string_equal(line->share_name, "");
        assert_true(naive_match(line->filter, topic));
    }
    for (uint32_t i = 0; i < model.matches.group_count; i++) {
        see_group(model.matches.groups[i], topic);
    }
    for (size_t i = 0; i < LINES; i++) {
        const struct line *line = &model.lines[i];
        if (line->subscriber != NULL && !line->seen && naive_match(line->filter, topic)) {
            fail_msg("%s does not match %s", line->filter, topic);
        }
    }
    check_chains();
}

static void operate(void)
{
    wax_subscriber *subscriber = &model.subscribers[chance(SUBSCRIBERS)];
    uint32_t which = chance(100);

    model.memory.fails = chance(4) == 0 ? model.memory.count + 1 + chance(4) : 0;
    for (size_t i = 0; i < LINES; i++) {
        model.lines[i].seen = false;
    }
    if (which < 45) {
        do_subscribe(subscriber);
    } else if (which < 65) {
        do_unsubscribe(subscriber);
    } else if (which < 66) {
        do_remove(subscriber);
    } else if (which < 75) {
        do_tell(subscriber);
    } else {
        do_match();
    }
}

/* When all subscriptions have ended, no topic leads anywhere. */
static void check_emptiness(void)
{
    model.memory.fails = 0;
    for (size_t i = 0; i < SUBSCRIBERS; i++) {
        do_remove(&model.subscribers[i]);
    }
    for (unsigned i = 0; i < 100; i++) {
        do_match();
        assert_int_equal(model.matches.visited_count, 1);
    }
}

static void a_router_is_a_list(void **state)
{
    (void)state;
    chance_start();
    model.memory = counted_memory_of(0);
    assert_int_equal(wax_router_open(&model.router, &model.memory.memory, check_key), WAX_OK);
    wax_matches_init(&model.matches, &model.memory.memory);
    for (size_t i = 0; i < SUBSCRIBERS; i++) {
        wax_subscriber_init(&model.subscribers[i]);
    }
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint32_t count = 0;
        uint32_t shared_count = 0;

        operate();
        for (size_t j = 0; j < LINES; j++) {
            count += model.lines[j].subscriber != NULL ? 1U : 0U;
            shared_count +=
                model.lines[j].subscriber != NULL && model.lines[j].share_name[0] != '\0' ? 1U : 0U;
        }
        assert_int_equal(wax_router_count(model.router), count);
        assert_int_equal(wax_router_shared_count(model.router), shared_count);
    }
    check_emptiness();
    wax_matches_close(&model.matches);
    wax_router_close(model.router);
    assert_int_equal(model.memory.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_router_is_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
