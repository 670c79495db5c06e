/* A connected socket as the lowest filter, and how a client gets one. */
#include "os/os.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* What errno means for the one above. */
static wax_status status_of_error(wax_transport *self, uint8_t waits)
{
    if (errno == EAGAIN || errno == EINTR) {
        self->waits = waits;
        return WAX_MORE;
    }
    self->fault = (uint16_t)errno;
    return errno == ECONNRESET || errno == EPIPE ? WAX_CLOSED : WAX_IO;
}

static wax_status receive_bytes(wax_transport *self, uint8_t *room, size_t size, size_t *received)
{
    ssize_t got = recv(self->descriptor, room, size, 0);

    self->is_drained = got < (ssize_t)size;
    if (got < 0) {
        return status_of_error(self, WAX_WAITS_TO_READ);
    }
    *received = (size_t)got;
    return got == 0 ? WAX_CLOSED : WAX_OK;
}

static wax_status send_bytes(wax_transport *self, wax_bytes bytes, size_t *sent)
{
    ssize_t put = send(self->descriptor, bytes.data, bytes.size, MSG_NOSIGNAL);

    if (put < 0) {
        return status_of_error(self, WAX_WAITS_TO_WRITE);
    }
    *sent = (size_t)put;
    return WAX_OK;
}

static wax_status close_socket(wax_transport *self)
{
    (void)shutdown(self->descriptor, SHUT_WR);
    return WAX_OK;
}

static void release_socket(wax_transport *self)
{
    close(self->descriptor);
    free(self);
}

static const char *explain_socket(wax_transport *self)
{
    return self->fault == 0 ? "" : strerror(self->fault);
}

static const wax_transport_kind kind = {"socket",     receive_bytes,  send_bytes,
                                        close_socket, release_socket, explain_socket};

wax_transport *wax_socket_open(int descriptor)
{
    wax_transport *self = malloc(sizeof *self);

    if (self != NULL) {
        *self =
            (wax_transport){.kind = &kind, .waits = WAX_WAITS_TO_READ, .descriptor = descriptor};
    }
    return self;
}

int wax_socket_descriptor(const wax_transport *top)
{
    const wax_transport *lowest = top;

    while (lowest->below != NULL) {
        lowest = lowest->below;
    }
    wax_assert(lowest->kind == &kind);
    return lowest->descriptor;
}

static wax_address_text show(const struct sockaddr *address, socklen_t size)
{
    wax_address_text text = {"unknown"};
    char host[48];
    char port[8];

    if (getnameinfo(address, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool is_v6 = address->sa_family == AF_INET6;
        (void)snprintf(text.text, sizeof text.text, is_v6 ? "[%s]:%s" : "%s:%s", host, port);
    }
    return text;
}

wax_address_text wax_address_show(const wax_address *address)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons(address->port), .sin6_scope_id = address->zone};

    switch (address->kind) {
    case WAX_ADDRESS_LOCAL:
        return (wax_address_text){"local"};
    case WAX_ADDRESS_IPV4:
        memcpy(&four.sin_addr, address->bytes, sizeof four.sin_addr);
        return show((const struct sockaddr *)&four, sizeof four);
    case WAX_ADDRESS_IPV6:
        memcpy(&six.sin6_addr, address->bytes, sizeof six.sin6_addr);
        return show((const struct sockaddr *)&six, sizeof six);
    default:
        return (wax_address_text){"unknown"};
    }
}

wax_address wax_socket_address(int descriptor)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_un local;
    } peer = {.any.sa_family = AF_UNSPEC};
    wax_address address = {.kind = WAX_ADDRESS_UNKNOWN};
    socklen_t size = sizeof peer;

    if (getpeername(descriptor, &peer.any, &size) != 0) {
        return address;
    }
    if (peer.any.sa_family == AF_UNIX) {
        address.kind = WAX_ADDRESS_LOCAL;
    } else if (peer.any.sa_family == AF_INET) {
        address.kind = WAX_ADDRESS_IPV4;
        address.port = ntohs(peer.four.sin_port);
        memcpy(address.bytes, &peer.four.sin_addr, sizeof peer.four.sin_addr);
    } else if (peer.any.sa_family == AF_INET6) {
        address.kind = WAX_ADDRESS_IPV6;
        address.port = ntohs(peer.six.sin6_port);
        address.zone = peer.six.sin6_scope_id;
        memcpy(address.bytes, &peer.six.sin6_addr, sizeof peer.six.sin6_addr);
    }
    return address;
}

