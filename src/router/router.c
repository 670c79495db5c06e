/* Subscriptions: made, replaced, ended, told about. */
#include "router/place.h"

#include <string.h>

wax_status wax_router_open(wax_router **router, wax_memory *memory, const uint64_t key[static 2])
{
    wax_router *opened = memory->resize(memory, NULL, 0, sizeof *opened);

    *router = NULL;
    if (opened == NULL) {
        return WAX_FULL;
    }
    *opened = (wax_router){.memory = memory, .change = 1};
    if (wax_tree_open(&opened->filters, memory, key, sizeof(struct wax_place)) != WAX_OK) {
        (void)memory->resize(memory, opened, sizeof *opened, 0);
        return WAX_FULL;
    }
    if (wax_table_open(&opened->subscriptions, memory, sizeof(struct wax_subscription)) != WAX_OK) {
        wax_tree_close(&opened->filters);
        (void)memory->resize(memory, opened, sizeof *opened, 0);
        return WAX_FULL;
    }
    *router = opened;
    return WAX_OK;
}

void wax_router_close(wax_router *router)
{
    if (router != NULL) {
        wax_tree_close(&router->filters);
        wax_table_close(&router->subscriptions);
        (void)router->memory->resize(router->memory, router, sizeof *router, 0);
    }
}

void wax_subscriber_init(wax_subscriber *subscriber)
{
    *subscriber = (wax_subscriber){.first = WAX_NO_SUBSCRIPTION};
}

static uint32_t hash_of(const wax_router *router, uint32_t place, const wax_subscriber *subscriber)
{
    return wax_table_hash(router->filters.key[0] ^ (uintptr_t)subscriber, place);
}

static uint32_t find(const wax_router *router, uint32_t place, const wax_subscriber *subscriber)
{
    uint32_t hash = hash_of(router, place, subscriber);
    uint32_t index = wax_table_first(&router->subscriptions, hash);

    while (index != 0) {
        const struct wax_subscription *found = wax_subscription_at(router, index);

        if (found->place == place && found->subscriber == subscriber) {
            return index;
        }
        index = found->item.chain;
    }
    return 0;
}

/* Puts a new subscription into the lists of its place and of its subscriber. */
static void enlist(wax_router *router, uint32_t index)
{
    struct wax_subscription *added = wax_subscription_at(router, index);
    struct wax_place *place = wax_place_at(router, added->place);
    wax_subscriber *subscriber = added->subscriber;

    added->next_here = place->subscriptions;
    if (added->next_here != 0) {
        wax_subscription_at(router, added->next_here)->previous_here = index;
    }
    place->subscriptions = index;
    place->node.uses++;

    added->previous_theirs = subscriber->last;
    if (subscriber->last != 0) {
        wax_subscription_at(router, subscriber->last)->next_theirs = index;
    } else {
        subscriber->first = index;
    }
    subscriber->last = index;
    subscriber->count++;
    router->shared_count += place->node.kind == WAX_SHARE ? 1U : 0U;
}

static void leave_place(wax_router *router, uint32_t index)
{
    const struct wax_subscription *ended = wax_subscription_at(router, index);
    struct wax_place *place = wax_place_at(router, ended->place);

    if (ended->next_here != 0) {
        wax_subscription_at(router, ended->next_here)->previous_here = ended->previous_here;
    }
    if (ended->previous_here != 0) {
        wax_subscription_at(router, ended->previous_here)->next_here = ended->next_here;
    } else {
        place->subscriptions = ended->next_here;
    }
    if (place->node.kind == WAX_SHARE) {
        router->shared_count--;
        /* Whose turn comes after the one who leaves keeps the turn. */
        if (place->as.share.chosen == index) {
            place->as.share.chosen = ended->previous_here;
        }
    }
    place->node.uses--;
}

static void leave_subscriber(wax_router *router, uint32_t index)
{
    const struct wax_subscription *ended = wax_subscription_at(router, index);
    wax_subscriber *subscriber = ended->subscriber;

    if (ended->next_theirs != 0) {
        wax_subscription_at(router, ended->next_theirs)->previous_theirs = ended->previous_theirs;
    } else {
        subscriber->last = ended->previous_theirs;
    }
    if (ended->previous_theirs != 0) {
        wax_subscription_at(router, ended->previous_theirs)->next_theirs = ended->next_theirs;
    } else {
        subscriber->first = ended->next_theirs;
    }
    subscriber->count--;
}

