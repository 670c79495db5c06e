/* How a CONNECT is kept until it is answered. */
#ifndef WAX_BROKER_LOGIN_H
#define WAX_BROKER_LOGIN_H

#include "broker/gate.h"

enum { ASSIGNED_ID_SIZE = 96 };

/* A CONNECT on its way to an answer; it outlives the read buffer. */
struct pending {
    uint8_t *packet;
    struct login *login; /* a password is being checked; NULL */
    wax_connect connect; /* views into `packet` */
    wax_bytes id;
    wax_bytes user;
    const char *refusal; /* why a login failed, as a word of the log; NULL: as its status says */
    bool has_user;
    bool is_assigned;
    bool is_proven; /* by TLS: no password is asked */
    bool is_token;  /* the password is one, which says who it is */
    char assigned_id[ASSIGNED_ID_SIZE];
    char subject[1026]; /* the name that TLS or a token proves, if that is the user name */
};

/* What a connection has shown of who it is. */
enum proof_kind {
    PROOF_NONE, /* nothing was asked */
    PROOF_TLS,
    PROOF_PASSWORD, /* `proof` is a hash of the stored one */
    PROOF_TOKEN,    /* `proof` stands for the key */
};

/* A password on its way to be judged. */
struct login {
    wax_job job;                   /* first: it comes back as this */
    wax_timer timer;               /* while it waits for its turn */
    struct connection *connection; /* NULL once it is gone */
    struct gate *gate;
    struct passage passage;
    wax_login login;
    uint8_t stored[WAX_PASSWORD_STORED_MAX];
    uint8_t *password;
    size_t password_size;
    struct settings *settings; /* of a token: its keys are there */
    uint16_t listener;
    wax_token token;
    char claimed[WAX_TOKEN_USER_MAX + 1]; /* user name, beside a token */
    wax_status status;
    bool is_waiting;          /* for its turn: the pool does not have it */
    atomic_bool is_abandoned; /* nobody waits for the answer any more */
};

/* What the configuration says of the connection's listener. */
const wax_listener_config *login_listener(const struct connection *connection);
struct policy *login_policy(const struct connection *connection);

/* The CONNECT again, in memory of its own. NULL without memory. */
struct pending *login_copy(wax_bytes packet);

/* Whether there is anything to ask the connection's listener about passwords. */
bool login_has_passwords(const struct connection *connection);

/* The one place where a user's stored password is looked up. `stored` dies with the settings and
 * the table of dynamic security. */
wax_login login_find(const struct connection *connection, wax_bytes user);

/* Notes that the connection is let in, if it is, for knowing that password. */
void login_note(struct connection *connection, const wax_login *found);

/* Whether what the connection showed as this user's still counts. */
bool login_holds(const struct connection *connection, bool has_user, wax_bytes user);

/* Judges the password. Returns WAX_OK when it was right a moment ago; WAX_MORE: the answer comes by
 * the worker's `logins`; WAX_SERVER_BUSY when too many wait, or this one should. */
wax_status login_begin(struct connection *connection) WAX_CHECKED;

/* A password came back from the pool: counts it. Returns what came of it. */
wax_status login_end(struct connection *connection, struct login *login) WAX_CHECKED;
void login_free(struct login *login);

/* Forgets a CONNECT that will not be answered any more. */
void login_forget(struct connection *connection);

/* Whether the CONNECT, whoever sent it, is one that this listener takes. */
wax_status judge_connect(const struct connection *connection,
                         const wax_connect *connect) WAX_CHECKED;

#endif
