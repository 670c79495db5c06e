/* Shared groups: they belong to no one worker. One mutex guards them and what is retained
 * (commons_retained.c); it is held for a bounded piece of work and never across a call to another
 * worker. */
#include "broker/groups.h"
#include "broker/internal.h"

#include <stdlib.h>
#include <string.h>

wax_status commons_open(struct commons *commons, const uint64_t key[static 2])
{
    wax_status status = wax_retained_open(&commons->retained, wax_heap(), key);

    pthread_mutex_init(&commons->mutex, NULL);
    wax_matches_init(&commons->matches, wax_heap());
    if (status == WAX_OK) {
        status = wax_router_open(&commons->shared, wax_heap(), key);
    }
    return status;
}

void commons_close(struct commons *commons)
{
    if (commons->is_shedding) {
        wax_retained_walk_end(&commons->shed_walk);
    }
    retained_close(commons->retained);
    wax_router_close(commons->shared);
    wax_matches_close(&commons->matches);
    wax_store_batch_clear(&commons->changes);
    pthread_mutex_destroy(&commons->mutex);
}

static void count_shared(struct commons *commons)
{
    atomic_store(&commons->shared_count, wax_router_count(commons->shared));
}

wax_status commons_join(struct commons *commons, struct seat *seat, const wax_interest *interest,
                        bool *existed)
{
    wax_status status;

    pthread_mutex_lock(&commons->mutex);
    status = wax_router_subscribe(commons->shared, &seat->subscriber, interest, existed);
    count_shared(commons);
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

wax_status commons_leave(struct commons *commons, struct seat *seat, wax_bytes filter,
                         wax_bytes share_name)
{
    wax_status status;

    pthread_mutex_lock(&commons->mutex);
    status = wax_router_unsubscribe(commons->shared, &seat->subscriber, filter, share_name);
    count_shared(commons);
    pthread_mutex_unlock(&commons->mutex);
    return status;
}

void commons_leave_all(struct commons *commons, struct seat *seat)
{
    pthread_mutex_lock(&commons->mutex);
    wax_router_remove_subscriber(commons->shared, &seat->subscriber);
    count_shared(commons);
    pthread_mutex_unlock(&commons->mutex);
}

static bool find(const wax_router *router, const struct seat *seat, const struct search *search,
                 wax_interest *found)
{
    for (uint32_t at = seat->subscriber.first; at != WAX_NO_SUBSCRIPTION;
         at = wax_router_next(router, at)) {
        if (wax_router_describe(router, at, search->room, READ_ROOM_SIZE, found) == WAX_OK &&
            search->wants(search->context, found)) {
            return true;
        }
    }
    return false;
}

bool commons_find(struct commons *commons, const struct seat *seat, const struct search *search,
                  wax_interest *found)
{
    uint8_t *name = NULL;

    pthread_mutex_lock(&commons->mutex);
    if (find(commons->shared, seat, search, found) &&
        (name = malloc(found->share_name.size + 1)) != NULL) {
        memcpy(name, found->share_name.data, found->share_name.size);
        found->share_name.data = name;
    }
    pthread_mutex_unlock(&commons->mutex);
    return name != NULL;
}

static struct seat *seat_of(const wax_member *member)
{
    return (struct seat *)(void *)member->subscriber;
}

/* Where on the way of an errand the seat is. */
static uint16_t stop_of(const struct seat *seat, uint16_t first)
{
    unsigned count = seat->worker->broker->worker_count;
    unsigned stop = (seat->worker->index + count - first) % count;

    return (uint16_t)(atomic_load(&seat->is_online) ? stop : count + stop);
}

/* The next member who is online, or else the next of all: its session may be durable. */
static bool choose_member(struct commons *commons, wax_group group, wax_member *chosen)
{
    wax_members members = wax_group_members(commons->shared, group);
    wax_member member;
    bool found = false;

    while (wax_members_next(&members, &member)) {
        bool is_online = atomic_load(&seat_of(&member)->is_online);
        if (is_online || !found) {
            *chosen = member;
            found = true;
        }
        if (is_online) {
            break;
        }
    }
    return found;
}

/* An errand to a member, whose seat is held. */
static struct errand errand_to(const wax_member *member, wax_group group)
{
    struct seat *seat = seat_of(member);

    atomic_fetch_add(&seat->holders, 1);
    return (struct errand){.seat = seat, .options = member->options, .group = group};
}

size_t commons_choose(struct commons *commons, wax_bytes topic, uint32_t first,
                      struct errand *chosen, size_t size)
{
    const wax_matches *matches = &commons->matches;
    size_t count = 0;

    pthread_mutex_lock(&commons->mutex);
    /* Without memory the matches are empty. */
    (void)!wax_router_match(commons->shared, topic, &commons->matches);
    for (uint32_t i = first; i < matches->group_count && count < size; i++) {
        wax_member member;
        if (!choose_member(commons, matches->groups[i], &member)) {
            continue;
        }
        wax_group_choose(commons->shared, matches->groups[i], &member);
        chosen[count] = errand_to(&member, matches->groups[i]);
        chosen[count].first = (uint16_t)chosen[count].seat->worker->index;
        chosen[count].stop = stop_of(chosen[count].seat, chosen[count].first);
        count++;
    }
    pthread_mutex_unlock(&commons->mutex);
    return count;
}

/* The members at the errand's stop. The array has room for the whole group. */
static size_t collect(const struct errand *errand, wax_members *all, struct errand *members)
{
    wax_member member;
    size_t count = 0;

    while (wax_members_next(all, &member)) {
        if (stop_of(seat_of(&member), errand->first) == errand->stop) {
            members[count++] = errand_to(&member, errand->group);
        }
    }
    return count;
}

size_t commons_ask(struct commons *commons, const struct errand *errand, struct errand **members)
{
    wax_members all;
    size_t count = 0;

    *members = NULL;
    pthread_mutex_lock(&commons->mutex);
    if (wax_group_exists(commons->shared, errand->group)) {
        all = wax_group_members(commons->shared, errand->group);
        *members = calloc(all.left, sizeof **members);
        count = *members == NULL ? 0 : collect(errand, &all, *members);
    }
    pthread_mutex_unlock(&commons->mutex);
    return count;
}

/* The member at the next stop; false if there is none. */
static bool find_next(const struct commons *commons, struct errand *errand, wax_member *next)
{
    wax_members all = wax_group_members(commons->shared, errand->group);
    uint16_t nearest = UINT16_MAX;
    wax_member member;

    while (wax_members_next(&all, &member)) {
        uint16_t stop = stop_of(seat_of(&member), errand->first);
        if (stop >= errand->stop && stop < nearest) {
            nearest = stop;
            *next = member;
        }
    }
    errand->stop = nearest;
    return nearest != UINT16_MAX;
}

bool commons_go_on(struct commons *commons, struct errand *errand)
{
    wax_member next;
    bool found;

    pthread_mutex_lock(&commons->mutex);
    found = wax_group_exists(commons->shared, errand->group) && find_next(commons, errand, &next);
    if (found) {
        errand->seat = errand_to(&next, errand->group).seat;
        errand->options = next.options;
    }
    pthread_mutex_unlock(&commons->mutex);
    return found;
}

struct seat *seat_make(struct worker *worker, struct client *client)
{
    struct seat *seat = calloc(1, sizeof *seat);

    if (seat != NULL) {
        wax_subscriber_init(&seat->subscriber);
        atomic_init(&seat->holders, 1);
        atomic_init(&seat->is_online, client->connection != NULL);
        seat->worker = worker;
        seat->client = client;
    }
    return seat;
}

void seat_release(struct seat *seat)
{
    if (atomic_fetch_sub(&seat->holders, 1) == 1) {
        free(seat);
    }
}
