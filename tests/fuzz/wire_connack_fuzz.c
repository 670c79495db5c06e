/* CONNACK from a stranger. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_packet_type types[] = {WAX_CONNACK};

    return fuzz_body(data, size, types, WAX_COUNT(types));
}
