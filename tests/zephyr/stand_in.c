/* What Zephyr does, with what the host has. */
#include <sys/random.h>
#include <time.h>
#include <zephyr/kernel.h>
#include <zephyr/net/socket.h>
#include <zephyr/random/random.h>

int64_t k_uptime_get(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t sys_rand32_get(void)
{
    uint32_t number = 0;

    return getrandom(&number, sizeof number, 0) == sizeof number ? number : 1;
}

int zsock_socket(int family, int type, int protocol)
{
    return socket(family, type, protocol == IPPROTO_TLS_1_2 ? 0 : protocol);
}

int zsock_setsockopt(int descriptor, int level, int name, const void *value, socklen_t size)
{
    return level == SOL_TLS ? 0 : setsockopt(descriptor, level, name, value, size);
}

ssize_t zsock_recv(int descriptor, void *room, size_t size, int flags)
{
    return recv(descriptor, room, size, flags);
}

ssize_t zsock_send(int descriptor, const void *bytes, size_t size, int flags)
{
    return send(descriptor, bytes, size, flags | MSG_NOSIGNAL);
}

int close_socket(int descriptor)
{
    return close(descriptor);
}
