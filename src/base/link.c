/* Rings of links. */
#include "base/base.h"

void wax_link_init(wax_link *ring)
{
    ring->next = ring;
    ring->previous = ring;
}

bool wax_link_is_alone(const wax_link *ring)
{
    return ring->next == ring;
}

void wax_link_append(wax_link *ring, wax_link *member)
{
    wax_assert(wax_link_is_alone(member));
    member->previous = ring->previous;
    member->next = ring;
    ring->previous->next = member;
    ring->previous = member;
}

void wax_link_remove(wax_link *member)
{
    member->previous->next = member->next;
    member->next->previous = member->previous;
    wax_link_init(member);
}
