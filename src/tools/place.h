/* Where something listens, as options say it. */
#ifndef WAX_TOOLS_PLACE_H
#define WAX_TOOLS_PLACE_H

#include "base/base.h"

/* Cuts HOST:PORT or [ADDRESS]:PORT in two; `host` has room for `size` bytes. False if it is not
 * that. */
bool tools_place_read(const char *text, char *host, size_t size, uint16_t *port);

#endif
