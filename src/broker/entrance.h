/* Where the broker listens, and who accepts there. */
#ifndef WAX_BROKER_ENTRANCE_H
#define WAX_BROKER_ENTRANCE_H

#include "broker/internal.h"

/* A listening descriptor as one worker watches it. */
struct entrance {
    wax_watch watch;
    wax_link all;    /* in the worker's ring */
    wax_timer timer; /* while it rests */
    struct worker *worker;
    uint16_t listener;
};

/* Lets its worker accept at an entrance, which the worker then owns; on failure it is freed. Before
 * the worker's thread runs, or on it. Returns WAX_OK or WAX_IO. */
wax_status entrance_watch(struct entrance *entrance) WAX_CHECKED;

/* Closes an entrance. */
void entrance_free(struct entrance *entrance);

/* --- listen: which entrances there are --- */

/* From one set of listeners to the next. */
struct listen_change {
    const wax_config *running; /* NULL at the start */
    const wax_config *next;
};

/* Opens sockets for every listener of the next set that is not running. Either all are opened, for
 * each worker, and `opened` is a ring of entrances, or none. `report` says what could not be
 * opened, by the line of the listener, and why. Returns WAX_OK or WAX_IO. */
wax_status listen_open(struct wax_broker *broker, const struct listen_change *change,
                       wax_link *opened, wax_config_report *report) WAX_CHECKED;

/* Hands the entrances to their workers. */
void listen_admit(struct wax_broker *broker, wax_link *opened);

/* Says in the log what has been opened, and closed. */
void listen_log(struct wax_broker *broker, const wax_config *config, const wax_config *running);

#endif
