/* An Arduino Mega in simavr, as fast as a real one: what it says on its first serial line comes on
 * standard output; its second one leads to a TCP port of this machine, and to nowhere else. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FREQUENCY = 16000000, CYCLES_PER_MS = FREQUENCY / 1000 };

static int line;
static avr_irq_t *line_input;
static bool takes; /* the second line has room for a byte */

static void console_said(avr_irq_t *irq, uint32_t byte, void *nothing)
{
    (void)irq;
    (void)nothing;
    putchar((int)byte);
    if (byte == '\n') {
        fflush(stdout);
    }
}

static void line_said(avr_irq_t *irq, uint32_t value, void *nothing)
{
    const uint8_t byte = (uint8_t)value;

    (void)irq;
    (void)nothing;
    if (send(line, &byte, 1, MSG_NOSIGNAL) != 1) {
        exit(EXIT_SUCCESS); /* who was at the other end has gone */
    }
}

static void line_goes_on(avr_irq_t *irq, uint32_t value, void *nothing)
{
    (void)irq;
    (void)value;
    (void)nothing;
    takes = true;
}

static void line_is_full(avr_irq_t *irq, uint32_t value, void *nothing)
{
    (void)irq;
    (void)value;
    (void)nothing;
    takes = false;
}

static avr_irq_t *irq_of(avr_t *avr, char line_name, int number)
{
    return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ(line_name), number);
}

static void wire(avr_t *avr)
{
    for (char name = '0'; name <= '1'; name++) {
        uint32_t flags = 0;

        avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS(name), &flags);
        flags &= ~(uint32_t)AVR_UART_FLAG_STDIO;
        avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS(name), &flags);
    }
    avr_irq_register_notify(irq_of(avr, '0', UART_IRQ_OUTPUT), console_said, NULL);
    avr_irq_register_notify(irq_of(avr, '1', UART_IRQ_OUTPUT), line_said, NULL);
    avr_irq_register_notify(irq_of(avr, '1', UART_IRQ_OUT_XON), line_goes_on, NULL);
    avr_irq_register_notify(irq_of(avr, '1', UART_IRQ_OUT_XOFF), line_is_full, NULL);
    line_input = irq_of(avr, '1', UART_IRQ_INPUT);
}

/* Hands over what has come, as far as there is room for it. */
static void hear(void)
{
    uint8_t byte;

    while (takes) {
        const ssize_t count = recv(line, &byte, 1, MSG_DONTWAIT);

        if (count == 0 || (count < 0 && errno != EAGAIN)) {
            exit(EXIT_SUCCESS);
        }
        if (count < 0) {
            return;
        }
        avr_raise_irq(line_input, byte);
    }
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

static int dial(const char *port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                   .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    return connect(descriptor, (const struct sockaddr *)&to, sizeof to) == 0 ? descriptor : -1;
}

int main(int count, char **words)
{
    elf_firmware_t firmware = {0};
    const uint64_t start_ms = now_ms();
    avr_t *avr = count == 4 ? avr_make_mcu_by_name(words[2]) : NULL;
    uint64_t ran_ms = 0;

    if (avr == NULL || elf_read_firmware(words[1], &firmware) != 0 || (line = dial(words[3])) < 0) {
        fprintf(stderr, "usage: board IMAGE PROCESSOR PORT\n");
        return EXIT_FAILURE;
    }
    avr_init(avr);
    avr_load_firmware(avr, &firmware);
    avr->frequency = FREQUENCY;
    wire(avr);
    for (;;) {
        const int state = avr_run(avr);

        if (state == cpu_Done || state == cpu_Crashed) {
            return EXIT_FAILURE;
        }
        if (avr->cycle / CYCLES_PER_MS > ran_ms) {
            ran_ms = avr->cycle / CYCLES_PER_MS;
            hear();
            if (start_ms + ran_ms > now_ms()) {
                poll(NULL, 0, 1);
            }
        }
    }
}
