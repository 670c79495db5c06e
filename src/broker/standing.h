/* What somebody may do, by ACL file and by the roles of dynamic security. */
#ifndef WAX_BROKER_STANDING_H
#define WAX_BROKER_STANDING_H

#include "broker/internal.h"

#define CONTROL_PREFIX "$CONTROL/dynamic-security/"

/* What dynamic security says of whoever this is at that listener; NULL where it has no say. */
const wax_dynsec_user *standing_of(const struct worker *worker, uint16_t listener,
                                   const wax_access_identity *identity);

/* The one place where the rights of a client, or of an author, are put together. They die with the
 * worker's settings or table: access_renew() then. */
wax_access access_of(const struct worker *worker, uint16_t listener,
                     const wax_access_identity *identity);

/* Whether nobody has said anything about this client, neither a name nor rules, and `sys_anonymous`
 * does not either: $SYS is not for it. */
bool is_stranger(const struct client *client);

/* Whether the topic is one of dynamic security, which no message of a client goes through. */
bool is_claimed(const struct worker *worker, wax_bytes topic);

#endif
