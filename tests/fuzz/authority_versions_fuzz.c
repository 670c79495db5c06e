/* Two versions of any bytes, apart by a line: one that is older than another is not newer, and none
 * is older than itself, unless it has no number. */
#include "fuzz.h"

#include "authority/versions.h"

#include <string.h>

static bool has_number(wax_bytes version)
{
    for (size_t i = 0; i < version.size; i++) {
        if (version.data[i] >= '0' && version.data[i] <= '9') {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    const size_t first = end == NULL ? size : (size_t)(end - data);
    const wax_bytes one = wax_bytes_of(data, first);
    const wax_bytes other =
        end == NULL ? wax_bytes_of(data, 0) : wax_bytes_of(end + 1, size - first - 1);

    if (has_number(one) && has_number(other)) {
        fuzz_require(!version_is_older(one, one));
        fuzz_require(!version_is_older(one, other) || !version_is_older(other, one));
    }
    (void)version_is_older(one, other);
    return 0;
}
