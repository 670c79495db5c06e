/* Any bytes as a PROXY header of either version. The first byte chooses. */
#include "fuzz.h"

#include "web/web.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_proxy_header header;
    wax_proxy_header again;
    wax_bytes bytes;
    unsigned version;

    if (size == 0) {
        return 0;
    }
    version = (data[0] & 1U) + 1;
    bytes = wax_bytes_of(data + 1, size - 1);
    if (wax_proxy_read(&header, bytes, version) == WAX_OK) {
        fuzz_require(header.size <= bytes.size && header.size <= WAX_PROXY_V2_MAX);
        fuzz_require(version == 2 || !header.has_tls);
        fuzz_require(header.has_tls || !header.has_certificate);
        fuzz_require(header.has_certificate || header.common_name.size == 0);
        fuzz_require(header.common_name.size <= 256);
        fuzz_require(wax_proxy_read(&again, wax_bytes_of(bytes.data, header.size - 1), version) ==
                     WAX_MORE);
    }
    return 0;
}