wax_address_text wax_socket_peer(int descriptor)
{
    wax_address address = wax_socket_address(descriptor);

    return wax_address_show(&address);
}

/* Waits until a connection that is being made is made. Returns 0 or an errno. */
static int wait_until_connected(int descriptor, uint32_t timeout_ms)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    int ready = poll(&wanted, 1, (int)timeout_ms);

    if (ready == 0) {
        return ETIMEDOUT;
    }
    if (ready < 0 || getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return errno;
    }
    return error;
}

static int bind_to(int descriptor, const char *host, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int result = -1;

    if (getaddrinfo(host, NULL, &hints, &found) == 0) {
        result = bind(descriptor, found->ai_addr, found->ai_addrlen);
        freeaddrinfo(found);
    } else {
        errno = EADDRNOTAVAIL;
    }
    return result;
}

/* Connects to one address. Returns the descriptor, or -1 with errno. */
static int connect_to(const struct sockaddr *address, socklen_t size, const wax_dial *dial)
{
    int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    int on = 1;

    if (descriptor < 0) {
        return -1;
    }
    if (dial->bind_address != NULL &&
        bind_to(descriptor, dial->bind_address, address->sa_family) != 0) {
        error = errno;
    } else if (connect(descriptor, address, size) != 0) {
        error = errno == EINPROGRESS ? wait_until_connected(descriptor, dial->timeout_ms) : errno;
    }
    if (error != 0) {
        close(descriptor);
        errno = error;
        return -1;
    }
    if (dial->no_delay && address->sa_family != AF_UNIX) {
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return descriptor;
}

static int dial_path(const wax_dial *dial, char *fault, size_t fault_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = -1;

    if (strlen(dial->host) < sizeof address.sun_path) {
        memcpy(address.sun_path, dial->host, strlen(dial->host) + 1);
        descriptor = connect_to((const struct sockaddr *)&address, sizeof address, dial);
    } else {
        errno = ENAMETOOLONG;
    }
    if (descriptor < 0) {
        snprintf(fault, fault_size, "cannot connect to %s: %s", dial->host, strerror(errno));
    }
    return descriptor;
}

static int dial_host(const wax_dial *dial, char *fault, size_t fault_size)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    int descriptor = -1;
    int error;

    snprintf(port, sizeof port, "%u", dial->port);
    error = getaddrinfo(dial->host, port, &hints, &found);
    if (error != 0) {
        snprintf(fault, fault_size, "cannot find the address of %s: %s", dial->host,
                 gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *at = found; at != NULL && descriptor < 0; at = at->ai_next) {
        descriptor = connect_to(at->ai_addr, at->ai_addrlen, dial);
        if (descriptor < 0) {
            snprintf(fault, fault_size, "cannot connect to %s port %s: %s", dial->host, port,
                     strerror(errno));
        }
    }
    freeaddrinfo(found);
    return descriptor;
}

wax_status wax_socket_dial(const wax_dial *dial, wax_transport **transport, char *fault,
                           size_t fault_size)
{
    int descriptor = dial->host[0] == '/' ? dial_path(dial, fault, fault_size)
                                          : dial_host(dial, fault, fault_size);

    if (descriptor < 0) {
        return WAX_IO;
    }
    *transport = wax_socket_open(descriptor);
    if (*transport == NULL) {
        close(descriptor);
        snprintf(fault, fault_size, "out of memory");
        return WAX_IO;
    }
    return WAX_OK;
}
