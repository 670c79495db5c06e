/* Who a CONNECT claims to come from, and under which client id. */
#ifndef WAX_BROKER_IDENTIFY_H
#define WAX_BROKER_IDENTIFY_H

#include "broker/login.h"

/* Settles the user, as far as it is known before the password is judged, and the client id. Returns
 * WAX_OK, or the reason of the refusal. */
wax_status identify(struct connection *connection, struct pending *pending) WAX_CHECKED;

/* Settles the client id, once it is known who the user is: of a token that is later. */
wax_status identify_client(struct connection *connection, struct pending *pending) WAX_CHECKED;

#endif
