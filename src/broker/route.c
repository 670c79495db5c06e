/* A message goes to all who want it: at this worker, at the others, in shared groups. */
#include "broker/keep.h"
#include "broker/share.h"
#include "broker/standing.h"

#include <stdlib.h>

enum { IDENTIFIERS_FIRST = 64 };

/* Room for one more identifier; false without memory. */
static bool make_room(struct worker *worker, uint32_t count)
{
    uint32_t size = worker->identifier_size == 0 ? IDENTIFIERS_FIRST : worker->identifier_size * 2;
    uint32_t *identifiers;

    if (count < worker->identifier_size) {
        return true;
    }
    identifiers = realloc(worker->identifiers, size * sizeof *identifiers);
    if (identifiers != NULL) {
        worker->identifiers = identifiers;
        worker->identifier_size = size;
    }
    return identifiers != NULL;
}

/* Adds one subscription to what a client's subscriptions come to: the highest QoS, every
 * identifier. [MQTT-3.3.4-2] [MQTT-3.3.4-4] */
static void add(struct worker *worker, struct grant *sum, const struct message *message,
                const wax_subscription_options *options)
{
    if (options->qos > sum->qos) {
        sum->qos = options->qos;
    }
    if (options->retain_as_published && message->retain) {
        sum->retain = true; /* [MQTT-3.3.1-13] */
    }
    if (options->identifier != 0 && make_room(worker, sum->identifier_count)) {
        worker->identifiers[sum->identifier_count++] = options->identifier;
        sum->identifiers = worker->identifiers;
    }
}

static bool is_own(const struct client *client, const struct message *message,
                   const wax_subscription_options *options)
{
    return options->no_local && message->sender == client->number;
}

/* One delivery for a client's chain of matches, or one each where duplicates are wanted. */
static void deliver_chain(struct worker *worker, const struct wax_match *first,
                          struct message *message)
{
    struct client *client = (struct client *)(void *)first->subscriber;
    bool is_apart = worker->settings->config.allow_duplicate_messages;
    const struct wax_match *match = first;
    struct grant sum = {.qos = 0};
    bool is_wanted = false;

    for (;;) {
        if (!is_own(client, message, &match->options)) {
            add(worker, &sum, message, &match->options);
            is_wanted = true;
        }
        bool is_due = match->next == WAX_NO_MATCH || is_apart;
        if (is_due && is_wanted) {
            deliver(client, message, &sum); /* [MQTT-3.3.4-5] */
            sum = (struct grant){.qos = 0};
            is_wanted = false;
        }
        if (match->next == WAX_NO_MATCH) {
            break;
        }
        match = &worker->matches.entries[match->next];
    }
}

void route_to_some(struct worker *worker, struct message *message, some_function *is_one,
                   void *context)
{
    if (wax_router_match(worker->router, message->topic, &worker->matches) != WAX_OK) {
        return;
    }
    for (uint32_t i = 0; i < worker->matches.count; i++) {
        const struct wax_match *match = &worker->matches.entries[i];
        if (match->is_first && is_one(context, (struct client *)(void *)match->subscriber)) {
            deliver_chain(worker, match, message);
        }
    }
}

void route_here(struct worker *worker, struct message *message)
{
    if (wax_router_match(worker->router, message->topic, &worker->matches) != WAX_OK) {
        count_up(worker, COUNT_PUBLISH_DROPPED, 1);
        return;
    }
    for (uint32_t i = 0; i < worker->matches.count; i++) {
        if (worker->matches.entries[i].is_first) {
            deliver_chain(worker, &worker->matches.entries[i], message);
        }
    }
}

static void route_to_others(struct worker *worker, struct message *message)
{
    struct wax_broker *broker = worker->broker;

    for (unsigned i = 0; i < broker->worker_count; i++) {
        struct worker *other = broker->workers[i];
        struct letter letter = {.kind = LETTER_MESSAGE, .message = message};
        if (other == worker || atomic_load(&other->subscription_count) == 0) {
            continue;
        }
        (void)worker_post_message(worker, other, &letter);
    }
}

wax_status route(struct worker *worker, struct message *message)
{
    wax_status status = WAX_OK;

    if (message->sender != 0 && is_claimed(worker, message->topic)) {
        return WAX_NOT_AUTHORIZED; /* a Will: answers come of the broker, and commands go nowhere */
    }
    if (message->retain && worker->broker->commons.keeps) {
        worker->is_keeping = true;
        status = keep_is_possible(worker) ? WAX_OK : WAX_QUOTA_EXCEEDED;
    }
    if (status == WAX_OK && message->retain) {
        status = commons_retain(&worker->broker->commons, message, &worker->settings->config);
    }
    if (status != WAX_OK) {
        return status; /* refused as a whole, before anybody saw it */
    }
    route_here(worker, message);
    route_to_others(worker, message);
    share(worker, message);
    return WAX_OK;
}
