/* A message that may come in pieces, put together. */
#ifndef WAX_TOOLS_MESSAGE_H
#define WAX_TOOLS_MESSAGE_H

#include "client/client.h"
#include "tools/arrival.h"

/* What of a message is here. */
struct message {
    struct arrival arrival;
    uint8_t *room; /* on the heap: payload, topic, properties; NULL if it came at once */
    size_t used;
    size_t capacity;
};

/* Takes what WAX_CLIENT_MESSAGE or WAX_CLIENT_PAYLOAD tells. Returns WAX_OK with the whole message
 * in `arrival` until the next event; WAX_MORE when there are pieces to come; WAX_FULL without
 * memory. */
wax_status tools_message_take(struct message *message, const wax_client_event *event) WAX_CHECKED;
void tools_message_discard(struct message *message);

#endif
