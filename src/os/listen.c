/* Listening sockets. */
#include "os/os.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool set_options(int descriptor, int family, const wax_listen *listen)
{
    int on = 1;
    bool done = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;

    if (listen->reuse_port) {
        done = done && setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    }
    if (family == AF_INET6) {
        /* IPv4 gets a socket of its own, so that each address is one line in the log. */
        done = done && setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
    }
    if (listen->interface != NULL) {
        done = done && setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, listen->interface,
                                  (socklen_t)strlen(listen->interface)) == 0;
    }
    return done;
}

/* Returns the descriptor, or -1 with errno. */
static int listen_on(const struct addrinfo *address, const wax_listen *wanted)
{
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0) {
        return -1;
    }
    if (!set_options(descriptor, address->ai_family, wanted) ||
        bind(descriptor, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(descriptor, 1024) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

/* A socket's file outlives a process that was killed: it may go if nobody answers at it. Nobody
 * answers at other files either, and those stay. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int descriptor;

    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return;
    }
    descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return;
    }
    if (connect(descriptor, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED) {
        unlink(address->sun_path);
    }
    close(descriptor);
}

/* Listens at a path. Returns the descriptor, or -1 with errno. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor < 0 || strlen(path) >= sizeof address.sun_path) {
        errno = descriptor < 0 ? errno : ENAMETOOLONG;
    } else {
        memcpy(address.sun_path, path, strlen(path) + 1);
        remove_stale(&address);
        if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 &&
            chmod(path, 0660) == 0 && listen(descriptor, 1024) == 0) {
            return descriptor;
        }
    }
    if (descriptor >= 0) {
        int error = errno;
        close(descriptor);
        errno = error;
    }
    return -1;
}

static wax_status listen_on_path(const char *path, int *descriptors, size_t *count, char *fault,
                                 size_t fault_size)
{
    descriptors[0] = listen_at(path);
    if (descriptors[0] < 0) {
        snprintf(fault, fault_size, "cannot listen on %s: %s", path, strerror(errno));
        return WAX_IO;
    }
    *count = 1;
    return WAX_OK;
}

wax_status wax_socket_listen(const wax_listen *wanted, int *descriptors, size_t *count, char *fault,
                             size_t fault_size)
{
    struct addrinfo hints = {
        .ai_family = wanted->family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const char *host = wanted->host == NULL ? "every address" : wanted->host;
    char port[8];
    int error;

    *count = 0;
    fault[0] = '\0';
    if (wanted->host != NULL && wanted->host[0] == '/') {
        return listen_on_path(wanted->host, descriptors, count, fault, fault_size);
    }
    snprintf(port, sizeof port, "%u", wanted->port);
    error = getaddrinfo(wanted->host, port, &hints, &found);
    if (error != 0) {
        snprintf(fault, fault_size, "cannot find the address %s to listen on: %s", host,
                 gai_strerror(error));
        return WAX_IO;
    }
    for (struct addrinfo *at = found; at != NULL && *count < WAX_LISTEN_MAX; at = at->ai_next) {
        int descriptor = listen_on(at, wanted);
        if (descriptor >= 0) {
            descriptors[(*count)++] = descriptor;
        } else {
            snprintf(fault, fault_size, "cannot listen on %s port %s (%s): %s", host, port,
                     at->ai_family == AF_INET6 ? "IPv6" : "IPv4", strerror(errno));
        }
    }
    freeaddrinfo(found);
    return *count > 0 ? WAX_OK : WAX_IO;
}
