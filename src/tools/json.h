/* A message as one JSON object. */
#ifndef WAX_TOOLS_JSON_H
#define WAX_TOOLS_JSON_H

#include "tools/arrival.h"

#include <stdio.h>

/* Writes a message, or its payload as JSON within it, as one JSON object. False when the payload
 * was to be JSON and is not. */
bool tools_json_write(FILE *file, const struct arrival *arrival, bool is_embedded, bool is_pretty);

/* Writes a text as a JSON string; what is no UTF-8 as the numbers of its bytes. */
void tools_json_write_bytes(FILE *file, wax_bytes bytes);

/* Writes the properties of a PUBLISH as one more member of an object: `,"properties":{...}`;
 * nothing if there are none. */
void tools_json_write_properties(FILE *file, wax_bytes properties);

#endif
