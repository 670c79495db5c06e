/* Clients that take one client id from each other. */
#ifndef WAX_BROKER_QUARREL_H
#define WAX_BROKER_QUARREL_H

#include "broker/internal.h"

/* Counts that a newcomer is about to take over from the client's connection. 0: it may; otherwise
 * it waits until that time, and asks again. */
uint64_t quarrel_wait(struct client *client, const struct connection *newcomer);

#endif
