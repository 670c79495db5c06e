/* Ascon-p for processors of 32 bits, in place of ascon/permutation.c: in a word of the state the
 * even bits stand in the lower half and the odd ones in the upper, so that to turn the word is to
 * turn two registers. Every round is written out. No tables, and no branches but on the count of
 * rounds. */
#include "ascon/permutation.h"

/* Each of a round's additions is one instruction with a turn in it, unless GCC sorts them anew. */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("O2", "no-tree-reassoc")
#endif

#define INLINED static inline __attribute__((always_inline))

struct halves {
    uint32_t even[5];
    uint32_t odd[5];
};

INLINED uint32_t turn(uint32_t half, unsigned right)
{
    return half >> right | half << (32U - right);
}

/* The non-linear layer of one half: each of 32 columns of five bits through the same box.
 * [SP 800-232, 3.3] */
INLINED void substitute(uint32_t s[static 5])
{
    uint32_t third;
    uint32_t fourth;

    s[0] ^= s[4];
    s[4] ^= s[3];
    s[2] ^= s[1];
    third = ~s[4] & s[0];
    fourth = ~s[0] & s[1];
    s[0] ^= ~s[1] & s[2];
    s[1] ^= ~s[2] & s[3];
    s[2] ^= ~s[3] & s[4];
    s[3] ^= third;
    s[4] ^= fourth;
    s[1] ^= s[0];
    s[0] ^= s[4];
    s[3] ^= s[2];
    s[2] = ~s[2];
}

/* The linear layer: to turn by an odd number makes one half of the other. [SP 800-232, 3.4] */
INLINED void diffuse(struct halves *s)
{
    const struct halves was = *s;

    s->even[0] = was.even[0] ^ turn(was.odd[0], 9) ^ turn(was.even[0], 14);
    s->odd[0] = was.odd[0] ^ turn(was.even[0], 10) ^ turn(was.odd[0], 14);
    s->even[1] = was.even[1] ^ turn(was.odd[1], 30) ^ turn(was.odd[1], 19);
    s->odd[1] = was.odd[1] ^ turn(was.even[1], 31) ^ turn(was.even[1], 20);
    s->even[2] = was.even[2] ^ was.odd[2] ^ turn(was.even[2], 3);
    s->odd[2] = was.odd[2] ^ turn(was.even[2], 1) ^ turn(was.odd[2], 3);
    s->even[3] = was.even[3] ^ turn(was.even[3], 5) ^ turn(was.odd[3], 8);
    s->odd[3] = was.odd[3] ^ turn(was.odd[3], 5) ^ turn(was.even[3], 9);
    s->even[4] = was.even[4] ^ turn(was.odd[4], 3) ^ turn(was.odd[4], 20);
    s->odd[4] = was.odd[4] ^ turn(was.even[4], 4) ^ turn(was.even[4], 21);
}

/* One round; its constant, taken apart. [SP 800-232, 3.2] */
INLINED void pass(struct halves *s, uint32_t even, uint32_t odd)
{
    s->even[2] ^= even;
    s->odd[2] ^= odd;
    substitute(s->even);
    substitute(s->odd);
    diffuse(s);
}

INLINED struct halves halves_of(const uint64_t w[static 5])
{
    return (struct halves){
        {(uint32_t)w[0],         (uint32_t)w[1],         (uint32_t)w[2],         (uint32_t)w[3], (uint32_t)w[4]        },
        {(uint32_t)(w[0] >> 32), (uint32_t)(w[1] >> 32), (uint32_t)(w[2] >> 32),
         (uint32_t)(w[3] >> 32),                                                                 (uint32_t)(w[4] >> 32)},
    };
}

INLINED uint64_t word_of(uint32_t even, uint32_t odd)
{
    return (uint64_t)odd << 32 | even;
}

void ascon_permute(uint64_t state[static 5], unsigned rounds)
{
    struct halves s = halves_of(state);

    if (rounds == ASCON_ROUNDS_LONG) {
        pass(&s, 0xc, 0xc);
        pass(&s, 0x9, 0xc);
        pass(&s, 0xc, 0x9);
        pass(&s, 0x9, 0x9);
    }
    pass(&s, 0x6, 0xc);
    pass(&s, 0x3, 0xc);
    pass(&s, 0x6, 0x9);
    pass(&s, 0x3, 0x9);
    pass(&s, 0xc, 0x6);
    pass(&s, 0x9, 0x6);
    pass(&s, 0xc, 0x3);
    pass(&s, 0x9, 0x3);
    state[0] = word_of(s.even[0], s.odd[0]);
    state[1] = word_of(s.even[1], s.odd[1]);
    state[2] = word_of(s.even[2], s.odd[2]);
    state[3] = word_of(s.even[3], s.odd[3]);
    state[4] = word_of(s.even[4], s.odd[4]);
}

/* Changes the places of two rows of bits that are `apart`; `lower` names those of the lower row. */
INLINED uint32_t swap(uint32_t bits, uint32_t lower, unsigned apart)
{
    const uint32_t differ = (bits ^ bits >> apart) & lower;

    return bits ^ differ ^ differ << apart;
}

/* Even bits to the lower half, odd ones to the upper. */
INLINED uint32_t part(uint32_t bits)
{
    bits = swap(bits, 0x22222222U, 1);
    bits = swap(bits, 0x0c0c0c0cU, 2);
    bits = swap(bits, 0x00f000f0U, 4);
    return swap(bits, 0x0000ff00U, 8);
}

INLINED uint32_t join(uint32_t bits)
{
    bits = swap(bits, 0x0000ff00U, 8);
    bits = swap(bits, 0x00f000f0U, 4);
    bits = swap(bits, 0x0c0c0c0cU, 2);
    return swap(bits, 0x22222222U, 1);
}

/* Compilers make one instruction of it where the processor has one. */
INLINED uint32_t load(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

INLINED void store(uint8_t *bytes, uint32_t half)
{
    bytes[0] = (uint8_t)half;
    bytes[1] = (uint8_t)(half >> 8);
    bytes[2] = (uint8_t)(half >> 16);
    bytes[3] = (uint8_t)(half >> 24);
}

/* Whole words are what there is most of; the rest goes by way of one. */
uint64_t ascon_load(const uint8_t *bytes, size_t size)
{
    uint8_t word[ASCON_WORD_SIZE] = {0};
    uint32_t low;
    uint32_t high;

    if (size < ASCON_WORD_SIZE) {
        for (size_t i = 0; i < size; i++) {
            word[i] = bytes[i];
        }
        bytes = word;
    }
    low = part(load(bytes));
    high = part(load(bytes + 4));
    return word_of((low & 0xffffU) | high << 16, low >> 16 | (high & 0xffff0000U));
}

void ascon_store(uint8_t *bytes, uint64_t word, size_t size)
{
    const uint32_t even = (uint32_t)word;
    const uint32_t odd = (uint32_t)(word >> 32);
    uint8_t whole[ASCON_WORD_SIZE] = {0};
    uint8_t *place = size < ASCON_WORD_SIZE ? whole : bytes;

    store(place, join((even & 0xffffU) | odd << 16));
    store(place + 4, join(even >> 16 | (odd & 0xffff0000U)));
    for (size_t i = 0; place == whole && i < size; i++) {
        bytes[i] = whole[i];
    }
}

/* A byte is four bits of each half. */
uint64_t ascon_lift(uint64_t word, size_t at)
{
    return word_of((uint32_t)word << 4 * at, (uint32_t)(word >> 32) << 4 * at);
}
