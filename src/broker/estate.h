/* What an ended session leaves in the store for the other members of its shared groups: messages
 * that are not in memory. They are fetched piece by piece and handed on, each in one batch with its
 * end; a process that comes after goes on with it. */
#ifndef WAX_BROKER_ESTATE_H
#define WAX_BROKER_ESTATE_H

#include "broker/queue.h"

/* The key in the table of facts: this, and the number of the session in decimal digits. */
#define ESTATE_KEY "estate "

/* As a session ends, before what is kept of it is removed: if it leaves anything, its rows stay,
 * and `client->has_estate` says so. */
void estate_begin(struct client *client);

/* Goes on with what an earlier process has left. */
void estate_go_on(struct worker *worker, uint64_t session);

/* Hands on what was fetched, and asks for more or ends. The fetch is taken over. */
void estate_on_fetched(struct worker *worker, struct fetch *fetch);

#endif
