/* What is retained goes to new subscriptions, in walks. */
#ifndef WAX_BROKER_WALK_H
#define WAX_BROKER_WALK_H

#include "broker/internal.h"
#include "broker/reading.h"

/* A walk over retained messages that a subscription began. */
struct walk {
    wax_link link; /* first: the client's walks are a ring, the oldest first */
    wax_retained_walk walk;
    struct reading *reading; /* of what is in the store alone; NULL: nothing was met yet */
    wax_subscription_options options;
    size_t size; /* of the filter */
    uint8_t filter[];
};

/* All of a client. */
struct walks {
    wax_link link; /* in the worker's ring */
    struct client *client;
    struct walk *first; /* the oldest; NULL: they are about to go */
    uint32_t count;
};

/* Begins a walk for a subscription; there are WALK_SEARCH_MAX more of them than subscriptions at
 * most. The filter is copied. Returns WAX_OK or WAX_QUOTA_EXCEEDED. */
wax_status walk_begin(struct client *client, wax_bytes filter,
                      const wax_subscription_options *options) WAX_CHECKED;

/* The walk that began after this one; NULL: none. */
struct walk *walk_after(const struct client *client, const struct walk *walk);

/* Ends the walk that a subscription to this filter began, if it is among the youngest `most`, and
 * says whether it was; this one; all. */
bool walk_end(struct client *client, wax_bytes filter, uint32_t most);
void walk_end_one(struct client *client, struct walk *walk);
void walk_end_all(struct client *client);

/* Goes on with all walks of this worker. Returns whether some are not done. */
bool retain_turn(struct worker *worker);

/* Leaves retained messages to the store if they take too much memory. Returns whether it is not
 * done. */
bool shed_turn(struct worker *worker);

#endif
