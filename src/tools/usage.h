/* What --help, --version and the manual page of a tool say. */
#ifndef WAX_TOOLS_USAGE_H
#define WAX_TOOLS_USAGE_H

#include "tools/settings.h"

/* Writes to the standard output what the settings want of it. */
void tools_usage(const struct settings *settings);

#endif
