/* Authentication by a method, packet by packet. [MQTT 5.0, 4.12] */
#ifndef WAX_BROKER_EXCHANGE_H
#define WAX_BROKER_EXCHANGE_H

#include "auth/auth.h"
#include "broker/login.h"

/* An exchange that is going on. */
struct exchange {
    wax_scram scram;
    struct passage passage;
    wax_login login; /* `stored` is in this struct */
    uint8_t stored[WAX_PASSWORD_STORED_MAX];
    uint8_t answer[WAX_SCRAM_MESSAGE_MAX]; /* what the peer is told last */
    size_t answer_size;
    wax_bytes user; /* within `scram` */
    bool has_passage;
};

/* CONNECT names a method: who wants to come in? Returns WAX_OK with the user in `pending`, or
 * WAX_NOT_AUTHORIZED. */
wax_status exchange_identify(struct connection *connection, struct pending *pending) WAX_CHECKED;

/* Asks for the proof. Returns WAX_MORE; or why not, with `refusal` set to a word of the log or not.
 */
wax_status exchange_challenge(struct connection *connection, const char **refusal) WAX_CHECKED;

/* AUTH came. Returns WAX_OK when the peer has proved who it is: CONNECT may be answered, or it was
 * told; WAX_MORE when it was asked; otherwise why the connection must end. */
wax_status exchange_continue(struct connection *connection, const wax_notice *notice,
                             const char **refusal) WAX_CHECKED;

/* Writes the method, and the last word of the exchange. [MQTT-4.12.0-5] */
void exchange_write(const struct connection *connection, wax_writer *properties);

void exchange_forget(struct connection *connection);

#endif
