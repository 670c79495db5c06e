/* WebSocket for the tools. */
#include "tools/web.h"

#include <stdio.h>
#include <string.h>

/* Where most brokers have it. */
static const char path[] = "/mqtt";

wax_transport *tools_web_open(const struct settings *settings, wax_transport *below)
{
    bool is_six = strchr(settings->host, ':') != NULL;
    char host[1100];

    if (settings->unix_path != NULL) {
        return wax_websocket_connect(below, "localhost", path);
    }
    (void)snprintf(host, sizeof host, is_six ? "[%.1000s]:%u" : "%.1000s:%u", settings->host,
                   (unsigned)settings->port);
    return wax_websocket_connect(below, host, path);
}
