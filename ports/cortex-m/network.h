/* network: TCP by lwIP, as a transport. */
#ifndef WAX_NETWORK_H
#define WAX_NETWORK_H

#include "transport/transport.h"

/* Starts the interface and begins a connection to the broker. Returns NULL when there is no
 * interface. There is one connection at a time; bytes that are sent before it stands wait. */
wax_transport *network_dial(void);

/* Says good-bye on a connection, or on what stands above it, and lets the last frames go. */
void network_hang_up(wax_transport *transport);

/* Moves frames, and does what lwIP has to do at this time. Returns whether anything came: while
 * nothing does, the connection has nothing new. */
bool network_poll(void);

#endif
