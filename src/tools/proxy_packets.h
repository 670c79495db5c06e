/* What both directions of a rewritten connection share. */
#ifndef WAX_TOOLS_PROXY_PACKETS_H
#define WAX_TOOLS_PROXY_PACKETS_H

#include "tools/proxy_rewrite.h"

/* A packet on its way. */
struct passing {
    wax_packet packet;
    wax_bytes whole;  /* the packet as it came */
    wax_writer *up;   /* to the broker */
    wax_writer *down; /* to the program */
};

/* What becomes of packets of a type; NULL: this side does not send them. */
typedef enum rewrite_step passing_on(struct rewrite *self, const struct passing *at);

/* The program has this message, or does not want it: it is not owed any longer. */
void rewrite_settle(struct rewrite_memory *memory, uint16_t packet_id);

#endif
