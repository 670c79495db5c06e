/* The way of `wax keys` to a running `wax authority`: over the socket in its folder, over another
 * Unix socket, or by TLS 1.3 from anywhere. */
#ifndef WAX_TOOLS_KEYS_WIRE_H
#define WAX_TOOLS_KEYS_WIRE_H

#include "tools/authority_home.h"
#include "tools/keys_order.h"

/* Asks, at `order->authority` or, without one, in the folder. Returns false when the order was not
 * carried out: `answer->fault` says why, and `answer->is_unheard` that it may be asked again. */
bool keys_wire_ask(const struct authority_home *home, const struct keys_order *order, char **words,
                   struct keys_answer *answer);

/* Listens in the folder, for its account alone. Returns a descriptor, or -1 with `home->fault`. */
int keys_wire_listen(struct authority_home *home);
void keys_wire_end(const struct authority_home *home, int listener);

#endif
