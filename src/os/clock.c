/* Time and randomness. */
#include "os/os.h"

#include <sys/random.h>
#include <time.h>

uint64_t wax_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

uint64_t wax_clock_ms(void)
{
    return wax_clock_us() / 1000U;
}

int64_t wax_clock_wall_s(void)
{
    return (int64_t)time(NULL);
}

uint64_t wax_clock_wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

uint64_t wax_clock_thread_ms(pthread_t thread)
{
    struct timespec busy = {0, 0};
    clockid_t clock;

    if (pthread_getcpuclockid(thread, &clock) == 0) {
        clock_gettime(clock, &busy);
    }
    return (uint64_t)busy.tv_sec * 1000U + (uint64_t)busy.tv_nsec / 1000000U;
}

void wax_os_random(void *room, size_t size)
{
    uint8_t *at = room;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        wax_assert(got > 0);
        at += got;
        size -= (size_t)got;
    }
}
