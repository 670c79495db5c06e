/* What runs before main(): the vectors and the memory; and the heap. */
#include "board.h"

#include <errno.h>
#include <sys/types.h>

/* From the linker script. */
extern uint32_t data_source[], data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t stack_start[], stack_end[];
extern char heap_start[], heap_end[];

/* The names that the linker script and newlib know. */
void reset(void);
int main(void);
void *_sbrk(ptrdiff_t size);

enum { UNUSED_STACK = 0x5a5a5a5a };

static char *heap_used = heap_start;

static void fault(void)
{
    board_print("the processor faulted");
    board_exit(70);
}

void reset(void)
{
    const uint32_t *from = data_source;

    board_start();
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    for (uint32_t *to = stack_start; to < (uint32_t *)__builtin_frame_address(0) - 16; to++) {
        *to = UNUSED_STACK;
    }
    board_exit(main());
}

/* Vector 0 is the stack, the rest are the reset and the exceptions. [ARMv7-M, B1.5.3] */
struct vectors {
    uint32_t *stack;
    void (*handlers[15])(void);
};

extern const struct vectors vectors;
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    stack_end, {reset, fault, fault, fault, fault, fault}
};

void *_sbrk(ptrdiff_t size)
{
    char *old = heap_used;

    if (size > heap_end - heap_used) {
        errno = ENOMEM;
        return (void *)-1;
    }
    heap_used += size;
    return old;
}

uint32_t board_heap_used(void)
{
    return (uint32_t)(heap_used - heap_start);
}

uint32_t board_stack_used(void)
{
    const uint32_t *lowest = stack_start;

    while (*lowest == UNUSED_STACK) {
        lowest++;
    }
    return (uint32_t)((stack_end - lowest) * (ptrdiff_t)sizeof *lowest);
}
