/* What the example devices share: a client with its memory, and the loop that keeps it going. */
#ifndef WAX_EXAMPLES_DEVICE_H
#define WAX_EXAMPLES_DEVICE_H

#include "client/client.h"

/* All the memory of a device's MQTT. On a microcontroller it would be a static variable. */
struct device {
    wax_client client;
    wax_client_config config;
    wax_transport *transport;
    const char *host;
    uint16_t port;
    bool is_done; /* nothing more is to be said: disconnect when all was delivered */
    bool reads_input;
    uint8_t receive_room[256];
    uint8_t send_room[256];
    uint8_t queue_room[1024];
    wax_flow outgoing_slots[4];
    wax_flow incoming_slots[20]; /* brokers send that many at once unless they are told otherwise */
    /* The client has something to say. */
    void (*heard)(struct device *self, const wax_client_event *event);
    /* A line came on standard input. */
    void (*typed)(struct device *self, const char *line);
};

/* Takes `host port [username password]` from the command line. Returns false, and says what is
 * wrong, if it is something else. */
bool device_open(struct device *device, const char *client_id, int count, char **words);

/* Publishes a short text, retained, at QoS 1; says so on standard output. */
void device_say(struct device *device, const char *topic, const char *text);

/* Runs until everything is said. Returns the exit status of the program. */
int device_run(struct device *device);

#endif
