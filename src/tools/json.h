/* A message as one JSON object. */
#ifndef WAX_TOOLS_JSON_H
#define WAX_TOOLS_JSON_H

#include "tools/arrival.h"

#include <stdio.h>

/* Writes a message, or its payload as JSON within it, as one JSON object. False when the payload
 * was to be JSON and is not. */
bool tools_json_write(FILE *file, const struct arrival *arrival, bool is_embedded, bool is_pretty);

#endif
