/* A stand-in for Zephyr's kernel, for the sample as a program of the host: what it calls, and no
 * more. It is written for the tests, and is not Zephyr's. */
#ifndef STAND_IN_KERNEL_H
#define STAND_IN_KERNEL_H

#include <stdint.h>
#include <stdio.h>

#define printk(...) (printf(__VA_ARGS__), (void)fflush(stdout))

/* Milliseconds. */
int64_t k_uptime_get(void);

#endif
