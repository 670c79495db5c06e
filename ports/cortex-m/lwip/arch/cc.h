/* What lwIP asks of the compiler and of the board. */
#ifndef WAX_LWIP_CC_H
#define WAX_LWIP_CC_H

#include <stdint.h>

/* From crypto's door and from board.h, which lwIP does not read. */
uint32_t network_random(void);
_Noreturn void network_fail(const char *why);

#define LWIP_NO_UNISTD_H            1
#define LWIP_NO_CTYPE_H             1
#define LWIP_RAND()                 network_random()
#define LWIP_PLATFORM_ASSERT(words) network_fail(words)
#define LWIP_PLATFORM_DIAG(words)   ((void)0)

#endif
