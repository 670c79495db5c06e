/* What an nRF51 has that a sensor wants: a counter, and a serial line. Registers are those of the
 * nRF51 Series Reference Manual, 3.0: chapters 18 (TIMER) and 29 (UART). */
#include "line.h"

#include "board.h"

static volatile uint32_t *const timer = (volatile uint32_t *)0x40008000U;
static volatile uint32_t *const uart = (volatile uint32_t *)0x40002000U;

/* Offsets in words. */
enum {
    TIMER_START = 0x000 / 4,
    TIMER_CAPTURE = 0x040 / 4,
    TIMER_BITS = 0x508 / 4,
    TIMER_PRESCALER = 0x510 / 4,
    TIMER_CAPTURED = 0x540 / 4,
    UART_START_RECEIVING = 0x000 / 4,
    UART_START_SENDING = 0x008 / 4,
    UART_RECEIVED = 0x108 / 4,
    UART_SENT = 0x11c / 4,
    UART_ENABLE = 0x500 / 4,
    UART_PIN_SENDING = 0x50c / 4,
    UART_PIN_RECEIVING = 0x514 / 4,
    UART_TAKE = 0x518 / 4,
    UART_GIVE = 0x51c / 4,
    UART_BAUD = 0x524 / 4,
};

enum {
    BITS_32 = 3,
    PRESCALER = 9, /* 16 MHz by 2^9: 31,250 a second */
    ENABLED = 4,
    PIN_SENDING = 24, /* of the micro:bit */
    PIN_RECEIVING = 25,
    BAUD_115200 = 0x01d7e000,
};

void board_start(void)
{
    timer[TIMER_BITS] = BITS_32;
    timer[TIMER_PRESCALER] = PRESCALER;
    timer[TIMER_START] = 1;
    uart[UART_PIN_SENDING] = PIN_SENDING;
    uart[UART_PIN_RECEIVING] = PIN_RECEIVING;
    uart[UART_BAUD] = BAUD_115200;
    uart[UART_ENABLE] = ENABLED;
    uart[UART_START_SENDING] = 1;
    uart[UART_START_RECEIVING] = 1;
}

uint32_t board_ticks(void)
{
    timer[TIMER_CAPTURE] = 1;
    return timer[TIMER_CAPTURED];
}

uint32_t board_now_ms(void)
{
    return (uint32_t)((uint64_t)board_ticks() * 4U / 125U);
}

void line_give(uint8_t byte)
{
    uart[UART_SENT] = 0;
    uart[UART_GIVE] = byte;
    while (uart[UART_SENT] == 0) {
    }
}

bool line_take(uint8_t *byte)
{
    if (uart[UART_RECEIVED] == 0) {
        return false;
    }
    uart[UART_RECEIVED] = 0;
    *byte = (uint8_t)uart[UART_TAKE];
    return true;
}
