/* Any bytes as a password file: read or refused with a line; whoever is in it is found. */
#include "../access_memory.h"

#include "access/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test_memory memory = test_memory_open();
    wax_credentials credentials;
    wax_access_fault fault;
    wax_status status =
        wax_credentials_parse(&credentials, &memory.memory, wax_bytes_of(data, size), &fault);
    wax_bytes name = {data, 0};

    if (status == WAX_OK && wax_credentials_count(&credentials) > 0) {
        wax_login login;

        while (name.size < size && data[name.size] != ':') {
            name.size++;
        }
        login = wax_credentials_find(&credentials, name);
        /* Whoever it is, there is a hash to spend time on. */
        wax_assert(login.stored.size > 0 && login.stored.size <= WAX_PASSWORD_STORED_MAX);
    }
    wax_assert(status == WAX_OK || (fault.line > 0 && fault.line > fault.other_line));
    wax_credentials_close(&credentials);
    wax_assert(memory.in_use == 0);
    return 0;
}
