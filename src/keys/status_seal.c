/* A status as its device writes it. */
#include "keys/letter.h"
#include "keys/status.h"

wax_status wax_keys_status_seal(wax_writer *out, const wax_keys_ends *ends,
                                const wax_keys_status *status)
{
    const struct letter letter = {
        .kind = &status_kind,
        .ends = ends,
        .head = {.number = status->count},
        .shape = &status_shape,
        .object = status,
    };
    wax_keys_status scratch = {.count = 0};

    return letter_seal(out, &letter, &scratch);
}