static void end(wax_router *router, uint32_t index)
{
    uint32_t place = wax_subscription_at(router, index)->place;

    router->change++;
    leave_place(router, index);
    leave_subscriber(router, index);
    wax_table_remove(&router->subscriptions, index);
    wax_place_prune(router, place);
}

/* A share name is bound by what binds a topic of one level. */
static bool is_valid(const wax_interest *interest)
{
    wax_bytes name = interest->share_name;

    return wax_filter_is_valid(interest->filter) &&
           (name.size == 0 || (wax_topic_is_valid(name) && wax_filter_level_count(name) == 1));
}

wax_status wax_router_subscribe(wax_router *router, wax_subscriber *subscriber,
                                const wax_interest *interest, bool *existed)
{
    struct wax_subscription *subscription;
    uint32_t place;
    uint32_t index;

    *existed = false;
    if (!is_valid(interest)) {
        return WAX_BAD_FILTER;
    }
    place = wax_place_make(router, interest->filter, interest->share_name);
    if (place == 0) {
        return WAX_FULL;
    }
    router->change++;
    index = find(router, place, subscriber);
    if (index != 0) { /* [MQTT-3.8.4-3] */
        wax_subscription_at(router, index)->options = interest->options;
        *existed = true;
        return WAX_OK;
    }
    index = wax_table_add(&router->subscriptions, hash_of(router, place, subscriber));
    if (index == 0) {
        wax_place_prune(router, place);
        return WAX_FULL;
    }
    subscription = wax_subscription_at(router, index);
    subscription->subscriber = subscriber;
    subscription->place = place;
    subscription->options = interest->options;
    enlist(router, index);
    return WAX_OK;
}

wax_status wax_router_unsubscribe(wax_router *router, wax_subscriber *subscriber, wax_bytes filter,
                                  wax_bytes share_name)
{
    uint32_t place = wax_place_find(router, filter, share_name);
    uint32_t index = place == 0 ? 0 : find(router, place, subscriber);

    if (index == 0) {
        return WAX_NOT_FOUND;
    }
    end(router, index);
    return WAX_OK;
}

void wax_router_remove_subscriber(wax_router *router, wax_subscriber *subscriber)
{
    while (subscriber->first != 0) {
        end(router, subscriber->first);
    }
}

uint32_t wax_router_count(const wax_router *router)
{
    return router->subscriptions.count;
}

uint32_t wax_router_shared_count(const wax_router *router)
{
    return router->shared_count;
}

uint32_t wax_router_next(const wax_router *router, uint32_t subscription)
{
    return wax_subscription_at(router, subscription)->next_theirs;
}

/* Describes who subscribed at this place. */
static wax_status describe(const wax_router *router, uint32_t place, uint8_t *room, size_t size,
                           wax_interest *interest)
{
    const struct wax_node *node = &wax_place_at(router, place)->node;
    uint32_t filter = node->kind == WAX_SHARE ? node->parent : place;

    *interest = (wax_interest){
        .filter = {room, wax_tree_path_size(&router->filters, filter)}
    };
    if (interest->filter.size > size) {
        interest->filter.data = NULL;
        return WAX_FULL;
    }
    wax_tree_path_write(&router->filters, filter, room + interest->filter.size);
    interest->share_name = node->kind == WAX_SHARE ? wax_node_text(node) : (wax_bytes){0};
    return WAX_OK;
}

wax_status wax_router_describe(const wax_router *router, uint32_t subscription, uint8_t *room,
                               size_t size, wax_interest *interest)
{
    const struct wax_subscription *told = wax_subscription_at(router, subscription);
    wax_status status = describe(router, told->place, room, size, interest);

    if (status == WAX_OK) {
        interest->options = told->options;
    }
    return status;
}

wax_status wax_group_describe(const wax_router *router, wax_group group, uint8_t *room, size_t size,
                              wax_interest *interest)
{
    return describe(router, group.place, room, size, interest);
}
