/* Retained messages: one per topic, kept in a tree of levels whose children form a list. A walk
 * goes down the tree in the order of these lists. The place where it rests counts as used and stays
 * where it is; new places come first in their list, where a walk that has begun it never returns
 * to.
 */
#include "router/router.h"
#include "router/tree.h"

/* A step takes as much longer as the filter is longer than this, and counts as so many. */
#define LONG_FILTER 256U

struct topic {
    struct wax_node node; /* used by its children, its message and the walks that rest here */
    uint32_t first_child;
    uint32_t next;
    uint32_t previous;
    void *message; /* or NULL */
};

struct wax_retained {
    wax_memory *memory;
    struct wax_tree topics;
    uint32_t count;
};

static struct topic *topic_at(const wax_retained *retained, uint32_t index)
{
    return wax_tree_at(&retained->topics, index);
}

wax_status wax_retained_open(wax_retained **retained, wax_memory *memory,
                             const uint64_t key[static 2])
{
    wax_retained *opened = memory->resize(memory, NULL, 0, sizeof *opened);

    *retained = NULL;
    if (opened == NULL) {
        return WAX_FULL;
    }
    *opened = (wax_retained){.memory = memory};
    if (wax_tree_open(&opened->topics, memory, key, sizeof(struct topic)) != WAX_OK) {
        (void)memory->resize(memory, opened, sizeof *opened, 0);
        return WAX_FULL;
    }
    *retained = opened;
    return WAX_OK;
}

void wax_retained_close(wax_retained *retained)
{
    if (retained != NULL) {
        wax_tree_close(&retained->topics);
        (void)retained->memory->resize(retained->memory, retained, sizeof *retained, 0);
    }
}

static void unlink_topic(wax_retained *retained, const struct topic *topic)
{
    if (topic->next != 0) {
        topic_at(retained, topic->next)->previous = topic->previous;
    }
    if (topic->previous != 0) {
        topic_at(retained, topic->previous)->next = topic->next;
    } else {
        topic_at(retained, topic->node.parent)->first_child = topic->next;
    }
}

/* Takes one use from a place, and removes it and its parents as far as nobody uses them. */
static void leave(wax_retained *retained, uint32_t index)
{
    topic_at(retained, index)->node.uses--;
    while (index != 0 && topic_at(retained, index)->node.uses == 0) {
        unlink_topic(retained, topic_at(retained, index));
        index = wax_tree_remove(&retained->topics, index);
    }
}

static uint32_t add_child(wax_retained *retained, uint32_t parent, const struct wax_name *name)
{
    uint32_t index = wax_tree_add(&retained->topics, parent, name);
    struct topic *added = topic_at(retained, index);

    if (index != 0) {
        added->next = topic_at(retained, parent)->first_child;
        if (added->next != 0) {
            topic_at(retained, added->next)->previous = index;
        }
        topic_at(retained, parent)->first_child = index;
    }
    return index;
}

/* The place of a topic, or 0. */
static uint32_t look_up(const wax_retained *retained, wax_bytes topic)
{
    struct wax_levels levels = wax_levels_of(topic);
    wax_bytes level;
    uint32_t place = 0;

    while (wax_levels_next(&levels, &level)) {
        struct wax_name name = wax_tree_name(&retained->topics, level, WAX_LEVEL);
        place = wax_tree_find(&retained->topics, place, &name);
        if (place == 0) {
            break;
        }
    }
    return place;
}

/* The place of a topic, with one more use. Returns 0 without memory: all is then as before. */
static uint32_t claim(wax_retained *retained, wax_bytes topic)
{
    struct wax_levels levels = wax_levels_of(topic);
    wax_bytes level;
    uint32_t place = 0;

    while (wax_levels_next(&levels, &level)) {
        struct wax_name name = wax_tree_name(&retained->topics, level, WAX_LEVEL);
        uint32_t child = wax_tree_find(&retained->topics, place, &name);

        if (child == 0) {
            child = add_child(retained, place, &name);
        }
        if (child == 0) {
            topic_at(retained, place)->node.uses++;
            leave(retained, place);
            return 0;
        }
        place = child;
    }
    topic_at(retained, place)->node.uses++;
    return place;
}

wax_status wax_retained_put(wax_retained *retained, wax_bytes topic, void *message, void **replaced)
{
    uint32_t place = claim(retained, topic);
    struct topic *kept = topic_at(retained, place);

    *replaced = NULL;
    if (place == 0) {
        return WAX_FULL;
    }
    *replaced = kept->message; /* [MQTT-3.3.1-5] */
    kept->message = message;
    if (*replaced != NULL) {
        leave(retained, place);
    } else {
        retained->count++;
    }
    return WAX_OK;
}

wax_status wax_retained_remove(wax_retained *retained, wax_bytes topic, void **removed)
{
    uint32_t place = look_up(retained, topic);

    *removed = topic_at(retained, place)->message;
    if (*removed == NULL) {
        return WAX_NOT_FOUND;
    }
    topic_at(retained, place)->message = NULL; /* [MQTT-3.3.1-6] */
    retained->count--;
    leave(retained, place);
    return WAX_OK;
}

void *wax_retained_find(const wax_retained *retained, wax_bytes topic)
{
    return topic_at(retained, look_up(retained, topic))->message;
}

uint32_t wax_retained_count(const wax_retained *retained)
{
    return retained->count;
}

