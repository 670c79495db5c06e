/* Rules against an oracle that reads Mosquitto's manual the slow way: it splits levels into arrays,
 * builds the text of every pattern, and finds out what overlaps by trying all small topics. The
 * seed is printed; WAX_SEED=number repeats a run. */
#include "../access_memory.h"
#include "../check.h"

#include "access/access.h"

enum {
    ROUNDS = 4000,
    RULES_MAX = 6,
    TEXT_SIZE = 96,
    LEVELS_MAX = 24,
    TOPICS_MAX = 1024,
};

static uint64_t seed;

static unsigned pick(unsigned count)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % count;
}

/* Topics, filters and names are made of few letters, so that they meet often. */
static const char *const topic_levels[] = {"", "a", "b", "ab", "$a"};
static const char *const filter_levels[] = {"", "a", "b", "ab", "$a", "+", "+"};
static const char *const pattern_levels[] = {"a", "b", "+", "%c", "%u", "a%c", "%u%c", "%cb", "$a"};
static const char *const names[] = {"a", "b", "ab", "", "$a", "#", "+", "a/b"};

static void add(char *text, const char *more)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, TEXT_SIZE - used, "%s", more);
}

static void make(char *text, const char *const *levels, unsigned count, bool may_end_in_hash)
{
    unsigned level_count = 1 + pick(3);

    text[0] = '\0';
    for (unsigned i = 0; i < level_count; i++) {
        add(text, i == 0 ? "" : "/");
        if (may_end_in_hash && i + 1 == level_count && pick(3) == 0) {
            add(text, "#");
        } else {
            add(text, levels[pick(count)]);
        }
    }
    if (text[0] == '\0') {
        add(text, "a");
    }
}

struct levels {
    char text[LEVELS_MAX][TEXT_SIZE];
    int count;
};

static struct levels split(const char *text)
{
    struct levels levels = {.count = 1};
    size_t at = 0;

    for (; *text != '\0'; text++) {
        if (*text == '/') {
            levels.count++;
            at = 0;
        } else {
            levels.text[levels.count - 1][at++] = *text;
        }
    }
    return levels;
}

static bool oracle_matches(const char *filter, const char *topic)
{
    struct levels f = split(filter);
    struct levels t = split(topic);
    int level = 0;

    if (topic[0] == '$' && (filter[0] == '+' || filter[0] == '#')) {
        return false;
    }
    for (; level < f.count; level++) {
        if (strcmp(f.text[level], "#") == 0) {
            return level <= t.count;
        }
        if (level >= t.count ||
            (strcmp(f.text[level], "+") != 0 && strcmp(f.text[level], t.text[level]) != 0)) {
            return false;
        }
    }
    return level == t.count;
}

struct oracle_rule {
    char filter[TEXT_SIZE];
    char user[TEXT_SIZE]; /* "" with is_anonymous or is_pattern */
    bool is_pattern, is_anonymous, denies, reads, writes;
    size_t line;
};

struct world {
    struct oracle_rule rules[RULES_MAX];
    int count;
    char file[2048];
};

static const char *const accesses[] = {"", "read ", "write ", "readwrite ", "deny "};

/* Makes a file and, beside it, what it means. */
static struct world make_world(void)
{
    struct world world = {.count = (int)pick(RULES_MAX + 1)};
    const char *user = NULL;
    size_t line = 0;
    size_t used = 0;

    for (int i = 0; i < world.count; i++) {
        struct oracle_rule *rule = &world.rules[i];
        unsigned access = pick(5);

        if (pick(2) == 0) {
            user = names[pick(3)];
            used +=
                (size_t)snprintf(world.file + used, sizeof world.file - used, "user %s\n", user);
            line++;
        }
        rule->is_pattern = pick(3) == 0;
        rule->is_anonymous = !rule->is_pattern && user == NULL;
        rule->denies = access == 4;
        rule->reads = access != 2 && access != 4;
        rule->writes = access != 1 && access != 4;
        rule->line = ++line;
        add(rule->user, user == NULL || rule->is_pattern ? "" : user);
        if (rule->is_pattern) {
            make(rule->filter, pattern_levels, WAX_COUNT(pattern_levels), true);
        } else {
            make(rule->filter, filter_levels, WAX_COUNT(filter_levels), true);
        }
        used += (size_t)snprintf(world.file + used, sizeof world.file - used, "%s %s%s\n",
                                 rule->is_pattern ? "pattern" : "topic", accesses[access],
                                 rule->filter);
    }
    return world;
}

