/* What stands on an accepted socket: the filters that its listener asks for, and HTTP. */
#ifndef WAX_BROKER_STACK_H
#define WAX_BROKER_STACK_H

#include "broker/internal.h"
#include "web/web.h"

/* --- stack: the filters that a listener puts upon a socket --- */

/* Makes them for a descriptor that was accepted, and owns it. NULL without memory: it is closed
 * then. */
wax_transport *stack_open(struct worker *worker, int descriptor, uint16_t listener);

/* Whether a PROXY header will say who the peer is. */
bool stack_awaits_proxy(const struct worker *worker, uint16_t listener);

/* How loud a refusal below MQTT is logged, which anybody can bring about any number of times: as a
 * notice once in a while. */
wax_level stack_level(struct worker *worker);

/* Takes over who the proxy says the peer is. Returns whether it has said so. */
bool stack_read_proxy(const wax_transport *top, wax_address *peer);

/* --- http: the listener for operations --- */

/* Begins to answer HTTP requests on a socket that was accepted. */
void http_accept(struct worker *worker, int descriptor, uint16_t listener);

/* Ends all its connections. */
void http_close_all(struct worker *worker);

#endif
