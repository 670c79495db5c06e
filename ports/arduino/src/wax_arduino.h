/* arduino: whatever is a `Client` to Arduino - Ethernet, Wi-Fi, a modem, with TLS or without - as a
 * transport for Wax. */
#ifndef WAX_ARDUINO_H
#define WAX_ARDUINO_H

#include <Client.h>

#include "wax.h"

/* The client's own fields are for this file alone. */
struct wax_arduino {
    wax_transport transport;
    Client *client;
};

/* Makes a transport of a client that is connected, and stays the sketch's. Closing and releasing it
 * stop the client. Wax tells WAX_MORE where nothing can be read or written for now: poll again a
 * little later, since an Arduino has nothing to wait on. */
void wax_arduino_open(wax_arduino *self, Client *client);

#endif
