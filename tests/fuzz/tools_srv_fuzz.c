/* Any bytes as an answer of the DNS. */
#include "fuzz.h"
#include "tools/srv.h"

#include <string.h>

static uint32_t half(void)
{
    return UINT32_MAX / 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct srv records[SRV_MAX];
    size_t count = tools_srv_read(wax_bytes_of(data, size), records);

    fuzz_require(count <= SRV_MAX);
    tools_srv_order(records, count, half);
    for (size_t i = 0; i < count; i++) {
        fuzz_require(memchr(records[i].host, '\0', sizeof records[i].host) != NULL);
        fuzz_require(records[i].host[0] != '/' && records[i].port != 0);
        fuzz_require(i == 0 || records[i - 1].priority <= records[i].priority);
    }
    return 0;
}
