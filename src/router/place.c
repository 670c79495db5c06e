/* The places where subscriptions are kept. */
#include "router/place.h"

struct wax_place *wax_place_at(const wax_router *router, uint32_t index)
{
    return wax_tree_at(&router->filters, index);
}

struct wax_subscription *wax_subscription_at(const wax_router *router, uint32_t index)
{
    return wax_table_at(&router->subscriptions, index);
}

/* Ties a new place to its parent. */
static void attach(wax_router *router, uint32_t index)
{
    struct wax_place *place = wax_place_at(router, index);
    struct wax_place *parent = wax_place_at(router, place->node.parent);
    wax_bytes text = wax_node_text(&place->node);

    if (place->node.kind == WAX_SHARE) {
        place->as.share.next = parent->as.level.share;
        router->last_group += router->last_group == UINT32_MAX ? 2U : 1U; /* never 0 */
        place->as.share.number = router->last_group;
        parent->as.level.share = index;
        if (place->as.share.next != 0) {
            wax_place_at(router, place->as.share.next)->as.share.previous = index;
        }
    } else if (wax_bytes_equal(text, WAX_TEXT("+"))) {
        parent->as.level.plus = index;
    } else if (wax_bytes_equal(text, WAX_TEXT("#"))) {
        parent->as.level.multi = index;
    }
}

static void detach_share(wax_router *router, struct wax_place *place)
{
    uint32_t next = place->as.share.next;
    uint32_t previous = place->as.share.previous;

    if (next != 0) {
        wax_place_at(router, next)->as.share.previous = previous;
    }
    if (previous != 0) {
        wax_place_at(router, previous)->as.share.next = next;
    } else {
        wax_place_at(router, place->node.parent)->as.level.share = next;
    }
    place->as.share.number = 0;
}

static void detach(wax_router *router, uint32_t index)
{
    struct wax_place *place = wax_place_at(router, index);
    struct wax_place *parent = wax_place_at(router, place->node.parent);

    if (place->node.kind == WAX_SHARE) {
        detach_share(router, place);
    } else if (parent->as.level.plus == index) {
        parent->as.level.plus = 0;
    } else if (parent->as.level.multi == index) {
        parent->as.level.multi = 0;
    }
}

void wax_place_prune(wax_router *router, uint32_t place)
{
    while (place != 0 && wax_place_at(router, place)->node.uses == 0) {
        detach(router, place);
        place = wax_tree_remove(&router->filters, place);
    }
}

uint32_t wax_place_find(const wax_router *router, wax_bytes filter, wax_bytes share_name)
{
    struct wax_levels levels = wax_levels_of(filter);
    wax_bytes level;
    uint32_t place = 0;

    while (wax_levels_next(&levels, &level)) {
        struct wax_name name = wax_tree_name(&router->filters, level, WAX_LEVEL);
        place = wax_tree_find(&router->filters, place, &name);
        if (place == 0) {
            return 0;
        }
    }
    if (share_name.size != 0) {
        struct wax_name name = wax_tree_name(&router->filters, share_name, WAX_SHARE);
        place = wax_tree_find(&router->filters, place, &name);
    }
    return place;
}

/* The child with this name, a new one if need be; without memory nothing of the way to it is left.
 */
static uint32_t step(wax_router *router, uint32_t place, wax_bytes text, uint8_t kind)
{
    struct wax_name name = wax_tree_name(&router->filters, text, kind);
    uint32_t child = wax_tree_find(&router->filters, place, &name);

    if (child != 0) {
        return child;
    }
    child = wax_tree_add(&router->filters, place, &name);
    if (child == 0) {
        wax_place_prune(router, place);
        return 0;
    }
    attach(router, child);
    return child;
}

uint32_t wax_place_make(wax_router *router, wax_bytes filter, wax_bytes share_name)
{
    struct wax_levels levels = wax_levels_of(filter);
    wax_bytes level;
    uint32_t place = 0;

    while (wax_levels_next(&levels, &level)) {
        place = step(router, place, level, WAX_LEVEL);
        if (place == 0) {
            return 0;
        }
    }
    return share_name.size == 0 ? place : step(router, place, share_name, WAX_SHARE);
}
