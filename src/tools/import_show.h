/* What is in a database of Mosquitto, for people and as JSON. */
#ifndef WAX_TOOLS_IMPORT_SHOW_H
#define WAX_TOOLS_IMPORT_SHOW_H

#include "tools/takeover.h"

/* Shows what is in the file: how much, with -v each, or all as JSON. */
void tools_import_show(const struct import *import);

#endif
