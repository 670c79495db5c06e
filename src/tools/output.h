/* Showing messages as they were asked for: plain, with topics, or in a format. */
#ifndef WAX_TOOLS_OUTPUT_H
#define WAX_TOOLS_OUTPUT_H

#include "tools/arrival.h"
#include "tools/settings.h"

/* What may stand behind % in a format, and what it shows. */
struct output_letter {
    char letter;
    const char *text;
};

extern const struct output_letter tools_output_letters[];
extern const size_t tools_output_letter_count;

/* Whether the format, if there is one, holds only what tools_output_show() knows. False, and said
 * so, if not. */
bool tools_output_check(const struct settings *settings);

/* Writes a message to the standard output. False, and said so, when that takes no more. */
bool tools_output_show(const struct settings *settings, const struct arrival *arrival);

#endif
