/* Frames of a serial line. [RFC 1662] */
#include "sn/sn.h"

enum {
    ESCAPE = 0x7d,
    TURN = 0x20,
    POLYNOMIAL = 0x8408, /* with its lowest bit first */
    GOOD = 0xf0b8,       /* the CRC over packet and CRC */
    CRC_SIZE = 2,
};

uint16_t wax_sn_crc_next(uint16_t crc, uint8_t byte)
{
    unsigned value = crc ^ byte;

    for (int i = 0; i < 8; i++) {
        value = (value & 1U) != 0 ? value >> 1 ^ POLYNOMIAL : value >> 1;
    }
    return (uint16_t)value;
}

static void write_byte(wax_writer *out, uint8_t byte)
{
    if (byte == WAX_SN_FLAG || byte == ESCAPE) {
        wax_write_u8(out, ESCAPE);
        byte ^= TURN;
    }
    wax_write_u8(out, byte);
}

wax_status wax_sn_frame_write(wax_writer *out, wax_bytes packet)
{
    size_t start = out->used;
    uint16_t crc = WAX_SN_CRC_START;

    wax_write_u8(out, WAX_SN_FLAG);
    for (size_t i = 0; i < packet.size; i++) {
        crc = wax_sn_crc_next(crc, packet.data[i]);
        write_byte(out, packet.data[i]);
    }
    crc = (uint16_t)~crc;
    write_byte(out, (uint8_t)(crc & 0xffU));
    write_byte(out, (uint8_t)(crc >> 8));
    wax_write_u8(out, WAX_SN_FLAG);
    return wax_writer_end(out, start);
}

/* Ends a frame. Returns whether a packet stands in the room. */
static bool finish(wax_sn_frame *frame)
{
    uint16_t crc = WAX_SN_CRC_START;
    bool is_good;

    for (size_t i = 0; i < frame->used; i++) {
        crc = wax_sn_crc_next(crc, frame->room[i]);
    }
    is_good = !frame->is_broken && !frame->is_escaped && frame->used > CRC_SIZE && crc == GOOD;
    if (!is_good && (frame->used > 0 || frame->is_broken)) {
        frame->broken_count++;
    }
    return is_good;
}

static void take_byte(wax_sn_frame *frame, uint8_t byte)
{
    if (byte == ESCAPE && !frame->is_escaped) {
        frame->is_escaped = true;
        return;
    }
    if (frame->used == frame->size) {
        frame->is_broken = true;
    } else {
        frame->room[frame->used++] = frame->is_escaped ? byte ^ TURN : byte;
    }
    frame->is_escaped = false;
}

wax_status wax_sn_frame_take(wax_sn_frame *frame, wax_reader *in, wax_bytes *packet)
{
    while (wax_reader_left(in) > 0) {
        uint8_t byte = wax_read_u8(in);
        bool is_good;

        if (byte != WAX_SN_FLAG) {
            take_byte(frame, byte);
            continue;
        }
        is_good = finish(frame);
        *packet = wax_bytes_of(frame->room, is_good ? frame->used - CRC_SIZE : 0);
        frame->used = 0;
        frame->is_escaped = frame->is_broken = false;
        if (is_good) {
            return WAX_OK;
        }
    }
    return WAX_MORE;
}
