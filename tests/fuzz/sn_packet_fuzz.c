/* Any bytes as an MQTT-SN packet, and as what comes by a serial line: what is read is written
 * again, and read as the same; what comes out of a frame fits the room. */
#include "fuzz.h"

#include "sn/sn.h"

static void read_packet(wax_bytes bytes)
{
    static uint8_t room[66000];
    wax_writer out = wax_writer_over(room, sizeof room);
    wax_sn_packet packet;
    wax_sn_packet again;

    if (wax_sn_packet_read(&packet, bytes) != WAX_OK) {
        return;
    }
    fuzz_require(wax_sn_packet_name(packet.type) != NULL);
    fuzz_require(packet.data.size <= bytes.size);
    fuzz_require(wax_sn_packet_write(&out, &packet) == WAX_OK);
    fuzz_require(out.used <= bytes.size);
    fuzz_require(wax_sn_packet_read(&again, wax_writer_bytes(&out)) == WAX_OK);
    fuzz_require(again.type == packet.type && again.flags == packet.flags &&
                 again.topic_id == packet.topic_id && again.message_id == packet.message_id &&
                 again.duration_s == packet.duration_s && again.code == packet.code);
    fuzz_require(wax_bytes_equal(again.data, packet.data));
}

static void read_line(wax_bytes bytes)
{
    uint8_t room[64];
    wax_sn_frame frame = {.room = room, .size = sizeof room};
    wax_reader in = wax_reader_over(bytes);
    wax_bytes packet;

    while (wax_sn_frame_take(&frame, &in, &packet) == WAX_OK) {
        fuzz_require(packet.size > 0 && packet.size <= sizeof room - 2);
        read_packet(packet);
    }
    fuzz_require(wax_reader_left(&in) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_bytes bytes = wax_bytes_of(data, size);
    wax_reader in = wax_reader_over(bytes);
    wax_bytes packet;

    read_packet(bytes);
    read_line(bytes);
    while (wax_sn_packet_next(&packet, &in) == WAX_OK) {
        read_packet(packet);
    }
    return 0;
}
