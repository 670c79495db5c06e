/* Who comes in under dynamic security, and what becomes of those inside when it changes. */
#ifndef WAX_BROKER_ADMIT_H
#define WAX_BROKER_ADMIT_H

#include "broker/internal.h"

/* Gives every client its rights anew, from the settings and the table that hold now, and ends the
 * subscriptions that they do not allow any more. */
void access_renew(struct worker *worker);

/* Ends the subscriptions of a client that its rights do not allow, if these are others than when
 * its subscriptions were judged last. */
void access_settle(struct client *client);

/* Remembers under what a connection whose CONNECT came is let in. */
void access_note(struct connection *connection);

/* Whether dynamic security lets it in, now that its password was found right: it may have changed
 * since. Returns WAX_OK, or the reason of the refusal. */
wax_status access_admit(const struct connection *connection) WAX_CHECKED;

#endif
