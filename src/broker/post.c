/* What a worker gives to all that it runs: numbers, and letters to other workers. */
#include "broker/letters.h"

#include <stdlib.h>

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

/* Lets whoever wants the message acknowledged wait for one worker more. The letter is not read
 * before this turn has ended. */
static void promise(struct worker *from, const struct worker *to, struct letter *letter)
{
    struct message *message = letter->message;

    if (message->qos > 0 && from->broker->store->kind->keeps) {
        atomic_fetch_add(&message->awaited, 1);
        if (message->is_once || letter->errand.must_stay) {
            letter_keep(from, to, letter);
        }
    }
}

wax_status worker_post_message(struct worker *from, struct worker *to, const struct letter *letter)
{
    struct letter promised = *letter;

    message_hold(letter->message);
    promise(from, to, &promised);
    if (worker_post(from, to, &promised) == WAX_OK) {
        atomic_fetch_add_explicit(&to->backlog, letter->message->size, memory_order_relaxed);
        return WAX_OK;
    }
    if (letter->message->qos > 0 && from->broker->store->kind->keeps) {
        atomic_fetch_sub(&letter->message->awaited, 1);
    }
    letter_done(from, &promised);
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
        .errand = {.group = delivery->group,
                   .first = (uint16_t)worker->index,
                   .must_stay = delivery->place != 0},
    };

    if (delivery->group.number != 0 && !worker->is_stopping) {
        (void)worker_post_message(worker, worker, &letter);
    }
}
