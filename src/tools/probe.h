/* What a port speaks: knocked on in several ways. */
#ifndef WAX_TOOLS_PROBE_H
#define WAX_TOOLS_PROBE_H

#include "os/os.h"
#include "tools/settings.h"

/* Shakes hands over a connection that has TLS on top. Returns WAX_OK; WAX_MORE when nothing came in
 * time; otherwise as the transport, which explains it. */
wax_status tools_probe_shake(wax_transport *transport) WAX_CHECKED;

/* Whether the port answers a CONNECT without TLS. */
bool tools_probe_is_plain(const struct settings *settings);

/* Whether the port speaks TLS, whoever it is. */
bool tools_probe_is_tls(const struct settings *settings);

#endif
