/* Padding: what hides the size of a text, at the sender's choice. [5] */
#include "seal/padding.h"

static size_t up_to_multiple(size_t size, size_t multiple)
{
    return (size + multiple - 1) / multiple * multiple;
}

static unsigned bits_below(size_t number)
{
    unsigned bits = 0;

    while (number > 1) {
        number >>= 1;
        bits++;
    }
    return bits;
}

/* Sizes keep as many leading bits as their exponent has. [Nikitin et al., Reducing Metadata Leakage
 * from Encrypted Files and Communication with PURBs, 4] */
static size_t up_to_padme(size_t size)
{
    const unsigned exponent = bits_below(size);
    const unsigned kept = bits_below(exponent) + 1;
    const size_t mask = exponent < kept ? 0 : ((size_t)1 << (exponent - kept)) - 1;

    return (size + mask) & ~mask;
}

static size_t up_to_bucket(const wax_padding *padding, size_t size)
{
    for (size_t i = 0; i < padding->count; i++) {
        if (size <= padding->sizes[i]) {
            return padding->sizes[i];
        }
    }
    return size;
}

size_t padding_size(const wax_padding *padding, size_t size)
{
    /* What tells the padding from the text takes a byte in any case. */
    switch (padding == NULL ? WAX_PAD_NONE : padding->kind) {
    case WAX_PAD_MULTIPLE:
        return up_to_multiple(size + 1, padding->sizes[0]) - size;
    case WAX_PAD_PADME:
        return up_to_padme(size + 1) - size;
    case WAX_PAD_BUCKETS:
        return up_to_bucket(padding, size + 1) - size;
    case WAX_PAD_NONE:
    default:
        return 0;
    }
}
