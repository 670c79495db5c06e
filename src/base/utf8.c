/* Well-formed UTF-8, by the table of Unicode 15, 3.9, "Well-Formed UTF-8 Byte Sequences". */
#include "base/base.h"

#include <string.h>

/* The bytes of a character as one number, from the first of a range to the last. */
struct range {
    uint32_t first;
    uint32_t last;
};

/* clang-format off */
static const struct range ranges[] = {
    {0x01,       0x7f},       /* U+0000 is not allowed [MQTT-1.5.4-2] */
    {0xc280,     0xdfbf},     /* no overlong forms, here and below */
    {0xe0a080,   0xed9fbf},
    {0xee8080,   0xefbfbf},   /* no surrogates between [MQTT-1.5.4-1] */
    {0xf0908080, 0xf48fbfbf}, /* nothing above U+10FFFF */
    {UINT32_MAX, UINT32_MAX}, /* the end; four bytes that follow one another are never this */
};
/* clang-format on */

/* Whether these bytes are a whole character, given that those behind the first follow one. */
static bool is_character(uint32_t bytes)
{
    const struct range *range = ranges;

    while (bytes > range->last) {
        range++;
    }
    return bytes >= range->first;
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
    uint32_t begun = 0; /* the bytes of a character that is not whole yet */

    for (size_t at = ascii_size(text); at < text.size; at++) {
        uint8_t byte = text.data[at];
        bool follows = (byte & 0xc0U) == 0x80U;

        if (begun > 0xffffffU || (begun != 0 && !follows)) {
            return false;
        }
        begun = begun << 8 | byte;
        if (begun == 0) {
            return false; /* [MQTT-1.5.4-2] */
        }
        if (is_character(begun)) {
            begun = 0;
        }
    }
    return begun == 0;
}
