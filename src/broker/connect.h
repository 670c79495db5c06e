/* From CONNECT to a session. */
#ifndef WAX_BROKER_CONNECT_H
#define WAX_BROKER_CONNECT_H

#include "broker/internal.h"

/* CONNECT came. */
void connect_on(struct connection *connection, const wax_event *event, wax_bytes packet);

/* AUTH came. */
void connect_on_auth(struct connection *connection, const wax_event *event);

/* Passwords were judged. */
void connect_on_logins(wax_watch *watch, bool readable, bool writable);

/* Ends the connections whose login does not hold under new settings. */
void connect_on_settings(struct worker *worker);

/* A connection came from another worker, its CONNECT found good. */
void connect_on_arrival(struct worker *worker, struct connection *connection);

#endif
