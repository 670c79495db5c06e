/* Retained messages, and walks that rest while they change. */
#include "router_check.h"

struct fixture {
    struct counted_memory memory;
    wax_retained *retained;
};

static void set_up(struct fixture *f)
{
    f->memory = counted_memory_of(0);
    assert_int_equal(wax_retained_open(&f->retained, &f->memory.memory, check_key), WAX_OK);
}

static void tear_down(struct fixture *f)
{
    wax_retained_close(f->retained);
    assert_int_equal(f->memory.used, 0);
}

/* Keeps a message and returns the one it replaces. */
static void *put(struct fixture *f, const char *topic, void *message)
{
    void *replaced = f;

    assert_int_equal(wax_retained_put(f->retained, wax_bytes_of_text(topic), message, &replaced),
                     WAX_OK);
    return replaced;
}

static void *take(struct fixture *f, const char *topic)
{
    void *removed = f;

    assert_int_equal(wax_retained_remove(f->retained, wax_bytes_of_text(topic), &removed), WAX_OK);
    return removed;
}

/* [MQTT-3.3.1-5] [MQTT-3.3.1-6] */
static void one_message_per_topic(void **state)
{
    struct fixture f;
    int old = 0;
    int young = 0;
    void *removed = &old;

    (void)state;
    set_up(&f);
    assert_null(put(&f, "a/b", &old));
    assert_ptr_equal(put(&f, "a/b", &young), &old);
    assert_null(put(&f, "a", &old));
    assert_int_equal(wax_retained_count(f.retained), 2);
    assert_ptr_equal(wax_retained_find(f.retained, WAX_TEXT("a/b")), &young);
    assert_null(wax_retained_find(f.retained, WAX_TEXT("a/b/c")));
    assert_null(wax_retained_find(f.retained, WAX_TEXT("b")));
    assert_ptr_equal(take(&f, "a"), &old);
    assert_ptr_equal(wax_retained_find(f.retained, WAX_TEXT("a/b")), &young);
    assert_int_equal(wax_retained_remove(f.retained, WAX_TEXT("a"), &removed), WAX_NOT_FOUND);
    assert_null(removed);
    assert_int_equal(wax_retained_remove(f.retained, WAX_TEXT("x"), &removed), WAX_NOT_FOUND);
    assert_ptr_equal(take(&f, "a/b"), &young);
    assert_int_equal(wax_retained_count(f.retained), 0);
    tear_down(&f);
}

static const char *const topics[] = {
    "a",    "a/b",  "a/b/c",  "a/c",    "b",    "/",  "/b",      "a/",
    "a//b", "$SYS", "$SYS/a", "$SYS/b", "b/$c", "ab", "a/b/c/d", "an astonishingly long level/b"};

/* clang-format off */
static const struct {
    const char *filter;
    const char *visited; /* the topics, each with a blank behind, in the order of the table */
} rows[] = {
    {"a",        "a "},
    {"a/b",      "a/b "},
    {"c",        ""},
    {"a/b/c/d/e", ""},
    {"+",        "a b ab "},
    {"a/+",      "a/b a/c a/ "},
    {"+/b",      "a/b /b an astonishingly long level/b "},
    {"+/+",      "a/b a/c / /b a/ b/$c an astonishingly long level/b "},
    {"+/+/c",    "a/b/c "},
    {"+//+",     "a//b "},
    {"a/#",      "a a/b a/b/c a/c a/ a//b a/b/c/d "},
    {"a/b/c/d/#", "a/b/c/d "},
    {"+/b/#",    "a/b a/b/c /b a/b/c/d an astonishingly long level/b "},
    {"+/#",      "a a/b a/b/c a/c b / /b a/ a//b b/$c ab a/b/c/d an astonishingly long level/b "},
    {"#",        "a a/b a/b/c a/c b / /b a/ a//b b/$c ab a/b/c/d an astonishingly long level/b "},
    {"+/a",      ""},                       /* not $SYS/a [MQTT-4.7.2-1] */
    {"$SYS/#",   "$SYS $SYS/a $SYS/b "},
    {"$SYS/+",   "$SYS/a $SYS/b "},
    {"b/+",      "b/$c "},
    {"",         "a a/b a/b/c a/c b / /b a/ a//b $SYS $SYS/a $SYS/b b/$c ab a/b/c/d "
                 "an astonishingly long level/b "},
};
/* clang-format on */

/* Walks with `steps` at a time and counts how often each topic was visited. */
static void walk_over(wax_retained *retained, const char *filter, uint32_t steps, unsigned *counts)
{
    wax_retained_walk walk;
    wax_status status;

    wax_retained_walk_begin(&walk, retained, wax_bytes_of_text(filter));
    do {
        uint32_t left = steps;
        void *message;

        status = wax_retained_next(&walk, &left, &message);
        assert_int_equal(message != NULL, status == WAX_OK);
        if (status == WAX_OK) {
            counts[(const char *const *)message - topics]++;
        }
    } while (status != WAX_NOT_FOUND);
    wax_retained_walk_end(&walk);
}

static void walks_visit_what_the_filter_matches(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        (void)put(&f, topics[i], (void *)(uintptr_t)&topics[i]);
    }
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (uint32_t steps = 1; steps < 100; steps *= 3) {
            unsigned counts[WAX_COUNT(topics)] = {0};
            char visited[256] = "";
            size_t used = 0;

            walk_over(f.retained, rows[i].filter, steps, counts);
            for (size_t j = 0; j < WAX_COUNT(topics); j++) {
                check_row(rows[i].filter, counts[j] <= 1);
                if (counts[j] == 1) {
                    int added = snprintf(visited + used, sizeof visited - used, "%s ", topics[j]);
                    used += (size_t)added;
                }
            }
            check_row(rows[i].filter, strcmp(visited, rows[i].visited) == 0);
        }
    }
    tear_down(&f);
}

