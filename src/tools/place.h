/* A place that people write as HOST:PORT. */
#ifndef WAX_TOOLS_PLACE_H
#define WAX_TOOLS_PLACE_H

#include "base/base.h"

/* Cuts HOST:PORT or [ADDRESS]:PORT in two. False for what is neither, a port of 0, or a host that
 * does not fit `size`. */
bool tools_place_read(const char *text, char *host, size_t size, uint16_t *port);

#endif
