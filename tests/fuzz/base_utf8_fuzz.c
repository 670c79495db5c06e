/* UTF-8 from a stranger, against a decoder that goes another way: by the value of the character.
 * [RFC 3629, 3] */
#include "fuzz.h"

/* Decodes the character at `at`, which `left` >= 1 bytes follow. Returns its size, 0 if bad. */
static size_t decode(const uint8_t *at, size_t left, uint32_t *character)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    size_t size = at[0] < 0x80   ? 1
                  : at[0] < 0xc0 ? 0
                  : at[0] < 0xe0 ? 2
                  : at[0] < 0xf0 ? 3
                  : at[0] < 0xf8 ? 4
                                 : 0;

    if (size == 0 || size > left) {
        return 0;
    }
    *character = size == 1 ? at[0] : at[0] & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if (at[i] >> 6 != 2) {
            return 0;
        }
        *character = *character << 6 | (at[i] & 0x3fU);
    }
    return *character < least[size] ? 0 : size;
}

static bool is_valid(const uint8_t *data, size_t size)
{
    uint32_t character = 0;

    for (size_t at = 0; at < size;) {
        size_t taken = decode(data + at, size - at, &character);
        bool is_surrogate = character >= 0xd800 && character <= 0xdfff;

        if (taken == 0 || is_surrogate || character > 0x10ffff) {
            return false;
        }
        at += taken;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_require(wax_utf8_is_valid(wax_bytes_of(data, size)) == is_valid(data, size));
    return 0;
}