static void steps_bound_a_call(void **state)
{
    wax_retained_walk walk;
    struct fixture f;
    uint32_t steps = 50;
    char topic[16];
    void *message;

    (void)state;
    set_up(&f);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(topic, sizeof topic, "%u/a", i);
        (void)put(&f, topic, &f);
    }
    wax_retained_walk_begin(&walk, f.retained, WAX_TEXT("+/b"));
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_MORE);
    assert_int_equal(steps, 0);
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_MORE);
    steps = 1000;
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_NOT_FOUND);
    assert_true(steps > 500);
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_NOT_FOUND);
    wax_retained_walk_end(&walk);
    tear_down(&f);
}

/* The place where a walk rests may lose its message, its siblings and its children. */
static void a_walk_rests_safely(void **state)
{
    static const char *const all[] = {"a/1", "a/2", "a/3", "a/2/x", "b/1"};
    wax_retained_walk walk;
    struct fixture f;

    (void)state;
    for (unsigned visits = 0; visits <= WAX_COUNT(all); visits++) {
        uint32_t steps = 1000;
        void *message;

        set_up(&f);
        for (size_t i = 0; i < WAX_COUNT(all); i++) {
            (void)put(&f, all[i], &f);
        }
        wax_retained_walk_begin(&walk, f.retained, WAX_TEXT("#"));
        for (unsigned i = 0; i < visits; i++) {
            assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_OK);
        }
        for (size_t i = 0; i < WAX_COUNT(all); i++) {
            (void)take(&f, all[i]);
        }
        assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_NOT_FOUND);
        wax_retained_walk_end(&walk);
        assert_null(put(&f, "a/2", &f));
        tear_down(&f);
    }
}

static void an_unfinished_walk_ends(void **state)
{
    wax_retained_walk walk;
    struct fixture f;
    uint32_t steps = 2;
    void *message;

    (void)state;
    set_up(&f);
    (void)put(&f, "a/b/c", &f);
    wax_retained_walk_begin(&walk, f.retained, WAX_TEXT("#"));
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_MORE);
    (void)take(&f, "a/b/c");
    wax_retained_walk_end(&walk);
    wax_retained_walk_begin(&walk, f.retained, WAX_TEXT("#"));
    steps = 2;
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_NOT_FOUND);
    assert_int_equal(steps, 1);
    wax_retained_walk_end(&walk);
    tear_down(&f);
}

static void depth_is_harmless(void **state)
{
    static char topic[65536];
    wax_retained_walk walk;
    struct fixture f;
    uint32_t steps = 200000;
    void *message;

    (void)state;
    memset(topic, '/', 65535);
    set_up(&f);
    (void)put(&f, topic, &f);
    wax_retained_walk_begin(&walk, f.retained, WAX_TEXT("#"));
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_OK);
    assert_ptr_equal(take(&f, topic), &f);
    assert_int_equal(wax_retained_next(&walk, &steps, &message), WAX_NOT_FOUND);
    wax_retained_walk_end(&walk);
    tear_down(&f);
}

/* 64 bytes of payload, the topic and the head of a packet leave the tree 100 of the 250 bytes that
 * a retained message may cost. */
static void many_messages_are_cheap(void **state)
{
    enum { COUNT = 100000 };
    struct fixture f;
    char topic[64];
    size_t size;

    (void)state;
    set_up(&f);
    for (unsigned i = 0; i < COUNT; i++) {
        (void)snprintf(topic, sizeof topic, "site/%u/device/%06u", i % 10, i);
        (void)put(&f, topic, &f);
    }
    size = f.memory.used / COUNT;
    print_message("%zu bytes per retained message, without the message\n", size);
    assert_true(size <= 100);
    tear_down(&f);
}

static void lack_of_memory_changes_nothing(void **state)
{
    static const char *const script[] = {"a/b/c", "a", "an astonishingly long level/b", "a/b/c"};
    size_t k = 0;
    bool failed;

    (void)state;
    do {
        struct counted_memory memory = counted_memory_of(++k);
        wax_retained *retained;
        void *old;

        failed = wax_retained_open(&retained, &memory.memory, check_key) != WAX_OK;
        for (size_t i = 0; i < WAX_COUNT(script) && !failed; i++) {
            wax_bytes topic = wax_bytes_of_text(script[i]);
            uint32_t count = wax_retained_count(retained);

            if (wax_retained_put(retained, topic, &memory, &old) != WAX_OK) {
                failed = true;
                assert_int_equal(wax_retained_count(retained), count);
                assert_null(wax_retained_find(retained, topic));
                assert_int_equal(wax_retained_put(retained, topic, &memory, &old), WAX_OK);
            }
        }
        failed = failed || memory.count >= k;
        wax_retained_close(retained);
        assert_int_equal(memory.used, 0);
    } while (failed);
    assert_true(k > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_message_per_topic),
        cmocka_unit_test(walks_visit_what_the_filter_matches),
        cmocka_unit_test(steps_bound_a_call),
        cmocka_unit_test(a_walk_rests_safely),
        cmocka_unit_test(an_unfinished_walk_ends),
        cmocka_unit_test(depth_is_harmless),
        cmocka_unit_test(many_messages_are_cheap),
        cmocka_unit_test(lack_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
