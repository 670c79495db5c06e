/* The walks over retained messages that a client still has before it. */
#include "broker/walk.h"

#include <stdlib.h>
#include <string.h>

static struct walk *walk_of(wax_link *link)
{
    return WAX_OWNER(link, struct walk, link);
}

struct walk *walk_after(const struct client *client, const struct walk *walk)
{
    struct walk *after = walk_of(walk->link.next);

    return after == client->walks->first ? NULL : after;
}

void walk_end_one(struct client *client, struct walk *walk)
{
    struct commons *commons = &client->worker->broker->commons;

    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_end(&walk->walk);
    pthread_mutex_unlock(&commons->mutex);
    if (walk == client->walks->first) {
        client->walks->first = walk_after(client, walk);
    }
    wax_link_remove(&walk->link);
    client->walks->count--;
    reading_end(&walk->reading);
    free(walk);
}

bool walk_end(struct client *client, wax_bytes filter, uint32_t most)
{
    struct walks *walks = client->walks;
    struct walk *walk = walks == NULL ? NULL : walks->first;

    for (uint32_t i = 0; walk != NULL && i < walks->count && i < most; i++) {
        walk = walk_of(walk->link.previous);
        if (wax_bytes_equal(wax_bytes_of(walk->filter, walk->size), filter)) {
            walk_end_one(client, walk);
            return true;
        }
    }
    return false;
}

void walk_end_all(struct client *client)
{
    struct walks *walks = client->walks;

    if (walks != NULL) {
        while (walks->first != NULL) {
            walk_end_one(client, walks->first);
        }
        wax_link_remove(&walks->link);
        free(walks);
        client->walks = NULL;
    }
}

/* The client's walks, in the worker's ring. NULL without memory. */
static struct walks *walks_of(struct client *client)
{
    struct walks *walks = client->walks;

    if (walks == NULL) {
        walks = calloc(1, sizeof *walks);
    }
    if (walks != NULL && client->walks == NULL) {
        client->walks = walks;
        walks->client = client;
        wax_link_init(&walks->link);
        wax_link_append(&client->worker->walking, &walks->link);
    }
    return walks;
}

wax_status walk_begin(struct client *client, wax_bytes filter,
                      const wax_subscription_options *options)
{
    struct commons *commons = &client->worker->broker->commons;
    struct walks *walks = walks_of(client);
    struct walk *walk = NULL;

    if (walks != NULL && walks->count < client->subscriber.count + WALK_SEARCH_MAX) {
        walk = malloc(sizeof *walk + filter.size);
    }
    if (walk == NULL) {
        return WAX_QUOTA_EXCEEDED;
    }
    walk->reading = NULL;
    walk->size = filter.size;
    memcpy(walk->filter, filter.data, filter.size);
    walk->options = *options;
    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_begin(&walk->walk, commons->retained,
                            wax_bytes_of(walk->filter, filter.size));
    pthread_mutex_unlock(&commons->mutex);

    wax_link_init(&walk->link);
    if (walks->first == NULL) {
        walks->first = walk;
    } else {
        wax_link_append(&walks->first->link, &walk->link);
    }
    walks->count++;
    return WAX_OK;
}
