/* Room for topic aliases: only connections that use them have any. */
#ifndef WAX_BROKER_ALIASES_H
#define WAX_BROKER_ALIASES_H

#include "broker/internal.h"

/* More room for the aliases that the peer makes, up to what was announced. Returns WAX_OK, or
 * WAX_QUOTA_EXCEEDED at the limit or without memory. */
wax_status aliases_grow_in(struct connection *connection) WAX_CHECKED;

/* The aliases that are made here, if the peer takes any: gives them room when the first is needed.
 * Without memory there are none. */
void aliases_open_out(struct connection *connection);

void aliases_free(struct connection *connection);

#endif
