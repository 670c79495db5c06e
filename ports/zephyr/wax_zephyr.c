/* What a transport does, by Zephyr's sockets. */
#include "wax_zephyr.h"

#include <errno.h>
#include <string.h>

/* What a call came to that moved `count` bytes, or says by errno why it moved none. */
static wax_status judge(wax_transport *transport, ssize_t count, uint8_t waits, size_t *moved)
{
    if (count > 0) {
        *moved = (size_t)count;
        return WAX_OK;
    }
    transport->waits = waits;
    if (count == 0) {
        return WAX_CLOSED;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK ? WAX_MORE : WAX_IO;
}

static wax_status take_bytes(wax_transport *transport, uint8_t *room, size_t size, size_t *received)
{
    ssize_t count = zsock_recv(transport->descriptor, room, size, ZSOCK_MSG_DONTWAIT);

    return judge(transport, count, WAX_WAITS_TO_READ, received);
}

static wax_status give_bytes(wax_transport *transport, wax_bytes bytes, size_t *sent)
{
    ssize_t count = zsock_send(transport->descriptor, bytes.data, bytes.size, ZSOCK_MSG_DONTWAIT);

    return judge(transport, count, WAX_WAITS_TO_WRITE, sent);
}

static wax_status say_bye(wax_transport *transport)
{
    (void)transport;
    return WAX_OK; /* Zephyr says good-bye where the socket is closed */
}

static void release(wax_transport *transport)
{
    (void)zsock_close(transport->descriptor);
}

static const char *explain(wax_transport *transport)
{
    (void)transport;
    return "";
}

static bool secure(int descriptor, const wax_zephyr_peer *peer)
{
    return peer->tag_count == 0 ||
           (zsock_setsockopt(descriptor, SOL_TLS, TLS_SEC_TAG_LIST, peer->tags,
                             peer->tag_count * sizeof peer->tags[0]) == 0 &&
            zsock_setsockopt(descriptor, SOL_TLS, TLS_HOSTNAME, peer->host,
                             strlen(peer->host) + 1) == 0);
}

static bool reach(int descriptor, const wax_zephyr_peer *peer, const struct zsock_addrinfo *found)
{
    return secure(descriptor, peer) &&
           zsock_connect(descriptor, found->ai_addr, found->ai_addrlen) == 0;
}

wax_status wax_zephyr_dial(wax_zephyr *self, const wax_zephyr_peer *peer)
{
    static const wax_transport_kind kind = {"zephyr", take_bytes, give_bytes,
                                            say_bye,  release,    explain};
    const struct zsock_addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct zsock_addrinfo *found = NULL;
    bool is_reached = false;
    int descriptor;

    if (zsock_getaddrinfo(peer->host, peer->port, &hints, &found) != 0) {
        return WAX_IO;
    }
    descriptor = zsock_socket(found->ai_family, SOCK_STREAM,
                              peer->tag_count > 0 ? IPPROTO_TLS_1_2 : IPPROTO_TCP);
    if (descriptor >= 0) {
        is_reached = reach(descriptor, peer, found);
    }
    if (descriptor >= 0 && !is_reached) {
        (void)zsock_close(descriptor);
    }
    zsock_freeaddrinfo(found);
    *self = (wax_zephyr){
        .transport = {.kind = &kind, .descriptor = descriptor}
    };
    return is_reached ? WAX_OK : WAX_IO;
}
