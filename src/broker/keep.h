/* keep: what must outlive the process goes into the worker's batch for the store. These functions
 * only write down what has happened; with an engine that keeps nothing they do nothing. */
#ifndef WAX_BROKER_KEEP_H
#define WAX_BROKER_KEEP_H

#include "broker/internal.h"
#include "broker/keep_record.h"
#include "broker/store_key.h"

#include <pwd.h>

/* Whether what happens to the session is written down. */
bool keeps(const struct client *client);

/* Whether the store takes more: not while the disk is full or broken. */
bool keep_is_possible(const struct worker *worker);

/* The session as it is now; it ends, with all that belongs to it. */
void keep_session(struct client *client);
void keep_no_session(struct client *client);

/* A subscription: the filter with its mount point. */
void keep_subscription(struct client *client, const wax_interest *interest);
void keep_no_subscription(struct client *client, const wax_interest *interest);

/* A message of the queue, or under way; the delivery gets its place if it has none. */
void keep_delivery(struct client *client, struct delivery *delivery, enum kept_state state,
                   uint16_t packet_id);

/* The body of a message that something holds; once, however many sessions of this worker get it in
 * a turn. */
void keep_message(struct worker *worker, const struct message *message);

/* The message has arrived, but its packet id is still in use; both are over. */
void keep_released(struct client *client, const struct delivery *delivery, uint16_t packet_id);
void keep_no_delivery(struct client *client, struct delivery *delivery);

/* A packet id of a QoS 2 message that came in. */
void keep_received(struct client *client, uint16_t packet_id);
void keep_no_received(struct client *client, uint16_t packet_id);

/* The session's Will as it is now, or that there is none. Sessions that end with their connections
 * are written down with it, so that it is published when the process does not come to it. */
void keep_will(struct client *client);

/* Whether what is retained for a topic goes to the store: not what the broker tells of itself. */
bool keep_takes_retained(const struct commons *commons, wax_bytes topic);

/* Under the mutex of the commons: the message retained for its topic; none any more. */
void keep_retained(struct commons *commons, const struct message *message);
void keep_no_retained(struct commons *commons, wax_bytes topic);

/* Hands what was written down of retained messages to the store, so that whoever asks it for them
 * sees them. Returns under which mark. Any thread. */
uint64_t keep_commit_retained(struct wax_broker *broker);

/* Hands all that was written down in this turn to the store. Returns under which mark; 0: there was
 * nothing. */
uint64_t keep_commit(struct worker *worker);

/* What is done for the store while the broker may still be root: finds its key, and makes its
 * folder, which is then the account's that root changes to; NULL: it changes to none. Logs why not
 * WAX_OK. The caller wipes the key. */
wax_status keep_prepare(struct wax_broker *broker, const struct passwd *account,
                        struct store_key *key) WAX_CHECKED;

/* Opens the store that the configuration asks for, and wipes the key. Logs what it found, and why
 * it failed. */
wax_status keep_open(struct wax_broker *broker, struct store_key *key) WAX_CHECKED;

/* Waits until the store has run all that it was asked so far. */
void keep_settle(struct wax_broker *broker);

/* When the workers have ended, and before they are freed: waits until all is safe. Nothing is kept
 * from here on. */
void keep_close(struct wax_broker *broker);

/* Before the workers run: brings back what was kept. Returns WAX_OK, WAX_FULL or WAX_IO. */
wax_status keep_load(struct wax_broker *broker) WAX_CHECKED;

#endif
