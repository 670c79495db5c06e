/* Frames of WebSocket by libwslay, which does no I/O of its own. */
#include "web/frames.h"

#include <string.h>

#include <wslay/wslay.h>

#include "crypto/crypto.h"

static ssize_t on_wants(uint8_t *room, size_t size, int flags, void *context)
{
    struct frames *frames = context;
    size_t taken = size < frames->input.size ? size : frames->input.size;

    (void)flags;
    if (taken == 0) {
        return -1;
    }
    memcpy(room, frames->input.data, taken);
    frames->input = wax_bytes_of(frames->input.data + taken, frames->input.size - taken);
    frames->pending += taken;
    return (ssize_t)taken;
}

static ssize_t on_has(const uint8_t *data, size_t size, int flags, void *context)
{
    struct frames *frames = context;

    (void)flags;
    wax_write_bytes(frames->output, wax_bytes_of(data, size));
    return frames->output->status == WAX_OK ? (ssize_t)size : -1;
}

static int on_mask(uint8_t *mask, size_t size, void *context)
{
    (void)context;
    return wax_random(mask, size) == WAX_OK ? 0 : -1;
}

static bool hold(struct frames *frames)
{
    static const struct wslay_frame_callbacks calls = {on_has, on_wants, on_mask};

    return frames->context != NULL ||
           wslay_frame_context_init(&frames->context, &calls, frames) == 0;
}

void frames_free(struct frames *frames)
{
    if (frames->context != NULL) {
        wslay_frame_context_free(frames->context);
        frames->context = NULL;
    }
}

/* The parser has a buffer of its own, which a connection that rests does without. */
static void rest(struct frames *frames)
{
    if (frames->left == 0 && frames->pending == 0) {
        frames_free(frames);
    }
}

static size_t head_size(const struct wslay_frame_iocb *frame)
{
    size_t size_size = frame->payload_length > UINT16_MAX    ? 8
                       : frame->payload_length > CONTROL_MAX ? 2
                                                             : 0;

    return 2 + size_size + (frame->mask != 0 ? 4 : 0);
}

static void fill(struct frames *frames, struct piece *piece, const struct wslay_frame_iocb *frame)
{
    *piece = (struct piece){
        .starts = frames->left == 0,
        .is_final = frame->fin != 0,
        .is_masked = frame->mask != 0,
        .reserved = frame->rsv,
        .opcode = frame->opcode,
        .size = frame->payload_length,
        .data = wax_bytes_of(frame->data, frame->data_length),
    };
    if (piece->starts) {
        frames->left = frame->payload_length;
        frames->pending -= head_size(frame);
    }
    frames->left -= frame->data_length;
    frames->pending -= frame->data_length;
    piece->ends = frames->left == 0;
}

wax_status frames_take(struct frames *frames, wax_bytes *input, struct piece *piece)
{
    struct wslay_frame_iocb frame = {.data_length = 0};
    ssize_t result = WSLAY_ERR_WANT_READ;

    frames->input = *input;
    if (!hold(frames)) {
        return WAX_IO;
    }
    do {
        result = wslay_frame_recv(frames->context, &frame);
    } while (result == WSLAY_ERR_WANT_READ && frames->input.size > 0);
    *input = frames->input;
    if (result == WSLAY_ERR_WANT_READ) {
        rest(frames);
        return WAX_MORE;
    }
    if (result < 0) {
        return WAX_PROTOCOL_ERROR;
    }
    fill(frames, piece, &frame);
    return WAX_OK;
}

wax_status frames_put(struct frames *frames, wax_writer *out, enum opcode opcode, wax_bytes payload,
                      bool masks)
{
    struct wslay_frame_iocb frame = {
        .fin = 1,
        .opcode = (uint8_t)opcode,
        .mask = masks,
        .payload_length = payload.size,
        .data = payload.data,
        .data_length = payload.size,
    };
    ssize_t result;

    wax_assert(wax_writer_left(out) >= payload.size + FRAME_HEAD_MAX);
    if (!hold(frames)) {
        return WAX_IO;
    }
    frames->output = out;
    result = wslay_frame_send(frames->context, &frame);
    rest(frames);
    return result == (ssize_t)payload.size ? WAX_OK : WAX_IO;
}
