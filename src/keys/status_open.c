/* A status as the authority takes it. */
#include "keys/letter.h"
#include "keys/status.h"

wax_status wax_keys_status_open(wax_keys_status *status, uint64_t last_count,
                                const wax_keys_ends *ends, uint8_t *message, size_t size)
{
    wax_bytes plain = wax_bytes_of(message, size);
    struct letter_head head;
    wax_status result = letter_open(&status_kind, ends, &plain, &head);

    *status = (wax_keys_status){.count = 0};
    if (result == WAX_OK) {
        result = fields_read_all(plain, &status_shape, status);
    }
    if (result == WAX_OK && status->count != head.number) {
        result = WAX_MALFORMED;
    }
    if (result == WAX_OK && status->count < last_count) {
        result = WAX_PROTOCOL_ERROR;
    }
    if (result != WAX_OK) {
        *status = (wax_keys_status){.count = 0};
    }
    return result;
}
