/* dynsec: users, groups and roles that change while the broker runs. The file and the commands are
 * those of Mosquitto's dynamic security plugin, so that `mosquitto_ctrl dynsec` works and a file
 * goes from one broker to the other and back.
 *
 * The model is what the file says; commands change it, one thread at a time. A table is what holds
 * at one moment: it never changes, any thread may read it, and it dies with its last holder. */
#ifndef WAX_DYNSEC_H
#define WAX_DYNSEC_H

#include "access/access.h"

/* The largest file and the largest command. */
#define WAX_DYNSEC_TEXT_MAX    ((size_t)64 * 1024 * 1024)
#define WAX_DYNSEC_COMMAND_MAX ((size_t)1024 * 1024)

/* How much a file or commands may make. */
enum {
    WAX_DYNSEC_CLIENTS_MAX = 200000,
    WAX_DYNSEC_GROUPS_MAX = 20000,
    WAX_DYNSEC_ROLES_MAX = 20000,
    WAX_DYNSEC_ACLS_MAX = 1000,  /* of one role and one type */
    WAX_DYNSEC_LINKS_MAX = 1000, /* roles of one client or group; groups of one client */
};

/* Why a file was refused. */
typedef struct wax_dynsec_fault {
    size_t line; /* where its JSON breaks off; 0: the file as a whole */
    char text[320];
} wax_dynsec_fault;

/* ---- The model ---- */

typedef struct wax_dynsec wax_dynsec;

/* Reads a file. Members that are not known are kept and written again. A reference to a role,
 * client or group that is not there is left out, as is an ACL whose type or topic is none;
 * `*left_out` counts them. A password that could never be verified, a name twice and anything that
 * is of another type than Mosquitto writes are faults.
 * Returns WAX_OK, and wax_dynsec_free() is owed; WAX_INVALID with `fault` set; WAX_FULL when memory
 * ran out. Unless WAX_OK `*made` is NULL. */
wax_status wax_dynsec_parse(wax_dynsec **made, wax_bytes text, size_t *left_out,
                            wax_dynsec_fault *fault) WAX_CHECKED;
void wax_dynsec_free(wax_dynsec *dynsec);

/* Writes the file. The text, at least one byte, is the caller's: wax_dynsec_wipe_text().
 * Returns WAX_OK; WAX_FULL when memory ran out; WAX_TOO_LARGE when nobody could read it again. */
wax_status wax_dynsec_write(const wax_dynsec *dynsec, wax_bytes *text) WAX_CHECKED;

/* Wipes and frees a text of this room's. */
void wax_dynsec_wipe_text(wax_bytes *text);

/* ---- Commands ---- */

/* What one command came to, for the log. Nothing in it is secret. */
typedef struct wax_dynsec_event {
    const char *command;
    const char *subject; /* the client, group or role that it names; "" if none */
    const char *error;   /* NULL: done */
} wax_dynsec_event;

/* A message to $CONTROL/dynamic-security/v1, and its answer. */
typedef struct wax_dynsec_order {
    wax_bytes payload;
    /* Told each command once it is done. NULL: nobody. */
    void (*told)(void *context, const wax_dynsec_event *event);
    void *context;
    wax_bytes answer; /* out; the caller's: wax_dynsec_wipe_text() */
    bool has_changed; /* out: the model is another than before */
} wax_dynsec_order;

/* Carries out the commands of a message, in their order, those that follow one that fails too.
 * Hashes passwords, and so may take seconds. What is wrong with a command stands in the answer,
 * worded as Mosquitto does.
 * Returns WAX_OK; WAX_FULL when memory ran out for the answer, which is then empty; the model is
 * whole in any case. */
wax_status wax_dynsec_command(wax_dynsec *dynsec, wax_dynsec_order *order) WAX_CHECKED;

/* Gives every answer in a response an error, unless it has one. For changes that hold but could
 * not be saved. Returns WAX_OK, or WAX_FULL when the answer is as it was. */
wax_status wax_dynsec_amend(wax_bytes *answer, const char *error) WAX_CHECKED;

/* ---- Tables ---- */

typedef struct wax_dynsec_table wax_dynsec_table;

typedef struct wax_dynsec_user {
    wax_bytes name;
    wax_bytes client_id; /* the only one it may use; empty: any */
    wax_bytes password;  /* the hash, as in a password file; empty: nobody can log in with one */
    bool is_disabled;
    uint64_t print;  /* changes with everything that Mosquitto disconnects a client for */
    uint64_t rights; /* changes with the print, and with what holds by default */
    wax_standing standing;
} wax_dynsec_user;

/* Makes a table, with one holder. Returns WAX_OK or WAX_FULL. */
wax_status wax_dynsec_compile(const wax_dynsec *dynsec, wax_dynsec_table **made) WAX_CHECKED;
wax_dynsec_table *wax_dynsec_hold(wax_dynsec_table *table);

/* Lets go; NULL is allowed. */
void wax_dynsec_release(wax_dynsec_table *table);

/* What the table says of whoever has this name, of the anonymous without one; never NULL. For who
 * is not in it, `standing.is_known` is false and the print is 0. Good as long as the table. */
const wax_dynsec_user *wax_dynsec_find(const wax_dynsec_table *table,
                                       const wax_access_identity *identity);

/* Somebody's hash, so that a login of a stranger costs as much; empty if nobody has one. */
wax_bytes wax_dynsec_decoy(const wax_dynsec_table *table);

/* How many there are, for people. */
size_t wax_dynsec_user_count(const wax_dynsec_table *table);

#endif
