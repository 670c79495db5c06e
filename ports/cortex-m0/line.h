/* line: MQTT-SN over a serial line, one question at a time, by the encoders and frames of `sn`. */
#ifndef WAX_LINE_H
#define WAX_LINE_H

#include "sn/sn.h"

enum {
    LINE_PACKET_MAX = 640,   /* that is taken: a mailbox of one group */
    LINE_SENT_MAX = 160,     /* that is sent */
    LINE_PATIENCE_MS = 5000, /* for an answer, before a question is sent again */
    LINE_TRIES = 6,
};

/* The board's serial line: gives a byte away, when the one before is out. */
void line_give(uint8_t byte);

/* Takes a byte if one has come. */
bool line_take(uint8_t *byte);

/* Who hears what comes unasked, PUBLISH above all; the packet lives as long as the call. */
typedef void (*line_hear)(const wax_sn_packet *packet);

/* Sends one packet in a frame. Returns WAX_OK, or WAX_FULL when it is larger than LINE_SENT_MAX. */
wax_status line_send(const wax_sn_packet *packet);

/* Sends a question, written by one of wax_sn_write_*(), and again after some time, until a packet
 * of type `wanted` comes with `message_id`, or with none where the type has none. `hear` gets all
 * else. Returns WAX_OK with `answer`, whose data is gone; WAX_NOT_AUTHORIZED when its return code
 * is a refusal; WAX_SERVER_BUSY when nothing comes. */
wax_status line_ask(wax_bytes question, uint8_t wanted, uint16_t message_id, wax_sn_packet *answer,
                    line_hear hear);

/* Lets `hear` have what comes until `done`, but not for ever: returns WAX_OK or WAX_SERVER_BUSY. */
wax_status line_wait(const volatile bool *done, line_hear hear);

#endif
