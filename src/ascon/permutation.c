/* Ascon-p, in words of 64 bits as they are: no tables, and no branches but on the count of rounds.
 */
#include "ascon/permutation.h"

#include <string.h>

static uint64_t turn(uint64_t word, unsigned right)
{
    return word >> right | word << (64U - right);
}

/* The non-linear layer: each of 64 columns of five bits through the same box. [SP 800-232, 3.3] */
static void substitute(uint64_t s[static 5])
{
    uint64_t first;
    uint64_t second;

    s[0] ^= s[4];
    s[4] ^= s[3];
    s[2] ^= s[1];
    first = s[0];
    second = s[1];
    s[0] ^= ~s[1] & s[2];
    s[1] ^= ~s[2] & s[3];
    s[2] ^= ~s[3] & s[4];
    s[3] ^= ~s[4] & first;
    s[4] ^= ~first & second;
    s[1] ^= s[0];
    s[0] ^= s[4];
    s[3] ^= s[2];
    s[2] = ~s[2];
}

/* The linear layer. [SP 800-232, 3.4] */
static void diffuse(uint64_t s[static 5])
{
    s[0] ^= turn(s[0], 19) ^ turn(s[0], 28);
    s[1] ^= turn(s[1], 61) ^ turn(s[1], 39);
    s[2] ^= turn(s[2], 1) ^ turn(s[2], 6);
    s[3] ^= turn(s[3], 10) ^ turn(s[3], 17);
    s[4] ^= turn(s[4], 7) ^ turn(s[4], 41);
}

void ascon_permute(uint64_t state[static 5], unsigned rounds)
{
    /* The constants go down from 0xf0 to 0x4b by 0x0f. [SP 800-232, 3.2] */
    for (unsigned constant = 0x3cU + rounds * 0x0fU; constant != 0x3cU; constant -= 0x0fU) {
        state[2] ^= constant;
        substitute(state);
        diffuse(state);
    }
}

/* Whole words are what there is most of. Where the lowest byte of a number comes first, as nearly
 * everywhere, one is just copied; but not where each byte of code counts. */
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&                         \
    !defined __OPTIMIZE_SIZE__
#define IS_WORD(size) ((size) == ASCON_WORD_SIZE)
#else
#define IS_WORD(size) false
#endif

uint64_t ascon_load(const uint8_t *bytes, size_t size)
{
    uint64_t word = 0;

    if (IS_WORD(size)) {
        memcpy(&word, bytes, sizeof word);
        return word;
    }
    while (size > 0) {
        size--;
        word = word << 8 | bytes[size];
    }
    return word;
}

void ascon_store(uint8_t *bytes, uint64_t word, size_t size)
{
    if (IS_WORD(size)) {
        memcpy(bytes, &word, sizeof word);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)word;
        word >>= 8;
    }
}

uint64_t ascon_lift(uint64_t word, size_t at)
{
    return word << 8 * at;
}
