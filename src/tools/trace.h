/* What -d tells: every packet as it passes, as a line that libmosquitto would write. */
#ifndef WAX_TOOLS_TRACE_H
#define WAX_TOOLS_TRACE_H

#include "transport/transport.h"
#include "wire/wire.h"

#include <stdio.h>

struct trace_settings {
    FILE *out;
    wax_version version;
    wax_bytes client_id;      /* empty: the server chooses one */
    bool tells_subscriptions; /* what a SUBACK grants has a line of its own */
};

/* Makes a filter over `below`, which it owns from then on, that changes nothing and tells what
 * passes. The settings are copied, their views borrowed. Packets whose part before the payload is
 * larger than 256 KiB are told by their type alone. Returns NULL without memory; `below` is still
 * the caller's then. */
wax_transport *tools_trace_open(const struct trace_settings *settings, wax_transport *below);

#endif
