/* Connecting in two steps, for whoever must not wait: finding addresses, and beginning to connect.
 */
#include "os/os.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static wax_status resolve_path(const char *path, wax_addresses *found, char *fault,
                               size_t fault_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path) {
        snprintf(fault, fault_size, "the path %s is too long for a socket", path);
        return WAX_IO;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(&found->items[0], &address, sizeof address);
    found->sizes[0] = sizeof address;
    found->count = 1;
    return WAX_OK;
}

wax_status wax_socket_resolve(const char *host, uint16_t port, wax_addresses *found, char *fault,
                              size_t fault_size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char service[8];
    int error;

    found->count = 0;
    if (host[0] == '/') {
        return resolve_path(host, found, fault, fault_size);
    }
    snprintf(service, sizeof service, "%u", port);
    error = getaddrinfo(host, service, &hints, &list);
    if (error != 0) {
        snprintf(fault, fault_size, "cannot find the address of %s: %s", host, gai_strerror(error));
        return WAX_IO;
    }
    for (struct addrinfo *at = list; at != NULL && found->count < WAX_ADDRESSES_MAX;
         at = at->ai_next) {
        memcpy(&found->items[found->count], at->ai_addr, at->ai_addrlen);
        found->sizes[found->count++] = at->ai_addrlen;
    }
    freeaddrinfo(list);
    return WAX_OK;
}

/* Binds to the first address of the same family. Returns 0 or an errno. */
static int bind_to(int descriptor, sa_family_t family, const wax_addresses *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (from->items[i].ss_family == family) {
            const struct sockaddr *address = (const struct sockaddr *)&from->items[i];
            return bind(descriptor, address, from->sizes[i]) == 0 ? 0 : errno;
        }
    }
    return EADDRNOTAVAIL;
}

wax_status wax_socket_begin(const wax_addresses *to, size_t which, const wax_addresses *from,
                            wax_transport **transport)
{
    const struct sockaddr *address = (const struct sockaddr *)&to->items[which];
    sa_family_t family = address->sa_family;
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (descriptor < 0) {
        return WAX_IO;
    }
    if (from != NULL && family != AF_UNIX) {
        error = bind_to(descriptor, family, from);
    }
    if (error == 0 && connect(descriptor, address, to->sizes[which]) != 0 && errno != EINPROGRESS) {
        error = errno;
    }
    *transport = error == 0 ? wax_socket_open(descriptor) : NULL;
    if (*transport == NULL) {
        close(descriptor);
        errno = error == 0 ? ENOMEM : error;
        return WAX_IO;
    }
    return WAX_OK;
}

struct row {
    int option;
    uint32_t value;
};

void wax_socket_be_patient(int descriptor, const wax_tcp_patience *patience, bool no_delay)
{
    const struct row rows[] = {
        {TCP_NODELAY,      no_delay                 },
        {TCP_KEEPIDLE,     patience->idle_s         },
        {TCP_KEEPINTVL,    patience->interval_s     },
        {TCP_KEEPCNT,      patience->probe_count    },
        {TCP_USER_TIMEOUT, patience->user_timeout_ms},
    };
    int is_probed = patience->idle_s > 0;

    (void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &is_probed, sizeof is_probed);
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        if (rows[i].value > 0) {
            (void)setsockopt(descriptor, IPPROTO_TCP, rows[i].option, &rows[i].value,
                             sizeof rows[i].value);
        }
    }
}
