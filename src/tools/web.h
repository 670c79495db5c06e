/* WebSocket for the tools. */
#ifndef WAX_TOOLS_WEB_H
#define WAX_TOOLS_WEB_H

#include "tools/settings.h"
#include "web/web.h"

/* Puts WebSocket upon a connection, which it owns from then on. NULL when the host makes no header,
 * or without memory. */
wax_transport *tools_web_open(const struct settings *settings, wax_transport *below);

#endif
