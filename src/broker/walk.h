/* What is retained goes to new subscriptions, in walks. */
#ifndef WAX_BROKER_WALK_H
#define WAX_BROKER_WALK_H

#include "broker/internal.h"

/* A walk over retained messages that a subscription began. */
struct walk {
    struct walk *next;
    wax_retained_walk walk;
    wax_subscription_options options;
    size_t size; /* of the filter */
    uint8_t filter[];
};

/* All of a client, the youngest first. */
struct walks {
    wax_link link; /* in the worker's ring */
    struct client *client;
    struct walk *first; /* NULL: they are about to go */
    uint32_t count;
};

/* Begins a walk for a subscription; there are WALK_SEARCH_MAX more of them than subscriptions at
 * most. The filter is copied. Returns WAX_OK or WAX_QUOTA_EXCEEDED. */
wax_status walk_begin(struct client *client, wax_bytes filter,
                      const wax_subscription_options *options) WAX_CHECKED;

/* Ends the walk that a subscription to this filter began, if it is among the youngest `most`, and
 * says whether it was; the first; all. */
bool walk_end(struct client *client, wax_bytes filter, uint32_t most);
void walk_end_first(struct client *client);
void walk_end_all(struct client *client);

/* Goes on with all walks of this worker. Returns whether some are not done. */
bool retain_turn(struct worker *worker);

#endif