/* Puts the names into a pattern; false if the pattern is not about this identity. */
static bool put_names(const char *pattern, const char *user, const char *client_id, char *text)
{
    text[0] = '\0';
    for (; *pattern != '\0'; pattern++) {
        const char letter[2] = {*pattern, '\0'};

        if (pattern[0] == '%' && pattern[1] == 'c') {
            add(text, client_id);
            pattern++;
        } else if (pattern[0] == '%' && pattern[1] == 'u') {
            if (user == NULL) {
                return false;
            }
            add(text, user);
            pattern++;
        } else {
            add(text, letter);
        }
    }
    return true;
}

static bool is_odd(const char *name, bool slash_is_odd)
{
    return name != NULL && strpbrk(name, slash_is_odd ? "+#/" : "+#") != NULL;
}

static bool uses(const struct world *world, const char *placeholder)
{
    for (int i = 0; i < world->count; i++) {
        if (world->rules[i].is_pattern && strstr(world->rules[i].filter, placeholder) != NULL) {
            return true;
        }
    }
    return false;
}

struct asker {
    const char *user; /* NULL: anonymous */
    const char *client_id;
};

static bool speaks(const struct oracle_rule *rule, struct asker who, bool is_read,
                   const char *topic)
{
    char filter[TEXT_SIZE];

    if (!(rule->denies || (is_read ? rule->reads : rule->writes))) {
        return false;
    }
    if (rule->is_pattern) {
        if (!put_names(rule->filter, who.user, who.client_id, filter)) {
            return false;
        }
    } else if (rule->is_anonymous ? who.user != NULL
                                  : who.user == NULL || strcmp(who.user, rule->user) != 0) {
        return false;
    } else {
        (void)snprintf(filter, sizeof filter, "%s", rule->filter);
    }
    return (topic[0] == '$') == (rule->filter[0] == '$') && oracle_matches(filter, topic);
}

/* The line that decides, 0 if none does. */
static size_t oracle_judge(const struct world *world, struct asker who, bool is_read,
                           const char *topic, bool *is_allowed)
{
    bool patterns_hold =
        !is_odd(who.user, uses(world, "%u")) && !is_odd(who.client_id, uses(world, "%c"));

    for (int step = 0; step < 4; step++) {
        bool wants_pattern = step >= 2;
        bool wants_denial = step % 2 == 0;

        for (int i = 0; i < world->count; i++) {
            const struct oracle_rule *rule = &world->rules[i];

            if (rule->is_pattern == wants_pattern && rule->denies == wants_denial &&
                (!wants_pattern || patterns_hold) && speaks(rule, who, is_read, topic)) {
                *is_allowed = !rule->denies;
                return rule->line;
            }
        }
    }
    *is_allowed = false;
    return 0;
}

static char topics[TOPICS_MAX][TEXT_SIZE];
static size_t topic_count;

/* All topics of one to four levels over a few letters. */
static void make_topics(const char *start, int levels)
{
    for (size_t i = 0; i < WAX_COUNT(topic_levels); i++) {
        char topic[TEXT_SIZE] = "";

        add(topic, start);
        add(topic, topic_levels[i]);
        if (topic[0] != '\0') {
            assert_true(topic_count < TOPICS_MAX);
            memcpy(topics[topic_count++], topic, sizeof topic);
        }
        if (levels > 1) {
            add(topic, "/");
            make_topics(topic, levels - 1);
        }
    }
}

