/* Ascon-AEAD128: authenticated encryption, sixteen bytes at a time. */
#include "ascon/ascon.h"

#include <string.h>

#include "ascon/permutation.h"

/* The lowest byte first. [SP 800-232, 4.1.1] */
static const uint8_t iv[ASCON_WORD_SIZE] = {1, 0, 0x8c, 0x80, 0, 0x10};

/* The highest bit of a word is the highest in each form of the permutation. */
#define DOMAIN_BIT UINT64_C(0x8000000000000000)

enum { RATE = 2 * ASCON_WORD_SIZE };

/* Which way bytes pass the state. */
enum way { ABSORB, SEAL, UNSEAL };

struct passage {
    uint64_t state[5];
    uint64_t key[2];
};

static void begin(struct passage *self, const wax_ascon_sealing *sealing)
{
    self->key[0] = ascon_load(sealing->key, ASCON_WORD_SIZE);
    self->key[1] = ascon_load(sealing->key + ASCON_WORD_SIZE, ASCON_WORD_SIZE);
    self->state[0] = ascon_load(iv, ASCON_WORD_SIZE);
    self->state[1] = self->key[0];
    self->state[2] = self->key[1];
    self->state[3] = ascon_load(sealing->nonce, ASCON_WORD_SIZE);
    self->state[4] = ascon_load(sealing->nonce + ASCON_WORD_SIZE, ASCON_WORD_SIZE);
    ascon_permute(self->state, ASCON_ROUNDS_LONG);
    self->state[3] ^= self->key[0];
    self->state[4] ^= self->key[1];
}

/* Takes up to a word of bytes into a word of the state, and gives what comes of them to `out`. */
static void pass_word(uint64_t *word, wax_bytes in, uint8_t *out, enum way way)
{
    uint64_t given = ascon_load(in.data, in.size);

    if (way != ABSORB) {
        ascon_store(out, *word ^ given, in.size);
    }
    *word ^= way == UNSEAL ? ascon_load(out, in.size) : given;
}

/* All of `in`: whole blocks, each with a permutation behind it, then the rest with its padding. */
static void pass(struct passage *self, wax_bytes in, uint8_t *out, enum way way)
{
    size_t filled = 0;

    for (size_t at = 0; at < in.size; at += ASCON_WORD_SIZE) {
        size_t left = in.size - at;
        size_t size = left < ASCON_WORD_SIZE ? left : ASCON_WORD_SIZE;
        uint8_t *place = way == ABSORB ? NULL : out + at;

        pass_word(&self->state[filled / ASCON_WORD_SIZE], (wax_bytes){in.data + at, size}, place,
                  way);
        filled += size;
        if (filled == RATE) {
            ascon_permute(self->state, ASCON_ROUNDS_SHORT);
            filled = 0;
        }
    }
    self->state[filled / ASCON_WORD_SIZE] ^= ascon_lift(ASCON_PADDING, filled % ASCON_WORD_SIZE);
}

static void absorb(struct passage *self, wax_bytes associated)
{
    if (associated.size > 0) {
        pass(self, associated, NULL, ABSORB);
        ascon_permute(self->state, ASCON_ROUNDS_SHORT);
    }
    self->state[4] ^= DOMAIN_BIT;
}

static void end(struct passage *self, uint8_t tag[static WAX_ASCON_TAG_SIZE])
{
    self->state[2] ^= self->key[0];
    self->state[3] ^= self->key[1];
    ascon_permute(self->state, ASCON_ROUNDS_LONG);
    ascon_store(tag, self->state[3] ^ self->key[0], ASCON_WORD_SIZE);
    ascon_store(tag + ASCON_WORD_SIZE, self->state[4] ^ self->key[1], ASCON_WORD_SIZE);
    wax_wipe(self, sizeof *self);
}

/* All of it, either way; the tag is whole. */
static void run(const wax_ascon_sealing *sealing, wax_bytes in, uint8_t *out, enum way way,
                uint8_t tag[static WAX_ASCON_TAG_SIZE])
{
    struct passage self;

    begin(&self, sealing);
    absorb(&self, sealing->associated);
    pass(&self, in, out, way);
    end(&self, tag);
}

static size_t tag_size_of(const wax_ascon_sealing *sealing)
{
    return sealing->tag_size == 0 ? WAX_ASCON_TAG_SIZE : sealing->tag_size;
}

void wax_ascon_seal(const wax_ascon_sealing *sealing, wax_bytes plain, uint8_t *sealed)
{
    uint8_t tag[WAX_ASCON_TAG_SIZE];

    run(sealing, plain, sealed, SEAL, tag);
    memcpy(sealed + plain.size, tag, tag_size_of(sealing));
}

wax_status wax_ascon_unseal(const wax_ascon_sealing *sealing, wax_bytes sealed, uint8_t *plain)
{
    uint8_t tag[WAX_ASCON_TAG_SIZE];
    const size_t tag_size = tag_size_of(sealing);
    unsigned is_right;
    size_t size;

    if (sealed.size < tag_size) {
        return WAX_UNTRUSTED;
    }
    size = sealed.size - tag_size;
    run(sealing, (wax_bytes){sealed.data, size}, plain, UNSEAL, tag);
    is_right = wax_secret_equals(tag, sealed.data + size, tag_size);
    /* Not even the outcome makes a branch here: whoever asked makes it. */
    for (size_t i = 0; i < size; i++) {
        plain[i] &= (uint8_t)(0U - is_right);
    }
    wax_wipe(tag, sizeof tag);
    return (wax_status)((is_right ^ 1U) * (unsigned)WAX_UNTRUSTED);
}
