/* Well-formed UTF-8, by the table of Unicode 15, 3.9, "Well-Formed UTF-8 Byte Sequences". */
#include "base/base.h"

#include <string.h>

/* For each range of first bytes: how many bytes follow, and what the second may be. */
struct form {
    uint8_t first_min, first_max;
    uint8_t following;
    uint8_t second_min, second_max;
};

/* clang-format off */
static const struct form forms[] = {
    {0x01, 0x7f, 0, 0x00, 0x00}, /* U+0000 is not allowed [MQTT-1.5.4-2] */
    {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf}, /* no overlong forms */
    {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f}, /* no surrogates [MQTT-1.5.4-1] */
    {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf},
    {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f}, /* nothing above U+10FFFF */
};
/* clang-format on */

/* The size of the character that starts at `at`, 0 if none does. */
static size_t character_size(const uint8_t *at, size_t left)
{
    const struct form *form = forms;
    const struct form *end = forms + WAX_COUNT(forms);

    while (form < end && (at[0] < form->first_min || at[0] > form->first_max)) {
        form++;
    }
    if (form == end || left <= form->following) {
        return 0;
    }
    if (form->following > 0 && (at[1] < form->second_min || at[1] > form->second_max)) {
        return 0;
    }
    for (size_t i = 2; i <= form->following; i++) {
        if ((at[i] & 0xc0U) != 0x80U) {
            return 0;
        }
    }
    return (size_t)form->following + 1;
}

enum { WORD = 8 };

/* Whether these eight bytes are plain ASCII without zeros. */
static bool is_ascii(const uint8_t *at)
{
    const uint64_t ones = 0x0101010101010101U;
    const uint64_t highs = 0x8080808080808080U;
    uint64_t eight;

    memcpy(&eight, at, sizeof eight);
    return ((eight | (eight - ones)) & highs) == 0;
}

/* How many bytes at the start are plain ASCII without zeros, as far as eight at a time tell; small
 * processors have no words of eight bytes, and go the one way. */
static size_t ascii_size(wax_bytes text)
{
    size_t at = 0;

    while (sizeof(size_t) == WORD && text.size - at >= WORD && is_ascii(text.data + at)) {
        at += WORD;
    }
    /* The last eight overlap those before them. */
    return at > 0 && text.size - at < WORD && is_ascii(text.data + text.size - WORD) ? text.size
                                                                                     : at;
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
