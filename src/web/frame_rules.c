/* The rules of frames: each a row. [RFC 6455, 5] */
#include "web/frame_rules.h"

bool frame_judge(const struct piece *piece, bool is_server, bool in_message,
                 struct frame_fault *fault)
{
    bool is_control = piece->opcode >= OPCODE_CLOSE;
    bool is_unknown = piece->opcode > OPCODE_PONG || (piece->opcode > OPCODE_BINARY && !is_control);
    bool continues = piece->opcode == OPCODE_CONTINUATION;
    const char *mask =
        is_server ? "the client does not mask its frames" : "the server masks its frames";

    /* clang-format off */
    const struct frame_fault faults[] = {
        {piece->reserved != 0, CLOSE_PROTOCOL_ERROR, "a frame uses an extension that was not agreed upon"},
        {piece->is_masked != is_server, CLOSE_PROTOCOL_ERROR, mask},
        {piece->opcode == OPCODE_TEXT, CLOSE_UNSUPPORTED, "MQTT needs binary frames, and a text frame came"}, /* [MQTT-6.0.0-1] */
        {is_unknown, CLOSE_PROTOCOL_ERROR, "a frame has an unknown opcode"},
        {continues && !in_message, CLOSE_PROTOCOL_ERROR, "a frame continues a message that did not begin"},
        {piece->opcode == OPCODE_BINARY && in_message, CLOSE_PROTOCOL_ERROR, "a message begins before the last one ended"},
        {is_control && (piece->size > CONTROL_MAX || !piece->is_final), CLOSE_PROTOCOL_ERROR, "a control frame is too large or in pieces"},
    };
    /* clang-format on */
    for (size_t i = 0; i < WAX_COUNT(faults); i++) {
        if (faults[i].holds) {
            *fault = faults[i];
            return false;
        }
    }
    return true;
}

bool frame_code_is_good(uint16_t code)
{
    return (code >= 1000 && code <= 1014 && code != 1004 && code != CLOSE_NOT_SAID &&
            code != 1006) ||
           (code >= 3000 && code <= 4999);
}
