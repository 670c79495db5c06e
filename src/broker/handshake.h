/* What the broker tells of its TLS. */
#ifndef WAX_BROKER_HANDSHAKE_H
#define WAX_BROKER_HANDSHAKE_H

#include "broker/internal.h"

/* Counts a connection's handshake once it is done. */
void handshake_count(struct connection *connection);

/* The first worker: publishes when the listeners' certificates end, and tells of it in time. */
wax_status handshake_open(struct worker *worker) WAX_CHECKED;
void handshake_close(struct worker *worker);

/* Looks at them again: the settings are others. */
void handshake_look(struct worker *worker);

#endif
