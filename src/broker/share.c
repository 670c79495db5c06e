/* A message for a shared group goes from member to member until one takes it: a member may be gone,
 * have no room, or no right to read it. Most take it at once; the others cost a letter for each
 * worker at most, and nobody is asked twice. */
#include "broker/share.h"

#include <stdlib.h>

enum { GROUP_MAX = 256 };

/* Returns whether this member took it. */
static bool offer(struct errand *errand, const struct errand *member, struct message *message)
{
    struct client *client = member->seat->client;
    const wax_subscription_options *options = &member->options;
    wax_status status = WAX_NOT_FOUND;
    struct grant grant = {.identifiers = &options->identifier,
                          .identifier_count = options->identifier != 0,
                          .group = errand->group,
                          .qos = options->qos,
                          .retain = options->retain_as_published && message->retain};

    if (client != NULL) {
        status = deliver_or_not(client, message, &grant);
    }
    errand->is_refused = errand->is_refused || status == WAX_IO;
    return status == WAX_OK;
}

/* Offers the message to the others at this stop, which is at this worker. Returns whether one took
 * it. */
static bool offer_to_others(struct worker *worker, struct errand *errand, struct message *message)
{
    struct errand *members;
    size_t count = commons_ask(&worker->broker->commons, errand, &members);
    bool is_taken = false;

    for (size_t i = 0; i < count; i++) {
        is_taken =
            is_taken || (members[i].seat != errand->seat && offer(errand, &members[i], message));
        seat_release(members[i].seat);
    }
    free(members);
    return is_taken;
}

static void post(struct worker *worker, const struct errand *errand, struct message *message)
{
    struct letter letter = {.kind = LETTER_SEAT, .message = message, .errand = *errand};

    if (worker_post_message(worker, errand->seat->worker, &letter) != WAX_OK) {
        seat_release(errand->seat);
    }
}

void share_go_on(struct worker *worker, struct errand *errand, struct message *message)
{
    struct commons *commons = &worker->broker->commons;
    bool is_taken = false;

    while (!is_taken && (errand->seat != NULL || commons_go_on(commons, errand))) {
        if (errand->seat->worker != worker) {
            post(worker, errand, message);
            return;
        }
        /* [MQTT-4.8.2-5] */
        is_taken = offer(errand, errand, message) || offer_to_others(worker, errand, message);
        seat_release(errand->seat);
        errand->seat = NULL;
        errand->stop++;
    }
    if (!is_taken && errand->is_refused) {
        message_refuse(worker, message);
    }
    if (!is_taken) {
        count_up(worker, COUNT_PUBLISH_DROPPED, 1);
    }
}

void share(struct worker *worker, struct message *message)
{
    struct commons *commons = &worker->broker->commons;
    struct errand chosen[GROUP_MAX];
    uint32_t first = 0;
    size_t count;

    if (atomic_load_explicit(&commons->shared_count, memory_order_relaxed) == 0) {
        return;
    }
    do {
        count = commons_choose(commons, message->topic, first, chosen, GROUP_MAX);
        for (size_t i = 0; i < count; i++) {
            share_go_on(worker, &chosen[i], message);
        }
        first += (uint32_t)count;
    } while (count == GROUP_MAX);
}
