/* What roles say of a message; inside of the room. */
#ifndef WAX_ACCESS_ROLES_H
#define WAX_ACCESS_ROLES_H

#include "access/access.h"

/* Whether the roles let the connection do this with the topic of a message; true where there is no
 * standing, and where an ACL file alone has to decide. */
bool wax_roles_allow(const wax_access *access, wax_action action, wax_bytes topic);

/* Whether some character of `name` is one of `characters`. */
bool wax_name_has_any(wax_bytes name, wax_bytes characters);

#endif
