/* How far a word is from one that exists, so that the right one can be proposed. */
#ifndef WAX_TOOLS_SPELLING_H
#define WAX_TOOLS_SPELLING_H

#include <stddef.h>

/* How many letters to change, add or leave out to make one word of the other; at least the other's
 * size if that is above 31. */
size_t tools_spelling_distance(const char *one, const char *other);

#endif
