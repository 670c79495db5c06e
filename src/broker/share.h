/* A message for shared groups goes to one member of each. */
#ifndef WAX_BROKER_SHARE_H
#define WAX_BROKER_SHARE_H

#include "broker/internal.h"

/* Delivers to one member of each group that the message's topic matches: the one whose turn it is
 * or, if that one may not or cannot have it, another. */
void share(struct worker *worker, struct message *message);

/* Goes on with the errand of a letter; takes over its seat, if it has one by now. */
void share_go_on(struct worker *worker, struct errand *errand, struct message *message);

#endif
