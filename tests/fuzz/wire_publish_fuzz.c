/* PUBLISH from a stranger, whole and in pieces. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_packet_type types[] = {WAX_PUBLISH};
    wax_publish publish, start;
    wax_packet packet;
    size_t head_size;

    if (size == 0) {
        return 0;
    }
    packet = (wax_packet){
        .version = fuzz_version(data[0]), .flags = data[0] & 0x0fU, .body = {data + 1, size - 1}
    };
    head_size = wax_publish_head_size(packet.flags, packet.body, packet.version);
    if (wax_publish_read(&publish, &packet) == WAX_OK) {
        fuzz_require(head_size > 0 && head_size + publish.payload.size == packet.body.size);
        packet.body.size = head_size;
        fuzz_require(wax_publish_read(&start, &packet) == WAX_OK);
        publish.payload.size = 0;
        fuzz_require(same_publish(&publish, &start));
        packet.body.size = head_size - 1;
        fuzz_require(wax_publish_head_size(packet.flags, packet.body, packet.version) == 0);
    }
    return fuzz_body(data, size, types, WAX_COUNT(types));
}
