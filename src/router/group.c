/* Groups that share a filter: whose turn it is. */
#include "router/place.h"

wax_members wax_group_members(const wax_router *router, wax_group group)
{
    const struct wax_place *place = wax_place_at(router, group.place);
    uint32_t chosen = place->as.share.chosen;

    return (wax_members){
        .router = router,
        .group = group.place,
        .next = chosen == 0 ? 0 : wax_subscription_at(router, chosen)->next_here,
        .left = place->node.uses,
    };
}

bool wax_members_next(wax_members *members, wax_member *member)
{
    const struct wax_subscription *subscription;

    if (members->left == 0) {
        return false;
    }
    if (members->next == 0) {
        members->next = wax_place_at(members->router, members->group)->subscriptions;
    }
    subscription = wax_subscription_at(members->router, members->next);
    *member = (wax_member){
        .subscriber = subscription->subscriber,
        .options = subscription->options,
        .subscription = members->next,
    };
    members->next = subscription->next_here;
    members->left--;
    return true;
}

void wax_group_choose(wax_router *router, wax_group group, const wax_member *member)
{
    wax_place_at(router, group.place)->as.share.chosen = member->subscription;
}

bool wax_group_exists(const wax_router *router, wax_group group)
{
    const struct wax_place *place = wax_place_at(router, group.place);

    return group.number != 0 && place->node.kind == WAX_SHARE &&
           place->as.share.number == group.number;
}

wax_group wax_group_find(const wax_router *router, wax_bytes filter, wax_bytes share_name)
{
    wax_group found = {.place = 0};

    if (share_name.size > 0) {
        found.place = wax_place_find(router, filter, share_name);
    }
    if (found.place != 0) {
        found.number = wax_place_at(router, found.place)->as.share.number;
    }
    return found;
}
