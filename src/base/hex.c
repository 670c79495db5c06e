#include "base/base.h"

static const char digits[] = "0123456789abcdef";

unsigned wax_hex_digit(uint8_t letter)
{
    const uint8_t small = letter | 0x20U;

    if (letter >= '0' && letter <= '9') {
        return letter - (unsigned)'0';
    }
    return small >= 'a' && small <= 'f' ? small - (unsigned)'a' + 10U : WAX_HEX_NONE;
}

void wax_hex_encode(wax_bytes bytes, char *room)
{
    for (size_t i = 0; i < bytes.size; i++) {
        *room++ = digits[bytes.data[i] >> 4U];
        *room++ = digits[bytes.data[i] & 15U];
    }
    *room = '\0';
}

bool wax_hex_decode(wax_bytes text, uint8_t *room)
{
    for (size_t i = 0; i < text.size; i++) {
        if (wax_hex_digit(text.data[i]) == WAX_HEX_NONE) {
            return false;
        }
    }
    for (size_t i = 0; i + 1 < text.size; i += 2) {
        room[i / 2] =
            (uint8_t)(wax_hex_digit(text.data[i]) << 4U | wax_hex_digit(text.data[i + 1]));
    }
    return text.size % 2 == 0;
}
