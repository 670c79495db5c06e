/* Showing messages as they were asked for: plain, with topics, or in a format. */
#ifndef WAX_TOOLS_OUTPUT_H
#define WAX_TOOLS_OUTPUT_H

#include "tools/arrival.h"
#include "tools/settings.h"

/* Whether the format, if there is one, holds only what tools_output_show() knows. False, and said
 * so, if not. */
bool tools_output_check(const struct settings *settings);

/* Writes a message to the standard output. False, and said so, when that takes no more. */
bool tools_output_show(const struct settings *settings, const struct arrival *arrival);

#endif
