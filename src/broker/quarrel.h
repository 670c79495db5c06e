/* Clients that take one client id from each other. */
#ifndef WAX_BROKER_QUARREL_H
#define WAX_BROKER_QUARREL_H

#include "broker/internal.h"

/* Connections that take a client id from each other, over and over. */
struct quarrel {
    uint64_t since_ms; /* the first takeover of this minute */
    uint64_t until_ms; /* the next one waits until then */
    uint32_t count;
    bool is_told;
};

/* Counts that a newcomer is about to take over from the client's connection. 0: it may; otherwise
 * it waits until that time, and asks again. Without memory nothing is counted. */
uint64_t quarrel_wait(struct client *client, const struct connection *newcomer);

#endif
