/* What a worker gives to all that it runs: numbers, and letters to other workers. */
#include "broker/internal.h"

#include <stdlib.h>

enum { NUMBER_SHIFT = 56 };

uint64_t worker_number(struct worker *worker)
{
    worker->last_number++;
    return (uint64_t)worker->index << NUMBER_SHIFT | worker->last_number;
}

wax_status worker_post(struct worker *from, struct worker *to, const struct letter *letter)
{
    struct letter *copy = malloc(sizeof *copy);

    if (copy == NULL) {
        return WAX_FULL;
    }
    *copy = *letter;
    wax_letters_append(&from->outboxes[to->index], &copy->letter);
    return WAX_OK;
}

wax_status worker_post_message(struct worker *from, struct worker *to, const struct letter *letter)
{
    message_hold(letter->message);
    if (worker_post(from, to, letter) == WAX_OK) {
        atomic_fetch_add_explicit(&to->backlog, letter->message->size, memory_order_relaxed);
        return WAX_OK;
    }
    message_release(letter->message);
    count_up(from, COUNT_PUBLISH_DROPPED, 1);
    return WAX_FULL;
}

/* By a letter, since whoever ends a session or empties a queue is in no state to deliver. */
void worker_pass_on(struct worker *worker, const struct delivery *delivery)
{
    struct letter letter = {
        .kind = LETTER_SEAT,
        .message = delivery->message,
        .errand = {.group = delivery->group, .first = (uint16_t)worker->index},
    };

    if (delivery->group.number != 0 && !worker->is_stopping) {
        (void)worker_post_message(worker, worker, &letter);
    }
}
