/* sensor: what all images do over a connection: tell a reading, obey a command, say good-bye. */
#ifndef WAX_SENSOR_H
#define WAX_SENSOR_H

#include "transport/transport.h"
#include "wire/wire.h"

/* How messages travel. */
struct sensor_form {
    /* Writes the topic on which keys come before anything else is done; nothing: none come. */
    void (*name_keys)(wax_writer *topic);
    /* Takes the keys. */
    wax_status (*take_keys)(wax_bytes message);
    /* Makes of a message what is sent; it lives until the next one. */
    wax_status (*pack)(const wax_publish *message, wax_publish *sent);
    /* Gives what a message says; anything but WAX_OK: it is not to be believed. */
    wax_status (*unpack)(const wax_publish *came, wax_bytes *said);
};

/* As they are. */
extern const struct sensor_form sensor_plain;

/* Connects, subscribes, publishes at QoS 1, waits for the command "stop", and disconnects. The
 * transport stays the caller's; NULL is a network that is not there. Prints what happens; returns
 * the exit status of the image: 0 when all of it did. */
int sensor_run(wax_transport *transport, const struct sensor_form *form);

#endif
