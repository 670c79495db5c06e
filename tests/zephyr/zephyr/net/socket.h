/* A stand-in for Zephyr's sockets: those of the host. What is TLS there is a bare socket here. */
#ifndef STAND_IN_SOCKET_H
#define STAND_IN_SOCKET_H

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#define zsock_addrinfo     addrinfo
#define zsock_pollfd       pollfd
#define zsock_getaddrinfo  getaddrinfo
#define zsock_freeaddrinfo freeaddrinfo
#define zsock_connect      connect
#define zsock_close        close_socket
#define zsock_poll         poll
#define ZSOCK_POLLIN       POLLIN
#define ZSOCK_POLLOUT      POLLOUT
#define ZSOCK_MSG_DONTWAIT MSG_DONTWAIT

enum { IPPROTO_TLS_1_2 = 258, TLS_SEC_TAG_LIST = 1, TLS_HOSTNAME = 2 };

/* Those that differ from the host's. */
int zsock_socket(int family, int type, int protocol);
int zsock_setsockopt(int descriptor, int level, int name, const void *value, socklen_t size);
ssize_t zsock_recv(int descriptor, void *room, size_t size, int flags);
ssize_t zsock_send(int descriptor, const void *bytes, size_t size, int flags);
int close_socket(int descriptor);

#endif
