/* Which subscriptions and groups a topic leads to: level by level, over all places that match so
 * far. What was visited is a list in memory, so no topic is too deep for the stack. */
#include "router/place.h"

#include <string.h>

void wax_matches_init(wax_matches *matches, wax_memory *memory)
{
    *matches = (wax_matches){.memory = memory};
}

static void forget(wax_matches *matches)
{
    matches->count = 0;
    matches->group_count = 0;
    matches->visited_count = 0;
    matches->change = 0;
}

static void give_back(wax_memory *memory, void *items, size_t size)
{
    if (items != NULL) {
        (void)memory->resize(memory, items, size, 0);
    }
}

void wax_matches_close(wax_matches *matches)
{
    wax_memory *memory = matches->memory;

    give_back(memory, matches->entries, matches->room * sizeof *matches->entries);
    give_back(memory, matches->groups, matches->group_room * sizeof *matches->groups);
    give_back(memory, matches->visited, matches->visited_room * sizeof *matches->visited);
    wax_matches_init(matches, memory);
}

/* Doubles the room for items. Returns NULL, and changes nothing, without memory. */
static void *enlarge(wax_memory *memory, void *old, uint32_t *room, size_t item_size)
{
    uint32_t larger = *room == 0 ? 16U : *room * 2U;
    void *items;

    if (larger < *room || larger > SIZE_MAX / item_size) {
        return NULL;
    }
    items = memory->resize(memory, old, *room * item_size, larger * item_size);
    if (items != NULL) {
        *room = larger;
    }
    return items;
}

static wax_status add_visited(wax_matches *matches, uint32_t place)
{
    if (matches->visited_count == matches->visited_room) {
        uint32_t *visited = enlarge(matches->memory, matches->visited, &matches->visited_room,
                                    sizeof *matches->visited);
        if (visited == NULL) {
            return WAX_FULL;
        }
        matches->visited = visited;
    }
    matches->visited[matches->visited_count++] = place;
    return WAX_OK;
}

static wax_status add_group(wax_matches *matches, wax_group group)
{
    if (matches->group_count == matches->group_room) {
        wax_group *groups = enlarge(matches->memory, matches->groups, &matches->group_room,
                                    sizeof *matches->groups);
        if (groups == NULL) {
            return WAX_FULL;
        }
        matches->groups = groups;
    }
    matches->groups[matches->group_count++] = group;
    return WAX_OK;
}

/* Adds a match at the end of its subscriber's chain. The subscriber remembers the end; the number
 * of the match tells whether it remembers this one. */
static wax_status add_match(wax_matches *matches, const struct wax_subscription *subscription,
                            uint64_t match_number)
{
    wax_subscriber *subscriber = subscription->subscriber;
    bool is_first = subscriber->match_number != match_number;

    if (matches->count == matches->room) {
        wax_match *entries =
            enlarge(matches->memory, matches->entries, &matches->room, sizeof *matches->entries);
        if (entries == NULL) {
            return WAX_FULL;
        }
        matches->entries = entries;
    }
    if (!is_first) {
        matches->entries[subscriber->last_match].next = matches->count;
    }
    subscriber->match_number = match_number;
    subscriber->last_match = matches->count;
    matches->entries[matches->count++] = (wax_match){
        .subscriber = subscriber,
        .options = subscription->options,
        .next = WAX_NO_MATCH,
        .is_first = is_first,
    };
    return WAX_OK;
}

/* Adds all that a filter which matches has. */
static wax_status collect(const wax_router *router, uint32_t index, wax_matches *matches)
{
    const struct wax_place *place = wax_place_at(router, index);
    wax_status status = WAX_OK;

    for (uint32_t i = place->subscriptions; i != 0 && status == WAX_OK;) {
        const struct wax_subscription *subscription = wax_subscription_at(router, i);

        status = add_match(matches, subscription, router->match_number);
        i = subscription->next_here;
    }
    for (uint32_t i = place->as.level.share; i != 0 && status == WAX_OK;) {
        const struct wax_place *share = wax_place_at(router, i);

        status = add_group(matches, (wax_group){i, share->as.share.number});
        i = share->as.share.next;
    }
    return status;
}

/* Visits a place that the topic has led to. A `#` below it matches whatever follows, and nothing.
 */
static wax_status visit(const wax_router *router, uint32_t index, wax_matches *matches)
{
    uint32_t multi = wax_place_at(router, index)->as.level.multi;
    wax_status status = add_visited(matches, index);

    return status == WAX_OK && multi != 0 ? collect(router, multi, matches) : status;
}

/* Goes one level deeper from the places visited from `begin` on. */
static wax_status descend(const wax_router *router, wax_bytes level, bool allows_plus,
                          uint32_t begin, wax_matches *matches)
{
    const struct wax_name name = wax_tree_name(&router->filters, level, WAX_LEVEL);
    const uint32_t end = matches->visited_count;
    wax_status status = WAX_OK;

    for (uint32_t i = begin; i < end && status == WAX_OK; i++) {
        uint32_t parent = matches->visited[i];
        uint32_t plus = allows_plus ? wax_place_at(router, parent)->as.level.plus : 0;
        uint32_t child = wax_tree_find(&router->filters, parent, &name);

        if (child != 0) {
            status = visit(router, child, matches);
        }
        if (plus != 0 && status == WAX_OK) {
            status = visit(router, plus, matches);
        }
    }
    return status;
}

static wax_status search(const wax_router *router, wax_bytes topic, wax_matches *matches)
{
    const bool is_hidden = wax_bytes_start_with(topic, WAX_TEXT("$")); /* [MQTT-4.7.2-1] */
    struct wax_levels levels = wax_levels_of(topic);
    wax_bytes level;
    uint32_t begin = 0;
    wax_status status = is_hidden ? add_visited(matches, 0) : visit(router, 0, matches);

    while (status == WAX_OK && begin < matches->visited_count && wax_levels_next(&levels, &level)) {
        uint32_t end = matches->visited_count;

        status = descend(router, level, begin != 0 || !is_hidden, begin, matches);
        begin = end;
    }
    for (uint32_t i = begin; i < matches->visited_count && status == WAX_OK; i++) {
        status = collect(router, matches->visited[i], matches);
    }
    return status;
}

/* Whether these are the matches of the topic already. */
static bool are_of(const wax_matches *matches, const wax_router *router, wax_bytes topic)
{
    return matches->change == router->change &&
           wax_bytes_equal(wax_bytes_of(matches->topic, matches->topic_size), topic);
}

static void remember(wax_matches *matches, const wax_router *router, wax_bytes topic)
{
    if (topic.size <= sizeof matches->topic) {
        memcpy(matches->topic, topic.data, topic.size);
        matches->topic_size = (uint32_t)topic.size;
        matches->change = router->change;
    }
}

wax_status wax_router_match(wax_router *router, wax_bytes topic, wax_matches *matches)
{
    wax_status status;

    if (are_of(matches, router, topic)) {
        return WAX_OK;
    }
    forget(matches);
    router->match_number++;
    status = search(router, topic, matches);
    if (status == WAX_OK) {
        remember(matches, router, topic);
    } else {
        forget(matches);
    }
    return status;
}
