/* Letters of an earlier process that nobody has read. */
#include "broker/letters.h"

#include "broker/keep_group.h"
#include "broker/share.h"

/* Whether a session was that worker's. */
static bool was_of(void *context, const struct client *client)
{
    const struct kept_letter *record = context;

    return wax_hash(client->worker->broker->owner_key, client->id) % record->count == record->index;
}

static void share_again(struct worker *worker, struct message *message,
                        const struct kept_letter *record)
{
    struct commons *commons = &worker->broker->commons;
    struct errand chosen[64];
    size_t count = commons_choose(commons, message->topic, 0, chosen, WAX_COUNT(chosen));

    for (size_t i = 0; i < count; i++) {
        wax_interest found;
        if (keep_group(worker, chosen[i].group, &found) &&
            wax_bytes_equal(found.share_name, record->share_name) &&
            wax_bytes_equal(found.filter, record->filter)) {
            share_go_on(worker, &chosen[i], message);
        } else {
            seat_release(chosen[i].seat);
        }
    }
}

bool letter_again(struct wax_broker *broker, wax_bytes key, wax_bytes value,
                  struct message *message)
{
    struct worker *first = broker->workers[0];
    struct letter letter = {.message = message, .kept = kept_number(kept_rest(key))};
    struct kept_letter record;

    if (!kept_letter_read(value, &record)) {
        return false;
    }
    message->is_once = true;
    letter_done(first, &letter);
    if (record.index == KEPT_LETTER_SHARED) {
        share_again(first, message, &record);
        return true;
    }
    for (unsigned i = 0; i < broker->worker_count; i++) {
        route_to_some(broker->workers[i], message, was_of, &record);
        if (i > 0) {
            /* One batch, so that the letter goes when all that it brought about is there. */
            wax_store_batch_join(&first->changes, &broker->workers[i]->changes);
        }
    }
    return true;
}
