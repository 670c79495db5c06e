/* Texts that may be shown to people. */
#ifndef WAX_AUTHORITY_PLAIN_H
#define WAX_AUTHORITY_PLAIN_H

#include "base/base.h"

/* Whether it is text of 1 to `most` bytes without control characters, which a terminal would obey
 * and which could pass for the end of a line. */
bool plain_is(wax_bytes text, size_t most);

#endif
