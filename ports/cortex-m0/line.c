/* Questions and answers over a serial line. */
#include "line.h"

#include "board.h"

static uint8_t frame_room[LINE_PACKET_MAX + 2];
static wax_sn_frame frame = {.room = frame_room, .size = sizeof frame_room};

static wax_status send_framed(wax_bytes packet)
{
    static uint8_t room[2 * (LINE_SENT_MAX + 2) + 2];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status = wax_sn_frame_write(&out, packet);

    for (size_t i = 0; status == WAX_OK && i < out.used; i++) {
        line_give(room[i]);
    }
    return status;
}

wax_status line_send(const wax_sn_packet *packet)
{
    uint8_t room[LINE_SENT_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_status status = wax_sn_packet_write(&out, packet);

    return status == WAX_OK ? send_framed(wax_writer_bytes(&out)) : status;
}

/* One byte of the line at most. Returns whether it ended a packet. */
static bool has_come(wax_sn_packet *packet)
{
    uint8_t byte;
    wax_reader in;
    wax_bytes bytes;

    if (!line_take(&byte)) {
        return false;
    }
    in = wax_reader_over(wax_bytes_of(&byte, 1));
    return wax_sn_frame_take(&frame, &in, &bytes) == WAX_OK &&
           wax_sn_packet_read(packet, bytes) == WAX_OK;
}

static bool is_late(uint32_t began_ms)
{
    return board_now_ms() - began_ms > LINE_PATIENCE_MS;
}

wax_status line_ask(wax_bytes question, uint8_t wanted, uint16_t message_id, wax_sn_packet *answer,
                    line_hear hear)
{
    for (int i = 0; i < LINE_TRIES; i++) {
        uint32_t began_ms = board_now_ms();
        wax_status status = send_framed(question);
        while (status == WAX_OK && !is_late(began_ms)) {
            if (!has_come(answer)) {
                continue;
            }
            if (answer->type == wanted && answer->message_id == message_id) {
                answer->data = wax_bytes_of(NULL, 0);
                return answer->code == WAX_SN_ACCEPTED ? WAX_OK : WAX_NOT_AUTHORIZED;
            }
            hear(answer);
        }
        if (status != WAX_OK) {
            return status;
        }
    }
    return WAX_SERVER_BUSY;
}

wax_status line_wait(const volatile bool *done, line_hear hear)
{
    uint32_t began_ms = board_now_ms();
    wax_sn_packet packet;

    while (!*done) {
        if (board_now_ms() - began_ms > LINE_TRIES * LINE_PATIENCE_MS) {
            return WAX_SERVER_BUSY;
        }
        if (has_come(&packet)) {
            hear(&packet);
        }
    }
    return WAX_OK;
}
