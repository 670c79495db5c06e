/* The retained messages of a database of Mosquitto, published to a broker. */
#ifndef WAX_TOOLS_IMPORT_RETAINED_H
#define WAX_TOOLS_IMPORT_RETAINED_H

#include "tools/takeover.h"

/* Publishes the retained messages. Returns the exit code: EXIT_GOOD also when the broker refused
 * some of them, which are then counted. */
int tools_import_retained(struct import *import);

#endif
