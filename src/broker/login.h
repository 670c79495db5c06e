/* How a CONNECT is kept until it is answered. */
#ifndef WAX_BROKER_LOGIN_H
#define WAX_BROKER_LOGIN_H

#include "broker/internal.h"

enum { ASSIGNED_ID_SIZE = 96 };

/* A CONNECT on its way to an answer; it outlives the read buffer. */
struct pending {
    uint8_t *packet;
    wax_connect connect; /* views into `packet` */
    wax_bytes id;
    wax_bytes user;
    bool has_user;
    bool is_assigned;
    bool is_proven; /* by TLS: no password is asked */
    char assigned_id[ASSIGNED_ID_SIZE];
    char subject[1026]; /* the name that TLS proves, if that is the user name */
};

/* A password on its way to be judged. */
struct login {
    wax_job job;                   /* first: it comes back as this */
    struct connection *connection; /* NULL once it is gone */
    struct settings *settings;     /* its table is read on the pool's thread */
    wax_login login;
    uint8_t stored[WAX_PASSWORD_STORED_MAX];
    uint8_t *password;
    size_t password_size;
    wax_status status;
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

/* Gives the password to the pool. Returns WAX_MORE: it comes back by the worker's `logins`;
 * WAX_SERVER_BUSY when too many wait. */
wax_status login_begin(struct connection *connection) WAX_CHECKED;
void login_free(struct login *login);

/* Forgets a CONNECT that will not be answered any more. */
void login_forget(struct connection *connection);

/* Whether the CONNECT, whoever sent it, is one that this listener takes. */
wax_status judge_connect(const struct connection *connection,
                         const wax_connect *connect) WAX_CHECKED;

#endif
