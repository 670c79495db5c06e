/* What a router is made of. Private to the room. */
#ifndef WAX_ROUTER_PLACE_H
#define WAX_ROUTER_PLACE_H

#include "router/router.h"
#include "router/tree.h"

/* A filter as far as one of its levels, or, of kind WAX_SHARE, the group that shares the filter of
 * its parent. Numbers are indices; 0 stands for none. */
struct wax_place {
    struct wax_node node;
    uint32_t subscriptions; /* the first one here */
    union {
        struct {
            uint32_t plus;  /* the child `+` */
            uint32_t multi; /* the child `#` */
            uint32_t share; /* the first group */
        } level;
        struct {
            uint32_t next; /* the next group on the same filter */
            uint32_t previous;
            uint32_t chosen; /* the subscription that had the last message */
            uint32_t number; /* tells it from those that were here before; 0: none is here */
        } share;
    } as;
};

struct wax_subscription {
    struct wax_item item;
    wax_subscriber *subscriber;
    uint32_t place;
    uint32_t next_here;
    uint32_t previous_here;
    uint32_t next_theirs; /* of the same subscriber, younger */
    uint32_t previous_theirs;
    wax_subscription_options options;
};

struct wax_router {
    wax_memory *memory;
    struct wax_tree filters;        /* of wax_place */
    struct wax_table subscriptions; /* of wax_subscription, by place and subscriber */
    uint64_t match_number;
    uint64_t change; /* counts all that changes what matches, from 1 */
    uint32_t shared_count;
    uint32_t last_group;
};

/* What has this index, and exists. */
struct wax_place *wax_place_at(const wax_router *router, uint32_t index);
struct wax_subscription *wax_subscription_at(const wax_router *router, uint32_t index);

/* The place of a filter and share name (empty: none), or 0 where there is none. */
uint32_t wax_place_find(const wax_router *router, wax_bytes filter, wax_bytes share_name);

/* The same, and makes it where there is none. Returns 0 without memory: all is then as before. */
uint32_t wax_place_make(wax_router *router, wax_bytes filter, wax_bytes share_name);

/* Removes a place, and then its parents, as far as nobody uses them. */
void wax_place_prune(wax_router *router, uint32_t place);

#endif
