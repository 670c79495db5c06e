/* Files that change make the broker reload. */
#ifndef WAX_BROKER_WATCH_H
#define WAX_BROKER_WATCH_H

#include "broker/internal.h"

/* Begins, when the workers run. Without a thread for it the log says so. */
void watch_open(struct wax_broker *broker);

/* Watches what the settings name now. */
void watch_set(struct wax_broker *broker);

/* A reload is about to read everything: what has changed up to now makes no other one. */
void watch_settle(struct wax_broker *broker);

#endif