/* ---- Walks ---- */

/* `filter_at` is where the next level of the filter begins, and one past its size behind the last.
 * Below the parent of `#` it rests on `#`, and `below` counts how deep the walk is there. */

void wax_retained_walk_begin(wax_retained_walk *walk, wax_retained *retained, wax_bytes filter)
{
    *walk = (wax_retained_walk){.retained = retained, .filter = filter};
    topic_at(retained, 0)->node.uses++;
}

void wax_retained_walk_end(wax_retained_walk *walk)
{
    leave(walk->retained, walk->place);
    *walk = (wax_retained_walk){0};
}

/* The level of the filter that begins at `at`. */
static wax_bytes level_at(wax_bytes filter, size_t at)
{
    struct wax_levels levels =
        wax_levels_of(filter.size == 0 ? filter : wax_bytes_of(filter.data + at, filter.size - at));
    wax_bytes level = {0};

    (void)wax_levels_next(&levels, &level);
    return level;
}

/* Where the level before the one that begins at `at` begins. */
static size_t level_before(wax_bytes filter, size_t at)
{
    at--;
    while (at != 0 && filter.data[at - 1] != '/') {
        at--;
    }
    return at;
}

static bool is_multi(wax_bytes filter, size_t at)
{
    return filter.size == 0 ||
           (at <= filter.size && wax_bytes_equal(level_at(filter, at), WAX_TEXT("#")));
}

/* Whether the walk came to its place by a wildcard. */
static bool came_by_wildcard(const wax_retained_walk *walk)
{
    wax_bytes filter = walk->filter;

    return walk->below != 0 ||
           wax_bytes_equal(level_at(filter, level_before(filter, walk->filter_at)), WAX_TEXT("+"));
}

/* Whether the walk may not see its place, because a wildcard does not match a first `$`. */
static bool is_hidden(const wax_retained_walk *walk)
{
    const struct wax_node *node = &topic_at(walk->retained, walk->place)->node;

    return walk->place != 0 && node->parent == 0 && walk->filter.size != 0 &&
           wax_bytes_start_with(wax_node_text(node), WAX_TEXT("$")) && came_by_wildcard(walk);
}

static bool matches(const wax_retained_walk *walk)
{
    return topic_at(walk->retained, walk->place)->message != NULL && !is_hidden(walk) &&
           (walk->below != 0 || walk->filter_at > walk->filter.size ||
            is_multi(walk->filter, walk->filter_at));
}

/* Rests at another place, and lets the old one go. */
static void rest_at(wax_retained_walk *walk, uint32_t place)
{
    uint32_t old = walk->place;

    topic_at(walk->retained, place)->node.uses++;
    walk->place = place;
    leave(walk->retained, old);
}

/* Goes to the first child that the filter leads to, or turns round. */
static void descend_walk(wax_retained_walk *walk)
{
    const struct wax_tree *topics = &walk->retained->topics;
    const struct topic *topic = topic_at(walk->retained, walk->place);
    const bool is_below = walk->below != 0 || is_multi(walk->filter, walk->filter_at);
    wax_bytes level = {0};
    uint32_t child = topic->first_child;

    if (!is_below && walk->filter_at <= walk->filter.size) {
        level = level_at(walk->filter, walk->filter_at);
        if (!wax_bytes_equal(level, WAX_TEXT("+"))) {
            struct wax_name name = wax_tree_name(topics, level, WAX_LEVEL);
            child = wax_tree_find(topics, walk->place, &name);
        }
    } else if (!is_below) {
        child = 0;
    }
    if (child == 0 || is_hidden(walk)) {
        walk->is_rising = true;
        return;
    }
    walk->below += is_below ? 1U : 0U;
    walk->filter_at += is_below ? 0 : level.size + 1U;
    rest_at(walk, child);
}

/* Goes to the next place in the list of children, or up. */
static void rise(wax_retained_walk *walk)
{
    const struct topic *topic = topic_at(walk->retained, walk->place);

    if (topic->next != 0 && came_by_wildcard(walk)) {
        walk->is_rising = false;
        rest_at(walk, topic->next);
        return;
    }
    if (walk->below != 0) {
        walk->below--;
    } else {
        walk->filter_at = level_before(walk->filter, walk->filter_at);
    }
    rest_at(walk, topic->node.parent);
}

wax_status wax_retained_next(wax_retained_walk *walk, uint32_t *steps, void **message)
{
    const uint32_t cost = 1U + (uint32_t)(walk->filter.size / LONG_FILTER);

    *message = NULL;
    while (walk->place != 0 || !walk->is_rising) {
        if (*steps == 0) {
            return WAX_MORE;
        }
        *steps -= cost < *steps ? cost : *steps;
        if (walk->is_rising) {
            rise(walk);
        } else {
            descend_walk(walk);
        }
        if (!walk->is_rising && matches(walk)) {
            *message = topic_at(walk->retained, walk->place)->message;
            return WAX_OK;
        }
    }
    return WAX_NOT_FOUND;
}

size_t wax_retained_walk_topic(const wax_retained_walk *walk, uint8_t *room, size_t size)
{
    const struct wax_tree *topics = &walk->retained->topics;
    size_t needed = wax_tree_path_size(topics, walk->place);

    if (needed <= size) {
        wax_tree_path_write(topics, walk->place, room + needed);
    }
    return needed;
}
