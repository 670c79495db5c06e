/* The steward, who carries out the commands of dynamic security. */
#ifndef WAX_BROKER_STEWARD_H
#define WAX_BROKER_STEWARD_H

#include "broker/internal.h"

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

/* Takes a message to a topic that is claimed, and that its author may write. Returns WAX_OK,
 * WAX_NOT_AUTHORIZED for a topic without commands, or WAX_QUOTA_EXCEEDED. */
wax_status steward_take(struct connection *connection, struct message *message) WAX_CHECKED;
void steward_drop(struct order *order);

/* The letters. */
void steward_on_order(struct worker *worker, struct letter *letter);
void steward_on_table(struct worker *worker, struct letter *letter);
void steward_on_table_taken(struct worker *worker, struct letter *letter);
void steward_on_kick(struct worker *worker, struct letter *letter);

#endif
