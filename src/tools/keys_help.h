/* What `wax keys --help` and its manual page say. */
#ifndef WAX_TOOLS_KEYS_HELP_H
#define WAX_TOOLS_KEYS_HELP_H

#include <stdbool.h>

/* Writes the help to the standard output, or the manual page. */
void keys_help(bool as_manual);

#endif
