/* What a subscriber of wax bench reads of a PUBLISH: any body, any version, QoS and size of
 * payload. */
#include "bench/inner.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t payload[256];
    wax_bench_plan plan = {.payload_size = WAX_BENCH_PAYLOAD_MIN};
    struct crowd crowd = {.plan = &plan, .payload = payload};
    wax_packet packet = {.type = WAX_PUBLISH};
    struct stamp stamp;
    uint16_t id = 0;

    if (size < 3) {
        return 0;
    }
    memset(payload, 'x', sizeof payload);
    plan.version = (data[0] & 1U) != 0 ? WAX_VERSION_5 : WAX_VERSION_3_1_1;
    plan.qos = (data[0] >> 1U) % 3;
    plan.payload_size += data[1] % (sizeof payload - WAX_BENCH_PAYLOAD_MIN);
    packet.flags = data[2] & 0x0fU;
    packet.body = wax_bytes_of(data + 3, size - 3);
    packet.body_size = (uint32_t)packet.body.size;
    if (stamp_read(&crowd, &packet, &stamp, &id)) {
        wax_assert(packet.body.size >= plan.payload_size + 2);
        wax_assert(plan.qos == 0 || packet.body.size >= plan.payload_size + 4);
    }
    return 0;
}
