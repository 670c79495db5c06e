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
    client->walks->count--;
    free(walk);
}

bool walk_end(struct client *client, wax_bytes filter, uint32_t most)
{
    struct walk **at;

    if (client->walks == NULL) {
        return false;
    }
    at = &client->walks->first;
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
    end_at(client, &client->walks->first);
}

void walk_end_all(struct client *client)
{
    struct walks *walks = client->walks;

    if (walks != NULL) {
        while (walks->first != NULL) {
            walk_end_first(client);
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
    walk->size = filter.size;
    memcpy(walk->filter, filter.data, filter.size);
    walk->options = *options;
    pthread_mutex_lock(&commons->mutex);
    wax_retained_walk_begin(&walk->walk, commons->retained,
                            wax_bytes_of(walk->filter, filter.size));
    pthread_mutex_unlock(&commons->mutex);

    walk->next = walks->first;
    walks->first = walk;
    walks->count++;
    return WAX_OK;
}
