/* The client's side of SOCKS 5: how a proxy is asked for a connection. It moves no bytes itself.
 */
#ifndef WAX_TOOLS_SOCKS_H
#define WAX_TOOLS_SOCKS_H

#include "tools/settings.h"

enum {
    SOCKS_SEND_SIZE = 600, /* room for what one step writes */
    SOCKS_TAKE_SIZE = 262, /* the longest answer of a proxy */
};

enum socks_state {
    SOCKS_GREETS,
    SOCKS_CHOOSES, /* the proxy: a way to log in */
    SOCKS_LOGS_IN,
    SOCKS_CONNECTS,
    SOCKS_DONE,
};

/* One conversation; zero but for the first three is its start. */
struct socks {
    const struct proxy *proxy;
    const char *host; /* where to: a name, which the proxy resolves, or an address */
    uint16_t port;
    enum socks_state state;
    const char *fault; /* after a failure: what the proxy does not do, in words */
};

/* Takes answers off the front of `in`, whole ones only, and writes what is to be said next. Call it
 * with an empty `in` first. Returns WAX_MORE; WAX_OK when the connection is there: what follows in
 * `in` comes from the other end; WAX_IO when the proxy does not let us through, with `fault`.
 * [RFC 1928] [RFC 1929] */
wax_status tools_socks_step(struct socks *socks, wax_reader *in, wax_writer *out) WAX_CHECKED;

#endif
