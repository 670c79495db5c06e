/* Any bytes as a PSK file: read or refused with a line; whoever is in it has a key within bounds.
 */
#include "../access_memory.h"

#include "access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_memory memory = test_memory_open();
    size_t least = size > 0 && data[0] == '#' ? 1 : WAX_PSK_KEY_MIN;
    wax_access_fault fault;
    wax_psks psks;
    wax_status status =
        wax_psks_parse(&psks, &memory.memory, wax_bytes_of(data, size), least, &fault);
    wax_bytes identity = {data, 0};

    if (status == WAX_OK) {
        wax_bytes key;

        while (identity.size < size && data[identity.size] != ':') {
            identity.size++;
        }
        key = wax_psks_find(&psks, identity);
        wax_assert(key.size == 0 || (key.size >= least && key.size <= WAX_PSK_KEY_MAX));
        wax_assert(key.size == 0 || wax_psks_count(&psks) > 0);
    }
    wax_assert(status == WAX_OK || (fault.line > 0 && fault.line > fault.other_line));
    wax_psks_close(&psks);
    wax_assert(memory.in_use == 0);
    return 0;
}
