/* Whose a session is. */
#ifndef WAX_BROKER_OWNER_H
#define WAX_BROKER_OWNER_H

#include "broker/login.h"

/* Whether the session belongs to whoever sent this CONNECT: to the same name, and one that the same
 * files vouch for. A name that a certificate proves, one that a password proves and one that
 * nothing proves are three, though they may be spelled alike. Who has no name is nobody, at any
 * listener. The broker's own sessions are nobody's. */
bool is_owner(const struct client *client, const struct connection *connection);

#endif
