/* meter: what goes over the wire, counted below TLS and at the interface. */
#ifndef WAX_METER_H
#define WAX_METER_H

#include "transport/transport.h"

/* All since the start. Bytes are what TCP carries; frames are those of IP, and their bytes what
 * Ethernet carries, without its checksum. */
struct meter_counts {
    uint32_t bytes_out;
    uint32_t bytes_in;
    uint32_t frames_out;
    uint32_t frames_in;
    uint32_t frame_bytes_out;
    uint32_t frame_bytes_in;
};

extern struct meter_counts meter_counts;

/* Counts what passes the connection that network_dial() gave, and its interface. There is one at a
 * time; released, it releases what is below. NULL for NULL. */
wax_transport *meter_open(wax_transport *below);

/* Whether the peer's TCP has acknowledged all that was sent. */
bool meter_is_quiet(void);

#endif
