/* Messages that go from worker to worker while the store must not lose them: what is written down
 * here in one batch with the cause is taken out there in one batch with the effect. So a QoS 2
 * message is neither lost nor brought about twice when the process ends in between. */
#ifndef WAX_BROKER_LETTERS_H
#define WAX_BROKER_LETTERS_H

#include "broker/keep.h"

/* Writes down a letter with a message that `from` is about to post to `to`, and notes in it how it
 * is called in the store. */
void letter_keep(struct worker *from, const struct worker *to, struct letter *letter);

/* The letter has done its work at this worker, or goes on as another. */
void letter_done(struct worker *worker, const struct letter *letter);

/* All letters with this message that stayed because it was refused. */
void letters_withdraw(struct worker *worker, const struct message *message);

/* After a start: delivers what an earlier process had posted and not read. `value` is that of the
 * record, `message` what it holds. False for what this version does not understand. */
bool letter_again(struct wax_broker *broker, wax_bytes key, wax_bytes value,
                  struct message *message) WAX_CHECKED;

#endif
