/* One connection to `wax authority`: it proves who it is, asks a line, gets a line, and goes. All
 * are served by turns of a loop, each with a limited time. */
#ifndef WAX_TOOLS_KEYS_GUEST_H
#define WAX_TOOLS_KEYS_GUEST_H

#include "os/os.h"
#include "tls/tls.h"
#include "tools/authority_home.h"
#include "tools/settings.h"

enum {
    DOOR_GUESTS_MAX = 8,    /* at once, at each entrance; more wait in the system's queue */
    DOOR_ASK_MS = 10000,    /* to prove who one is, and to ask */
    DOOR_ANSWER_MS = 30000, /* to take the answer */
    DOOR_LINGER_MS = 2000,  /* to end the connection */
    DOOR_REFUSALS_MAX = 10, /* lines of the log a minute on those who are not let in */
};

struct guest; /* one connection */

/* What all guests share. */
struct door_host {
    wax_loop loop;
    struct authority_home *home;
    const struct settings *settings;
    char roles[HOME_PATH_SIZE]; /* the file */
    uint64_t minute_ms;         /* when it was begun to count refusals */
    unsigned refusal_count;
};

/* One listening socket. */
struct door_entrance {
    wax_watch watch;
    struct door_host *host;
    wax_tls_context *const *tls; /* the one in use; NULL: no TLS */
    struct guest *guests;        /* DOOR_GUESTS_MAX, on the heap */
    size_t guest_count;
    bool is_resting;                               /* it is full: the next wait */
    void (*has_place)(struct door_entrance *self); /* somebody went */
};

/* DOOR_GUESTS_MAX of them; NULL without memory. */
struct guest *keys_guests_make(void);

/* Ends all that are there; NULL is fine. */
void keys_guests_free(struct guest *guests);

/* Begins to serve a connection, which is taken, at an entrance where there is a place. */
void keys_guest_come(struct door_entrance *entrance, wax_transport *transport);

#endif
