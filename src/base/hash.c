/* SipHash-1-3: a keyed hash for tables that strangers fill.
 * [Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012] */
#include "base/base.h"

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64U - bits);
}

static void mix(struct state *s)
{
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static void absorb(struct state *s, uint64_t word)
{
    s->d ^= word;
    mix(s);
    s->a ^= word;
}

/* Up to eight bytes as a word, the first of them lowest, whatever the machine's own order. */
static uint64_t word_of(const uint8_t *bytes, size_t size)
{
    uint64_t word = 0;

    for (size_t i = 0; i < size; i++) {
        word |= (uint64_t)bytes[i] << 8 * i;
    }
    return word;
}

uint64_t wax_hash(const uint64_t key[static 2], wax_bytes bytes)
{
    struct state s = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                      key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    size_t at = 0;

    for (; bytes.size - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        absorb(&s, word_of(bytes.data + at, sizeof(uint64_t)));
    }
    absorb(&s, word_of(bytes.data + at, bytes.size - at) | (uint64_t)bytes.size << 56);
    s.c ^= 0xffU;
    mix(&s);
    mix(&s);
    mix(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
