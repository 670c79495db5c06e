/* SipHash-1-3: a keyed hash for tables that strangers fill.
 * [Aumasson, Bernstein: SipHash: a fast short-input PRF, 2012] */
#include "base/base.h"

#include <string.h>

/* A word as its bytes stand in memory, the first of them lowest. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOWEST_FIRST(word) __builtin_bswap64(word)
#else
#define LOWEST_FIRST(word) (word)
#endif

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

uint64_t wax_hash(const uint64_t key[static 2], wax_bytes bytes)
{
    struct state s = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU,
                      key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};
    size_t at = 0;
    uint64_t last = 0;

    for (; bytes.size - at >= sizeof last; at += sizeof last) {
        uint64_t word;
        memcpy(&word, bytes.data + at, sizeof word);
        absorb(&s, LOWEST_FIRST(word));
    }
    if (at < bytes.size) {
        memcpy(&last, bytes.data + at, bytes.size - at);
    }
    absorb(&s, LOWEST_FIRST(last) | (uint64_t)bytes.size << 56);
    s.c ^= 0xffU;
    mix(&s);
    mix(&s);
    mix(&s);
    return s.a ^ s.b ^ s.c ^ s.d;
}
