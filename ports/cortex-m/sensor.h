/* sensor: what all images do over a connection: tell a reading, obey a command, say good-bye. */
#ifndef WAX_SENSOR_H
#define WAX_SENSOR_H

#include "transport/transport.h"

/* How payloads travel. */
struct sensor_form {
    /* Makes `payload` of a reading; it may stay where it is. */
    wax_status (*pack)(const char *topic, wax_bytes reading, wax_bytes *payload);
    /* Makes the command of a payload. */
    wax_status (*unpack)(const char *topic, wax_bytes payload, wax_bytes *command);
};

/* As they are. */
extern const struct sensor_form sensor_plain;

/* Connects, subscribes, publishes at QoS 1, waits for the command "stop", and disconnects. The
 * transport stays the caller's; NULL is a network that is not there. Prints what happens; returns
 * the exit status of the image: 0 when all of it did. */
int sensor_run(wax_transport *transport, const struct sensor_form *form);

#endif
