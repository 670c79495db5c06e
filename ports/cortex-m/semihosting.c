/* Semihosting: how an image speaks with the machine that emulates it. [Arm semihosting, 2.0] */
#include "board.h"

#include <string.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE0 = 0x04,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_EXIT_EXTENDED = 0x20,
    APPLICATION_EXIT = 0x20026,
    MODE_READ = 1,  /* "rb" */
    MODE_WRITE = 5, /* "wb" */
};

static intptr_t ask(uint32_t what, const void *with)
{
    register uint32_t r0 __asm__("r0") = what;
    register const void *r1 __asm__("r1") = with;

    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (intptr_t)r0;
}

void board_print(const char *text)
{
    (void)ask(SYS_WRITE0, text);
    (void)ask(SYS_WRITE0, "\n");
}

void board_print_number(const char *text, uint32_t number)
{
    char digits[12];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    (void)ask(SYS_WRITE0, text);
    (void)ask(SYS_WRITE0, " ");
    board_print(digits + at);
}

_Noreturn void board_exit(int code)
{
    const uint32_t why[] = {APPLICATION_EXIT, (uint32_t)code};

    (void)ask(SYS_EXIT_EXTENDED, why);
    for (;;) {
    }
}

static intptr_t open_file(const char *name, uint32_t mode)
{
    const uint32_t what[] = {(uint32_t)(uintptr_t)name, mode, (uint32_t)strlen(name)};

    return ask(SYS_OPEN, what);
}

/* How many of `size` bytes were moved. */
static size_t move(const char *name, uint32_t operation, const uint8_t *room, size_t size)
{
    intptr_t file = open_file(name, operation == SYS_READ ? MODE_READ : MODE_WRITE);
    const uint32_t what[] = {(uint32_t)file, (uint32_t)(uintptr_t)room, (uint32_t)size};
    intptr_t left;

    if (file < 0) {
        return 0;
    }
    left = ask(operation, what);
    (void)ask(SYS_CLOSE, &file);
    return left < 0 || (size_t)left > size ? 0 : size - (size_t)left;
}

size_t board_read_file(const char *name, uint8_t *room, size_t size)
{
    return move(name, SYS_READ, room, size);
}

uint32_t board_read_number(const char *name)
{
    uint8_t digits[10];
    const size_t size = board_read_file(name, digits, sizeof digits);
    uint32_t number = 0;

    for (size_t i = 0; i < size && digits[i] >= '0' && digits[i] <= '9'; i++) {
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

bool board_write_file(const char *name, wax_bytes bytes)
{
    return move(name, SYS_WRITE, bytes.data, bytes.size) == bytes.size;
}
