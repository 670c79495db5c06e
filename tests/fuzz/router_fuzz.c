/* Random operations on a router and on retained messages. Each is one byte of what to do, one of
 * who does it, one of size, then so many bytes of topic or filter. Invariants are asserted; the
 * rest is the sanitizers'. */
#include "router/router.h"

#include <stdlib.h>

enum { SUBSCRIBERS = 4, WALKS = 4 };

struct world {
    wax_router *router;
    wax_retained *retained;
    wax_matches matches;
    wax_subscriber subscribers[SUBSCRIBERS];
    wax_retained_walk walks[WALKS];
    bool walks_open[WALKS];
};

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_size);
}

static wax_memory memory = {resize};

static void subscribe(struct world *world, wax_subscriber *subscriber, wax_bytes filter)
{
    wax_interest interest = {.filter = filter};
    uint8_t room[256];
    bool existed;

    if (wax_filter_split_shared(filter, &interest.share_name, &interest.filter) != WAX_OK) {
        return;
    }
    if (wax_router_subscribe(world->router, subscriber, &interest, &existed) != WAX_OK) {
        wax_assert(!wax_filter_is_valid(interest.filter));
        return;
    }
    wax_assert(wax_filter_is_valid(interest.filter) && subscriber->count != 0);
    if (!existed) {
        wax_interest told;
        wax_assert(wax_router_describe(world->router, subscriber->last, room, sizeof room, &told) ==
                   WAX_OK);
        wax_assert(wax_bytes_equal(told.filter, interest.filter));
        wax_assert(wax_bytes_equal(told.share_name, interest.share_name));
    }
}

static void unsubscribe(struct world *world, wax_subscriber *subscriber, wax_bytes filter)
{
    wax_bytes name;
    wax_bytes rest;
    uint32_t count = subscriber->count;

    if (wax_filter_split_shared(filter, &name, &rest) == WAX_OK &&
        wax_router_unsubscribe(world->router, subscriber, rest, name) == WAX_OK) {
        wax_assert(subscriber->count == count - 1);
        wax_assert(wax_router_unsubscribe(world->router, subscriber, rest, name) == WAX_NOT_FOUND);
    }
}

static void match(struct world *world, wax_bytes topic)
{
    wax_matches *matches = &world->matches;
    uint32_t chained = 0;

    if (!wax_topic_is_valid(topic)) {
        return;
    }
    wax_assert(wax_router_match(world->router, topic, matches) == WAX_OK);
    for (uint32_t i = 0; i < matches->count; i++) {
        uint32_t at = matches->entries[i].is_first ? i : WAX_NO_MATCH;
        for (; at != WAX_NO_MATCH; at = matches->entries[at].next) {
            wax_assert(matches->entries[at].subscriber == matches->entries[i].subscriber);
            chained++;
        }
    }
    wax_assert(chained == matches->count);
    for (uint32_t i = 0; i < matches->group_count; i++) {
        wax_members members = wax_group_members(world->router, matches->groups[i]);
        wax_member member;

        wax_assert(wax_members_next(&members, &member));
        wax_group_choose(world->router, matches->groups[i], &member);
    }
}

static void walk(struct world *world, unsigned who, wax_bytes filter)
{
    wax_retained_walk *walked = &world->walks[who];
    uint32_t steps = 5;
    wax_status status = WAX_OK;

    if (!world->walks_open[who]) {
        if (filter.size != 0 && !wax_filter_is_valid(filter)) {
            return;
        }
        wax_retained_walk_begin(walked, world->retained, filter);
        world->walks_open[who] = true;
    }
    while (status == WAX_OK) {
        void *message;
        status = wax_retained_next(walked, &steps, &message);
        wax_assert(status != WAX_OK || message == world);
    }
    if (status == WAX_NOT_FOUND) {
        wax_retained_walk_end(walked);
        world->walks_open[who] = false;
    }
}

static void retain(struct world *world, bool keeps, wax_bytes topic)
{
    void *before;

    if (!wax_topic_is_valid(topic)) {
        return;
    }
    before = wax_retained_find(world->retained, topic);
    if (keeps) {
        void *replaced;
        wax_assert(wax_retained_put(world->retained, topic, world, &replaced) == WAX_OK);
        wax_assert(replaced == before);
    } else {
        void *removed;
        wax_status status = wax_retained_remove(world->retained, topic, &removed);
        wax_assert(status == (before != NULL ? WAX_OK : WAX_NOT_FOUND) && removed == before);
    }
    wax_assert((wax_retained_find(world->retained, topic) != NULL) == keeps);
}

static void operate(struct world *world, wax_reader *in)
{
    uint8_t what = wax_read_u8(in);
    unsigned who = wax_read_u8(in) % SUBSCRIBERS;
    wax_bytes text = wax_read_bytes(in, wax_read_u8(in));

    switch (what % 8) {
    case 0:
    case 1:
        subscribe(world, &world->subscribers[who], text);
        break;
    case 2:
        unsubscribe(world, &world->subscribers[who], text);
        break;
    case 3:
        match(world, text);
        break;
    case 4:
        retain(world, true, text);
        break;
    case 5:
        retain(world, false, text);
        break;
    case 6:
        walk(world, who, text);
        break;
    default:
        wax_router_remove_subscriber(world->router, &world->subscribers[who]);
        wax_assert(world->subscribers[who].count == 0);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t key[2] = {1, 2};
    wax_reader in = wax_reader_over(wax_bytes_of(data, size));
    struct world world = {0};

    wax_assert(wax_router_open(&world.router, &memory, key) == WAX_OK);
    wax_assert(wax_retained_open(&world.retained, &memory, key) == WAX_OK);
    wax_matches_init(&world.matches, &memory);
    for (size_t i = 0; i < SUBSCRIBERS; i++) {
        wax_subscriber_init(&world.subscribers[i]);
    }
    while (in.status == WAX_OK && wax_reader_left(&in) != 0) {
        operate(&world, &in);
    }
    for (size_t i = 0; i < WALKS; i++) {
        if (world.walks_open[i]) {
            wax_retained_walk_end(&world.walks[i]);
        }
    }
    wax_matches_close(&world.matches);
    wax_router_close(world.router);
    wax_retained_close(world.retained);
    return 0;
}
