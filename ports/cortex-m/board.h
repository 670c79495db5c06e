/* board: what an image has of its board, and of the machine that emulates it. Everything is called
 * from the main loop; there are no interrupts and no threads. */
#ifndef WAX_BOARD_H
#define WAX_BOARD_H

#include "base/base.h"

/* Makes the processor ready; called before anything else, when no variable has its value yet. */
void board_start(void);

/* Milliseconds since the start; they wrap after 49 days. */
uint32_t board_now_ms(void);

/* The same in ticks of the board's clock, of 40 ns; they wrap after 171 seconds. */
uint32_t board_ticks(void);

/* Writes a line of text to the emulator's console. */
void board_print(const char *text);

/* As board_print(), with a number behind it. */
void board_print_number(const char *text, uint32_t number);

/* Ends the emulator with this exit status. */
_Noreturn void board_exit(int code);

/* Begins anew, as if the power came again: nothing is kept but the PSRAM. */
_Noreturn void board_reset(void);

/* Reads a file of the machine that runs the emulator: what stands in flash, or comes from a source
 * of randomness, on a real device. Up to `size` bytes; returns how many, 0 when there is none. */
size_t board_read_file(const char *name, uint8_t *room, size_t size);

/* The number that a file holds in decimal digits; 0 when there is none. */
uint32_t board_read_number(const char *name);

/* Likewise writes one. Returns whether all of it was written. */
bool board_write_file(const char *name, wax_bytes bytes);

/* How much of the heap was ever asked for. */
uint32_t board_heap_used(void);

/* How much of the stack was ever used. */
uint32_t board_stack_used(void);

#endif
