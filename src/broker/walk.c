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

    return after == client->walks ? NULL : after;
}

void walk_end_one(struct client *client, struct walk *walk)
{
    struct commons *commons = &client->worker->broker->commons;

    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_end(&walk->walk);
    pthread_mutex_unlock(&commons->mutex);
    if (walk == client->walks) {
        client->walks = walk_after(client, walk);
    }
    wax_link_remove(&walk->link);
    client->walk_count--;
    reading_end(&walk->reading);
    free(walk);
}

bool walk_end(struct client *client, wax_bytes filter, uint32_t most)
{
    struct walk *walk = client->walks;

    for (uint32_t i = 0; i < client->walk_count && i < most; i++) {
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
    while (client->walks != NULL) {
        walk_end_one(client, client->walks);
    }
    wax_link_remove(&client->walking);
}

wax_status walk_begin(struct client *client, wax_bytes filter,
                      const wax_subscription_options *options)
{
    struct commons *commons = &client->worker->broker->commons;
    struct walk *walk = NULL;

    if (client->walk_count < client->subscriber.count + WALK_SEARCH_MAX) {
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
    if (client->walks == NULL) {
        client->walks = walk;
    } else {
        wax_link_append(&client->walks->link, &walk->link);
    }
    client->walk_count++;
    if (wax_link_is_alone(&client->walking)) {
        wax_link_append(&client->worker->walking, &client->walking);
    }
    return WAX_OK;
}
