/* Walks over retained messages that come and go: what stays is visited once, what does not match
 * never, and nothing twice. */
#include "router_check.h"

enum { TOPICS = 300, WALKS = 6, OPERATIONS = 60000 };

struct topic {
    char text[TEXT_MAX];
    bool is_kept;
};

struct walk {
    wax_retained_walk walk;
    char filter[TEXT_MAX];
    bool is_open;
    bool stays[TOPICS]; /* kept since the walk began */
    unsigned visits[TOPICS];
};

static struct {
    struct counted_memory memory;
    wax_retained *retained;
    struct topic topics[TOPICS];
    struct walk walks[WALKS];
    uint32_t count;
} model;

/* A topic, the same structure for the same text. */
static struct topic *choose_topic(void)
{
    char text[TEXT_MAX];
    size_t i = 0;

    do {
        write_topic(text, false);
        for (i = 0; i < TOPICS; i++) {
            if (model.topics[i].text[0] == '\0') {
                memcpy(model.topics[i].text, text, sizeof text);
            }
            if (strcmp(model.topics[i].text, text) == 0) {
                break;
            }
        }
    } while (i == TOPICS);
    return &model.topics[i];
}

static void do_put(void)
{
    struct topic *topic = choose_topic();
    wax_bytes text = wax_bytes_of_text(topic->text);
    void *replaced;
    wax_status status = wax_retained_put(model.retained, text, topic, &replaced);

    if (status == WAX_FULL) {
        assert_int_not_equal(model.memory.fails, 0);
        assert_false(topic->is_kept);
        return;
    }
    assert_int_equal(status, WAX_OK);
    assert_ptr_equal(replaced, topic->is_kept ? topic : NULL);
    model.count += topic->is_kept ? 0U : 1U;
    topic->is_kept = true;
}

static void do_remove(void)
{
    struct topic *topic = choose_topic();
    wax_bytes text = wax_bytes_of_text(topic->text);
    void *removed;
    wax_status status = wax_retained_remove(model.retained, text, &removed);

    assert_int_equal(status, topic->is_kept ? WAX_OK : WAX_NOT_FOUND);
    assert_ptr_equal(removed, topic->is_kept ? topic : NULL);
    assert_null(wax_retained_find(model.retained, text));
    model.count -= topic->is_kept ? 1U : 0U;
    topic->is_kept = false;
    for (size_t i = 0; i < WALKS; i++) {
        model.walks[i].stays[topic - model.topics] = false;
    }
}

static void begin(struct walk *walk)
{
    *walk = (struct walk){.is_open = true};
    if (chance(8) != 0) {
        write_topic(walk->filter, true);
    }
    for (size_t i = 0; i < TOPICS; i++) {
        walk->stays[i] = model.topics[i].is_kept;
    }
    wax_retained_walk_begin(&walk->walk, model.retained, wax_bytes_of_text(walk->filter));
}

static void finish(struct walk *walk, bool is_whole)
{
    wax_retained_walk_end(&walk->walk);
    walk->is_open = false;
    for (size_t i = 0; i < TOPICS; i++) {
        const char *text = model.topics[i].text;
        bool matches = walk->filter[0] == '\0' || naive_match(walk->filter, text);

        if (walk->visits[i] > (matches ? 1U : 0U)) {
            fail_msg("%s visited %s %u times", walk->filter, text, walk->visits[i]);
        }
        if (is_whole && walk->stays[i] && matches && walk->visits[i] != 1) {
            fail_msg("%s did not visit %s", walk->filter, text);
        }
    }
}

/* The walk can tell where it is, and only to those who have the room. */
static void check_topic(const wax_retained_walk *walk, const struct topic *topic)
{
    size_t size = strlen(topic->text);
    uint8_t room[TEXT_MAX];

    memset(room, '*', sizeof room);
    assert_int_equal(wax_retained_walk_topic(walk, room, size - 1), size);
    assert_int_equal(room[0], '*');
    assert_int_equal(wax_retained_walk_topic(walk, room, size), size);
    assert_memory_equal(room, topic->text, size);
    assert_true(size == sizeof room || room[size] == '*');
}

static void do_walk(struct walk *walk)
{
    uint32_t steps = 1 + chance(20);
    wax_status status = WAX_OK;

    if (!walk->is_open) {
        begin(walk);
    }
    while (status == WAX_OK) {
        void *message;

        status = wax_retained_next(&walk->walk, &steps, &message);
        if (status == WAX_OK) {
            struct topic *topic = message;
            check_topic(&walk->walk, topic);
            assert_true(topic->is_kept);
            walk->visits[topic - model.topics]++;
        }
    }
    if (status == WAX_NOT_FOUND || chance(200) == 0) {
        finish(walk, status == WAX_NOT_FOUND);
    }
}

static void walks_see_what_stays(void **state)
{
    uint32_t weight = 50;

    (void)state;
    chance_start();
    model.memory = counted_memory_of(0);
    assert_int_equal(wax_retained_open(&model.retained, &model.memory.memory, check_key), WAX_OK);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        uint32_t which = chance(100);

        weight = i % 1000 == 0 ? 10 + chance(80) : weight;
        model.memory.fails = chance(4) == 0 ? model.memory.count + 1 + chance(4) : 0;
        if (which < 40) {
            do_walk(&model.walks[chance(WALKS)]);
        } else if (chance(100) < weight) {
            do_put();
        } else {
            do_remove();
        }
        assert_int_equal(wax_retained_count(model.retained), model.count);
    }
    for (size_t i = 0; i < WALKS; i++) {
        if (model.walks[i].is_open) {
            finish(&model.walks[i], false);
        }
    }
    wax_retained_close(model.retained);
    assert_int_equal(model.memory.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_see_what_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
