/* What the tests of the room wire share: rows of bytes, and short names for the versions. */
#ifndef WAX_TESTS_WIRE_CHECK_H
#define WAX_TESTS_WIRE_CHECK_H

#include "../check.h"

#include "wire/wire.h"

#define BYTES(literal) literal, sizeof(literal) - 1
#define VIEW(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define V31  WAX_VERSION_3_1
#define V311 WAX_VERSION_3_1_1
#define V5   WAX_VERSION_5

/* A body that a decoder judges. */
struct body_row {
    const char *name;
    wax_version version;
    const char *bytes;
    size_t size;
    wax_status status;
};

/* Says which row came to what. */
static inline void check_status(const char *name, wax_status status, wax_status wanted)
{
    if (status != wanted) {
        fail_msg("%s: 0x%02x (%s) instead of 0x%02x", name, (unsigned)status,
                 wax_status_text(status), (unsigned)wanted);
    }
}

/* Says where what was written differs. */
static inline void check_written(const char *name, const wax_writer *out, const char *bytes,
                                 size_t size)
{
    for (size_t i = 0; i < size && i < out->used; i++) {
        if (out->data[i] != (uint8_t)bytes[i]) {
            fail_msg("%s: byte %zu is 0x%02x instead of 0x%02x", name, i, out->data[i],
                     (uint8_t)bytes[i]);
        }
    }
    if (out->used != size) {
        fail_msg("%s: %zu bytes instead of %zu", name, out->used, size);
    }
}

static inline bool is_text(wax_bytes bytes, const char *text)
{
    return wax_bytes_equal(bytes, wax_bytes_of_text(text));
}

#endif
