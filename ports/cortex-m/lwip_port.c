/* What lwIP asks of the board: the time, randomness, and an end when it has lost its way. */
#include "board.h"
#include "crypto/crypto.h"

#include <lwip/sys.h>

u32_t sys_now(void)
{
    return board_now_ms();
}

uint32_t network_random(void)
{
    uint32_t number;

    if (wax_random(&number, sizeof number) != WAX_OK) {
        network_fail("there is no randomness");
    }
    return number;
}

_Noreturn void network_fail(const char *why)
{
    board_print(why);
    board_exit(71);
}
