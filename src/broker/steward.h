/* Dynamic security in the broker: who stands how, and the steward who carries out its commands. */
#ifndef WAX_BROKER_STEWARD_H
#define WAX_BROKER_STEWARD_H

#include "broker/internal.h"

/* --- standing: what somebody may do, by ACL file and roles --- */

/* What dynamic security says of whoever this is at that listener; NULL where it has no say. */
const wax_dynsec_user *standing_of(const struct worker *worker, uint16_t listener,
                                   const wax_access_identity *identity);

/* The one place where the rights of a client, or of an author, are put together. They die with the
 * worker's settings or table: access_renew() then. */
wax_access access_of(const struct worker *worker, uint16_t listener,
                     const wax_access_identity *identity);

/* Gives every client its rights anew, from the settings and the table that hold now, and ends the
 * subscriptions that they do not allow any more. */
void access_renew(struct worker *worker);

/* Ends the subscriptions of a client that its rights do not allow, if these are others than when
 * its subscriptions were judged last. */
void access_settle(struct client *client);

/* Remembers under what a connection whose CONNECT came is let in. */
void access_note(struct connection *connection);

/* Whether dynamic security lets it in, now that its password was found right: it may have changed
 * since. Returns WAX_OK, or the reason of the refusal. */
wax_status access_admit(const struct connection *connection) WAX_CHECKED;

/* Whether nobody has said anything about this client: neither a name nor rules. */
bool is_stranger(const struct client *client);

/* --- steward: commands --- */

/* A message of commands on its way. */
struct order {
    wax_letter letter; /* first: it waits as this */
    struct message *message;
    wax_bytes client_id; /* of who sent it, in memory of its own; for the log */
    wax_bytes user;
    wax_dynsec_order work;
};

/* Reads the file and readies the steward; what is wrong is in the report. Returns WAX_OK, also when
 * no listener asks for dynamic security: there is no steward then; or WAX_INVALID. */
wax_status steward_open(struct wax_broker *broker, wax_config_report *report) WAX_CHECKED;

/* Ties the steward to the first worker, and gives all workers their first table. Before their
 * threads run. Returns WAX_OK or WAX_IO. */
wax_status steward_start(struct wax_broker *broker) WAX_CHECKED;

/* Waits for the work in hand, before the workers close. */
void steward_stop(struct wax_broker *broker);
void steward_close(struct wax_broker *broker);

/* Whether a reload may go on to this configuration; otherwise the report says why not. */
bool steward_accepts(const struct wax_broker *broker, const wax_config *next,
                     wax_config_report *report);

/* Whether the topic is one that messages of clients do not go through. */
bool steward_claims(const struct worker *worker, wax_bytes topic);

/* Takes a message to such a topic, which its author may write. Returns WAX_OK, WAX_NOT_AUTHORIZED
 * for a topic without commands, or WAX_QUOTA_EXCEEDED. */
wax_status steward_take(struct connection *connection, struct message *message) WAX_CHECKED;
void steward_drop(struct order *order);

/* The letters. */
void steward_on_order(struct worker *worker, struct letter *letter);
void steward_on_table(struct worker *worker, struct letter *letter);
void steward_on_table_taken(struct worker *worker, struct letter *letter);
void steward_on_kick(struct worker *worker, struct letter *letter);

#endif
