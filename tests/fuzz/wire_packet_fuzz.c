/* A stream of packets from a stranger. The first byte chooses version and size limit. */
#include "fuzz.h"

/* No packet is taken before its last byte is there. */
static void check_cuts(const uint8_t *data, size_t size, wax_version version)
{
    for (size_t cut = 0; cut < size && cut < 64; cut++) {
        wax_reader in = wax_reader_over(wax_bytes_of(data, cut));
        wax_packet packet;

        fuzz_require(wax_packet_read(&packet, &in, version, WAX_PACKET_SIZE_MAX) == WAX_MORE);
        fuzz_require(wax_reader_left(&in) == cut);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_version version;
    uint32_t size_max;
    wax_packet packet;
    wax_reader in;
    size_t left;

    if (size == 0) {
        return 0;
    }
    version = (data[0] & 0xc0U) == 0xc0U ? WAX_VERSION_NONE : fuzz_version(data[0]);
    size_max = (data[0] & 1U) != 0 ? 64 : WAX_PACKET_SIZE_MAX;
    in = wax_reader_over(wax_bytes_of(data + 1, size - 1));
    left = wax_reader_left(&in);
    while (wax_packet_read(&packet, &in, version, size_max) == WAX_OK) {
        struct any any = {.type = packet.type, .version = version};
        size_t taken = left - wax_reader_left(&in);

        fuzz_require(taken == packet.head_size + packet.body.size && taken <= size_max);
        check_cuts(in.at - taken, taken, version);
        if (any_read(&any, packet.flags, packet.body) == WAX_OK) {
            fuzz_round_trip(&any, packet.body.size);
        }
        left = wax_reader_left(&in);
    }
    fuzz_require(wax_reader_left(&in) == left);
    return 0;
}
