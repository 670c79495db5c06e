/* The walks over retained messages that a client still has before it. */
#include "broker/walk.h"

#include <stdlib.h>
#include <string.h>

/* Ends the walk that `at` points to. */
static void end_at(struct client *client, struct walk **at)
{
    struct commons *commons = &client->worker->broker->commons;
    struct walk *walk = *at;

    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_end(&walk->walk);
    pthread_mutex_unlock(&commons->mutex);
    *at = walk->next;
    client->walk_count--;
    free(walk);
}

bool walk_end(struct client *client, wax_bytes filter, uint32_t most)
{
    struct walk **at = &client->walks;

    while (*at != NULL && most > 0 &&
           !wax_bytes_equal(wax_bytes_of((*at)->filter, (*at)->size), filter)) {
        at = &(*at)->next;
        most--;
    }
    if (*at == NULL || most == 0) {
        return false;
    }
    end_at(client, at);
    return true;
}

void walk_end_first(struct client *client)
{
    end_at(client, &client->walks);
}

void walk_end_all(struct client *client)
{
    while (client->walks != NULL) {
        walk_end_first(client);
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
    walk->size = filter.size;
    memcpy(walk->filter, filter.data, filter.size);
    walk->options = *options;
    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_begin(&walk->walk, commons->retained,
                            wax_bytes_of(walk->filter, filter.size));
    pthread_mutex_unlock(&commons->mutex);

    walk->next = client->walks;
    client->walks = walk;
    client->walk_count++;
    if (wax_link_is_alone(&client->walking)) {
        wax_link_append(&client->worker->walking, &client->walking);
    }
    return WAX_OK;
}
