/* Messages as they are. */
#include "level.h"

static wax_status open(void)
{
    return WAX_OK;
}

static wax_status pack(wax_bytes topic, uint8_t *message, size_t size, wax_bytes *payload)
{
    (void)topic;
    *payload = wax_bytes_of(message, size);
    return WAX_OK;
}

const struct level_cover level_cover = {open, pack};
