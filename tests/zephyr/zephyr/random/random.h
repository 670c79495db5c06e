/* A stand-in for Zephyr's randomness: the host's. */
#ifndef STAND_IN_RANDOM_H
#define STAND_IN_RANDOM_H

#include <stdint.h>

/* Any number. */
uint32_t sys_rand32_get(void);

#endif
