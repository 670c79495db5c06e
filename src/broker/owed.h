/* owed: acknowledgements that wait until what they acknowledge is safe. */
#ifndef WAX_BROKER_OWED_H
#define WAX_BROKER_OWED_H

#include "broker/keep.h"

/* Promises an acknowledgement: it leaves when all that the event brought about is durable; if other
 * workers have the `message` (or NULL), there too. */
void owe(struct connection *connection, uint8_t type, uint16_t packet_id, uint8_t reason,
         struct message *message);

/* At a worker that was posted a message: its publisher waits for what was done with it here. */
void await_here(struct worker *worker, struct message *message);

/* Ends the turn for the store: commits, and sends what is owed and safe. */
void owed_release(struct worker *worker);

/* Forgets what is owed to a client that ends. */
void owed_forget(struct worker *worker, const struct client *client);
void owed_close(struct worker *worker);

#endif
