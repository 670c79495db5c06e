/* Texts that may be shown to people. */
#include "authority/plain.h"

bool plain_is(wax_bytes text, size_t most)
{
    bool holds = text.size > 0 && text.size <= most && wax_utf8_is_valid(text);

    for (size_t i = 0; holds && i < text.size; i++) {
        const uint8_t one = text.data[i];

        holds = one >= 0x20 && one != 0x7f &&
                !(one == 0xc2 && text.data[i + 1] < 0xa0); /* what is valid has a second byte */
    }
    return holds;
}
