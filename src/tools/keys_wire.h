/* An order on its way to a running `wax authority` and its answer back: an object of JSON each,
 * over the socket in the authority's folder, which its account alone may use. */
#ifndef WAX_TOOLS_KEYS_WIRE_H
#define WAX_TOOLS_KEYS_WIRE_H

#include "tools/authority_home.h"
#include "tools/keys_order.h"

/* Asks. Returns false when the order was not carried out: `answer->fault` says why, and
 * `answer->is_unheard` that it may be asked again. */
bool keys_wire_ask(const struct authority_home *home, const struct keys_order *order, char **words,
                   struct keys_answer *answer);

/* Listens in the folder. Returns a descriptor, or -1 with `home->fault`. */
int keys_wire_listen(struct authority_home *home);
void keys_wire_end(const struct authority_home *home, int listener);

/* Takes who has come, carries out what is asked, and answers. A peer has few seconds for it.
 * `told` gets what was asked in a line for the log, empty for nothing. */
void keys_wire_serve(struct authority_home *home, int listener, char *told, size_t told_size);

#endif
