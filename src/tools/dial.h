/* How a tool gets a connection: directly, through a proxy, or to a broker that the DNS names. */
#ifndef WAX_TOOLS_DIAL_H
#define WAX_TOOLS_DIAL_H

#include "os/os.h"
#include "tools/settings.h"

/* Waits for what the transport waits for, until `until_ms` of the clock. False when it does not
 * come in time. */
bool tools_dial_wait(const wax_transport *transport, uint64_t until_ms);

/* Connects by TCP, through a proxy, or to a Unix socket. Returns as wax_socket_dial(). */
wax_status tools_dial(const struct settings *settings, wax_transport **transport, char *fault,
                      size_t fault_size) WAX_CHECKED;

#endif