static void judging_agrees_with_the_oracle(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world = make_world();
        struct test_memory memory = test_memory_open();
        wax_rules rules;
        wax_access_fault fault;
        struct asker who = {pick(4) == 0 ? NULL : names[pick(8)], names[pick(8)]};
        wax_access_identity identity = {wax_bytes_of_text(who.user), who.user != NULL,
                                        wax_bytes_of_text(who.client_id)};
        wax_access access;

        assert_int_equal(
            wax_rules_parse(&rules, &memory.memory, wax_bytes_of_text(world.file), &fault), WAX_OK);
        access = wax_rules_for(&rules, &identity);
        for (size_t i = 0; i < topic_count; i += 1 + pick(16)) {
            bool is_read = pick(2) == 0;
            bool is_allowed;
            size_t line;
            size_t expected = oracle_judge(&world, who, is_read, topics[i], &is_allowed);
            bool got = wax_access_judge(&access, is_read ? WAX_ACTION_READ : WAX_ACTION_WRITE,
                                        wax_bytes_of_text(topics[i]), &line);

            if (got != is_allowed || line != expected) {
                fail_msg("%s of %s by user %s, client %s under\n%s: %d by line %zu, not %d by %zu",
                         is_read ? "read" : "write", topics[i], who.user ? who.user : "(none)",
                         who.client_id, world.file, got, line, is_allowed, expected);
            }
        }
        wax_rules_close(&rules);
    }
}

/* Nothing that is read could not have been subscribed to. */
static void subscribing_is_allowed_where_reading_is(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct world world = make_world();
        struct test_memory memory = test_memory_open();
        wax_rules rules;
        wax_access_fault fault;
        struct asker who = {pick(4) == 0 ? NULL : names[pick(5)], names[pick(5)]};
        wax_access_identity identity = {wax_bytes_of_text(who.user), who.user != NULL,
                                        wax_bytes_of_text(who.client_id)};
        wax_access access;
        char filter[TEXT_SIZE];
        bool is_some_read = false;

        make(filter, filter_levels, WAX_COUNT(filter_levels), true);
        assert_int_equal(
            wax_rules_parse(&rules, &memory.memory, wax_bytes_of_text(world.file), &fault), WAX_OK);
        access = wax_rules_for(&rules, &identity);
        for (size_t i = 0; i < topic_count && !is_some_read; i++) {
            is_some_read = oracle_matches(filter, topics[i]);
            if (is_some_read) {
                (void)oracle_judge(&world, who, true, topics[i], &is_some_read);
            }
        }
        if (is_some_read && !wax_access_may_subscribe(&access, wax_bytes_of_text(filter))) {
            fail_msg("user %s, client %s may not subscribe to %s under\n%s",
                     who.user ? who.user : "(none)", who.client_id, filter, world.file);
        }
        wax_rules_close(&rules);
    }
}

static void filters_agree_with_the_oracle(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char one[TEXT_SIZE];
        char other[TEXT_SIZE];
        bool meet = false;
        bool contains = true;

        make(one, filter_levels, WAX_COUNT(filter_levels), true);
        make(other, filter_levels, WAX_COUNT(filter_levels), true);
        for (size_t i = 0; i < topic_count; i++) {
            bool is_in_one = oracle_matches(one, topics[i]);
            bool is_in_other = oracle_matches(other, topics[i]);

            meet = meet || (is_in_one && is_in_other);
            contains = contains && (is_in_one || !is_in_other);
            check_row(one, wax_filter_matches(wax_bytes_of_text(one),
                                              wax_bytes_of_text(topics[i])) == is_in_one);
        }
        if (wax_filter_overlaps(wax_bytes_of_text(one), wax_bytes_of_text(other)) != meet) {
            fail_msg("%s and %s: the oracle says %d", one, other, meet);
        }
        check_row(one,
                  contains || !wax_filter_covers(wax_bytes_of_text(one), wax_bytes_of_text(other)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_agree_with_the_oracle),
        cmocka_unit_test(judging_agrees_with_the_oracle),
        cmocka_unit_test(subscribing_is_allowed_where_reading_is),
    };
    const char *wanted = getenv("WAX_SEED");

    seed = wanted != NULL ? strtoull(wanted, NULL, 10) : 20240601U;
    printf("WAX_SEED=%llu\n", (unsigned long long)seed);
    make_topics("", 4);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
