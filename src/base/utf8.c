/* Well-formed UTF-8. [RFC 3629, 3 and 4] */
#include "base/base.h"

#include <string.h>

/* By how many bytes follow the first: what stands in the first before the character's own bits, and
 * the last character of a shorter form, for there are no longer forms than needed. */
struct form {
    uint8_t prefix;
    uint16_t before;
};

/* clang-format off */
static const struct form forms[] = {
    {0x00, 0x0000}, /* U+0000 is not allowed [MQTT-1.5.4-2] */
    {0xc0, 0x007f},
    {0xe0, 0x07ff},
    {0xf0, 0xffff},
};
/* clang-format on */

/* The size of the character that starts at `at`, 0 if none does. */
static size_t character_size(const uint8_t *at, size_t left)
{
    size_t following = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
    /* A byte that may only follow is less than the prefix, and gives what is above all characters.
     */
    uint32_t character = (uint32_t)at[0] - forms[following].prefix;

    if (left <= following) {
        return 0;
    }
    for (size_t i = 1; i <= following; i++) {
        if ((at[i] & 0xc0U) != 0x80U) {
            return 0;
        }
        character = character << 6 | (at[i] & 0x3fU);
    }
    if (character <= forms[following].before || character > 0x10ffff ||
        character >> 11 == 0xd800 >> 11) { /* no surrogates [MQTT-1.5.4-1] */
        return 0;
    }
    return following + 1;
}

/* How many bytes at the start are plain ASCII without zeros, eight at a time; small processors have
 * no words of eight bytes, and go the one way. */
static size_t ascii_size(wax_bytes text)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    size_t at = 0;
    uint64_t eight;

    while (sizeof(size_t) == sizeof eight && text.size - at >= sizeof eight) {
        memcpy(&eight, text.data + at, sizeof eight);
        if (((eight | (eight - ones)) & highs) != 0) {
            break;
        }
        at += sizeof eight;
    }
    return at;
}

bool wax_utf8_is_valid(wax_bytes text)
{
    size_t at = ascii_size(text);

    while (at < text.size) {
        size_t size = character_size(text.data + at, text.size - at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}
