/* The sessions of a database of Mosquitto, made at a broker. */
#ifndef WAX_TOOLS_IMPORT_SESSIONS_H
#define WAX_TOOLS_IMPORT_SESSIONS_H

#include "tools/takeover.h"

/* Makes the sessions that this user may have. Returns the exit code: EXIT_GOOD also when the broker
 * refused some of them, which are then counted. */
int tools_import_sessions(struct import *import);

#endif
