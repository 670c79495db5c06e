/* What all workers know of logins: passwords that were right a moment ago, and who failed. Under
 * one mutex, held for a few comparisons. */
#ifndef WAX_BROKER_GATE_H
#define WAX_BROKER_GATE_H

#include "broker/origin.h"

enum {
    GATE_VERIFIED_MAX = 8192, /* passwords remembered */
    GATE_ORIGIN_MAX = 16384,  /* addresses and user names counted */
    GATE_LINE_MS = 4000,      /* how long a login may wait for its turn */
    GATE_USER_PAUSE_MS = 2000,
};

/* A login on its way through. */
struct passage {
    struct origin origin;
    uint32_t wait_ms;   /* how long it must wait before it is judged */
    bool is_counted;    /* among those of its address that are under way */
    bool is_remembered; /* this password was right a moment ago */
    bool has_tag;
    uint8_t tag[32];
};

/* What somebody claims. */
struct claim {
    wax_bytes user;
    wax_bytes stored; /* the hash; empty where none is kept, and then nothing is remembered */
    wax_bytes password;
    bool is_known; /* there is such a user */
    bool may_wait; /* otherwise it is sent away when it is not its turn */
};

struct gate;

/* Returns WAX_OK, WAX_FULL or WAX_IO. */
wax_status gate_open(struct gate **opened) WAX_CHECKED;

/* NULL is fine. */
void gate_close(struct gate *gate);

/* Looks at a login before it costs anything. Returns WAX_OK with `passage` set, and gate_leave() is
 * owed; WAX_SERVER_BUSY when its address has to wait longer than it may stay. */
wax_status gate_enter(const struct connection *connection, const struct claim *claim,
                      struct passage *passage) WAX_CHECKED;

/* The login ends without having been judged, or was. */
void gate_leave(struct gate *gate, struct passage *passage);

/* It was judged: remembers the password, or counts the failure. */
void gate_pass(const struct connection *connection, struct passage *passage);
void gate_fail(const struct connection *connection, const struct origin *origin, wax_bytes user);

#endif
