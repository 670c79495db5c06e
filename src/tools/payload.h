/* The payload of a message, from wherever it comes. */
#ifndef WAX_TOOLS_PAYLOAD_H
#define WAX_TOOLS_PAYLOAD_H

#include "tools/settings.h"

/* A payload and what holds it. */
struct payload {
    wax_bytes bytes;
    void *room;         /* on the heap; NULL: none */
    size_t mapped_size; /* of a file in memory, 0: none */
};

/* Gets the payload that the settings want; not FROM_LINES. False, and said so, if it cannot be had,
 * or is larger than MQTT allows. */
bool tools_payload_open(struct payload *payload, const struct settings *settings);
void tools_payload_close(struct payload *payload);

#endif
