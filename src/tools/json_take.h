/* json_take: members of objects that a file says, whatever it says. */
#ifndef WAX_TOOLS_JSON_TAKE_H
#define WAX_TOOLS_JSON_TAKE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A number from 0 to 10^15; what is not there, or no such number, is 0. */
double json_take_value(const json_t *object, const char *name);

/* The same without what stands behind the point, 2^32 - 1 at most. */
uint32_t json_take_whole(const json_t *object, const char *name);

/* A text, or none; what finds no room is cut. */
void json_take_text(const json_t *object, const char *name, char *room, size_t size);

#endif
