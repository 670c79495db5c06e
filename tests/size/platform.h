/* What a device brings: a connection, a clock, a place for what comes. All of it is opaque to the
 * compiler, so that nothing of the client is folded away. */
#ifndef WAX_SIZE_PLATFORM_H
#define WAX_SIZE_PLATFORM_H

#include "transport/transport.h"

wax_transport *platform_transport(void);
uint32_t platform_now_ms(void);
void platform_sink(wax_bytes bytes);
void platform_read(void *room, size_t size);

/* At run time 0, 1 or 2. */
extern volatile uint8_t platform_qos;

/* Whether the program is to end. */
extern volatile bool platform_stops;

#endif
