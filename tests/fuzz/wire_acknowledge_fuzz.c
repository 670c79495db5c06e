/* PUBACK, PUBREC, PUBREL and PUBCOMP from a stranger. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const wax_packet_type types[] = {WAX_PUBACK, WAX_PUBREC, WAX_PUBREL, WAX_PUBCOMP};

    return fuzz_body(data, size, types, WAX_COUNT(types));
}
