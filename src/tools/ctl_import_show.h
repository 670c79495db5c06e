/* What is in a database of Mosquitto, for people and as JSON. */
#ifndef WAX_TOOLS_CTL_IMPORT_SHOW_H
#define WAX_TOOLS_CTL_IMPORT_SHOW_H

#include "tools/ctl_takeover.h"

/* Shows every thing in the file, for people or with --json as lines of JSON. */
void ctl_import_show(const struct import *import);

#endif
