/* What the board has: a floating point unit, a clock, and no source of randomness. */
#include "board.h"
#include "crypto/crypto.h"

#include <string.h>

/* Coprocessors 10 and 11 are the floating point unit. [ARMv7-M, B3.2.20] */
static volatile uint32_t *const coprocessors = (volatile uint32_t *)0xe000ed88U;
static const uint32_t floating_point = 0xfU << 20;

void board_start(void)
{
    *coprocessors |= floating_point;
}

/* [ARMv7-M, B3.2.6] */
static volatile uint32_t *const reset_control = (volatile uint32_t *)0xe000ed0cU;
static const uint32_t reset_all = 0x05fa0004U;

_Noreturn void board_reset(void)
{
    *reset_control = reset_all;
    for (;;) {
    }
}

/* ---- The clock: a counter that needs no interrupt, on the FPGA of the MPS2 [Arm AN386, 4.6] ----
 */

struct counters {
    uint32_t lights[4];
    uint32_t hertz[2];
    uint32_t count;    /* up by one whenever `left` begins anew */
    uint32_t prescale; /* where `left` begins */
    uint32_t left;
};

static volatile struct counters *const counters = (volatile struct counters *)0x40028000U;
static const uint32_t ticks_per_ms = 25000;

static void set_clock(void)
{
    if (counters->prescale != ticks_per_ms - 1) {
        counters->prescale = ticks_per_ms - 1;
        counters->count = 0;
    }
}

uint32_t board_now_ms(void)
{
    set_clock();
    return counters->count;
}

uint32_t board_ticks(void)
{
    uint32_t ms;
    uint32_t left;

    do {
        ms = board_now_ms();
        left = counters->left;
    } while (ms != counters->count);
    return ms * ticks_per_ms + (ticks_per_ms - 1 - left);
}

/* The board has no source of randomness; a real one would ask its own. */
wax_status wax_random(void *room, size_t size)
{
    if (board_read_file("/dev/urandom", room, size) == size) {
        return WAX_OK;
    }
    memset(room, 0, size);
    return WAX_IO;
}
