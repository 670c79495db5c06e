/* What frames must be like, and what is said to who sends others. */
#ifndef WAX_WEB_FRAME_RULES_H
#define WAX_WEB_FRAME_RULES_H

#include "web/frames.h"

/* [RFC 6455, 7.4.1] */
enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_UNSUPPORTED = 1003,
    CLOSE_NOT_SAID = 1005,
    CLOSE_POLICY = 1008,
    CLOSE_INTERNAL = 1011,
};

/* What is wrong with a frame: how the connection is closed, and why in words. */
struct frame_fault {
    bool holds;
    uint16_t code;
    const char *words;
};

/* Judges the first piece of a frame that came to the server's end or to the client's, inside a
 * message in pieces or not. Returns whether it is good; if not, `fault` says why. */
bool frame_judge(const struct piece *piece, bool is_server, bool in_message,
                 struct frame_fault *fault);

/* Whether a peer may send this code in a close frame. [RFC 6455, 7.4] */
bool frame_code_is_good(uint16_t code);

#endif
