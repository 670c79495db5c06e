/* Any line as a request to the control socket: it is taken apart within itself, or refused. */
#include "broker/control.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t line[65536];
    struct request request;

    if (size > sizeof line) {
        return 0;
    }
    if (size > 0) {
        memcpy(line, data, size);
    }
    if (request_read(&request, line, size) != WAX_OK) {
        return 0;
    }
    wax_assert(request.command.size > 0 && request.count <= REQUEST_PARAMETER_MAX);
    for (size_t i = 0; i < request.count; i++) {
        wax_bytes value = request.parameters[i].value;
        wax_assert(value.data >= line && value.data + value.size <= line + size);
    }
    (void)request_number(&request, "body", 0);
    wax_assert(request_value(&request, "no such").data == NULL);
    return 0;
}
