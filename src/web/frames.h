/* Frames of WebSocket, taken apart and put together. [RFC 6455, 5] */
#ifndef WAX_WEB_FRAMES_H
#define WAX_WEB_FRAMES_H

#include "base/base.h"

struct wslay_frame_context;

enum {
    FRAME_HEAD_MAX = 14,
    CONTROL_MAX = 125, /* the payload of a control frame */
};

enum opcode {
    OPCODE_CONTINUATION = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
};

/* The state of both directions. All zero is the beginning; between frames it holds no memory. */
struct frames {
    struct wslay_frame_context *context;
    uint64_t left;    /* of the frame that is being read */
    uint64_t pending; /* bytes the parser has taken and not accounted for */
    wax_bytes input;
    wax_writer *output;
};

/* A piece of a frame. */
struct piece {
    bool starts; /* with it begins a frame, of `size` bytes */
    bool ends;   /* with it the frame ends */
    bool is_final;
    bool is_masked;
    uint8_t reserved; /* bits that only extensions use */
    uint8_t opcode;
    uint64_t size;
    wax_bytes data; /* unmasked; views the parser, until the next call */
};

/* Takes the next piece from the front of `input`, which shrinks as it is read; what the piece views
 * is a copy, so that the room of the input may be overwritten up to where it now begins.
 * Returns WAX_OK; WAX_MORE when all of the input was taken; WAX_PROTOCOL_ERROR when it is no frame;
 * WAX_IO without memory. */
wax_status frames_take(struct frames *frames, wax_bytes *input, struct piece *piece) WAX_CHECKED;

/* Writes one whole frame; the writer must have FRAME_HEAD_MAX bytes of room more than the payload.
 * A client masks. Returns WAX_OK, or WAX_IO without memory or randomness. */
wax_status frames_put(struct frames *frames, wax_writer *out, enum opcode opcode, wax_bytes payload,
                      bool masks) WAX_CHECKED;

/* Gives back what is held. */
void frames_free(struct frames *frames);

#endif
