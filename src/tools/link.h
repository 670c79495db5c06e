/* A client on this host: the client room with a socket, TLS, a clock and an exit code. */
#ifndef WAX_TOOLS_LINK_H
#define WAX_TOOLS_LINK_H

#include "client/client.h"
#include "os/os.h"
#include "tls/tls.h"
#include "tools/sealed.h"
#include "tools/settings.h"

struct link {
    const struct settings *settings;
    wax_client client;
    wax_client_config config;
    wax_will will;
    wax_tls_context *tls;
    struct scram *scram;   /* the login by SCRAM; NULL: none */
    struct sealed *sealed; /* what seals and opens; NULL: nothing is sealed */
    wax_transport *transport;
    wax_transport *secured; /* TLS within it; NULL: none */
    uint8_t *rooms;         /* all of the client's, on the heap */
    uint64_t wake_ms;       /* when tools_link_next() returns LINK_DUE; WAX_NEVER */
    int input;              /* a descriptor to watch for input, or -1 */
    bool wants_room;        /* something could not be sent yet: LINK_MOVED says when to try again */
    bool is_watched;        /* signals stop it */
    bool was_open;          /* the broker has let us in once */
    bool is_ready;          /* and, where messages are sealed, the keys have come or do not come */
    bool is_refused;
    uint8_t farewell; /* what DISCONNECT says; only MQTT 5 can say more than that it is over */
    bool is_silent;   /* nothing is said of failures; `fault` tells them */
    bool persists;    /* a broker that cannot be reached at first is tried again */
    int code;         /* at LINK_ENDED: the exit code */
    char id[64];
    char fault[800];   /* at LINK_ENDED with a code: what failed */
    wax_status status; /* at LINK_ENDED: of WAX_CLIENT_DISCONNECTED, or WAX_IO without connection */
    uint8_t reason;    /* at LINK_ENDED: of a refusal, or the server's DISCONNECT */
};

enum link_turn {
    LINK_EVENT,   /* `event` is for the tool */
    LINK_INPUT,   /* `input` is readable */
    LINK_DUE,     /* `wake_ms` has come; it is WAX_NEVER again */
    LINK_MOVED,   /* with `wants_room`: there may be room now */
    LINK_STOPPED, /* the user or the system wants the process to end */
    LINK_ENDED,   /* the connection is over for good */
};

/* Makes a client as the settings want it; nothing is connected yet. Messages that wait find
 * `queue_size` bytes. False, and said so, if certificates or memory are missing. */
bool tools_link_open(struct link *link, const struct settings *settings, size_t queue_size);
void tools_link_close(struct link *link);

/* Gives up the connection, if there is one. */
void tools_link_hang_up(struct link *link);

/* Connects, moves bytes and waits until there is something for the tool. */
enum link_turn tools_link_next(struct link *link, wax_client_event *event);

/* Says good-bye, waits until that has gone, and returns `code`. */
int tools_link_finish(struct link *link, int code);

/* Ends the process by the signal that stopped a link, so that a shell sees that the work was not
 * done. Does nothing if there was none. */
void tools_link_obey_signal(void);

/* Puts TLS and WebSocket upon a transport that reaches the broker, as the settings want it.
 * `secured` is TLS within it, or NULL. False, and `fault` says why: the transport is still the
 * caller's to release. */
bool tools_link_stack(const struct settings *settings, wax_tls_context *tls,
                      wax_transport **transport, wax_transport **secured, char fault[static 800]);

/* Makes what TLS needs. Returns as wax_tls_make_client(). */
wax_status tools_link_make_tls(const struct settings *settings, wax_tls_context **context,
                               wax_problem *problem) WAX_CHECKED;

#endif
