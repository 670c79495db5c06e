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

/* Opens sockets for every listener of `config` that is not in `running`, which is NULL at the
 * start. Either all are opened, for each worker, and `opened` is a ring of entrances, or none and
 * the log says why. Returns WAX_OK or WAX_IO. */
wax_status listen_open(struct wax_broker *broker, const wax_config *config,
                       const wax_config *running, wax_link *opened) WAX_CHECKED;

/* Hands the entrances to their workers. */
void listen_admit(struct wax_broker *broker, wax_link *opened);

/* Says in the log what has been opened, and closed. */
void listen_log(struct wax_broker *broker, const wax_config *config, const wax_config *running);

#endif
