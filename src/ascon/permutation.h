/* The permutation that all of Ascon is made of, and how bytes stand in its words. There are two:
 * permutation.c, small, and as fast as it gets with registers of 64 bits; fast/permutation.c, for
 * those of 32. Where a bit of the specification stands in a word is their affair alone. */
#ifndef WAX_ASCON_PERMUTATION_H
#define WAX_ASCON_PERMUTATION_H

#include "base/base.h"

enum {
    ASCON_WORD_SIZE = 8,
    ASCON_ROUNDS_SHORT = 8,
    ASCON_ROUNDS_LONG = 12,
};

/* The last `rounds` of the twelve rounds. [SP 800-232, 3] */
void ascon_permute(uint64_t state[static 5], unsigned rounds);

/* The word whose lowest byte comes first; 0 to ASCON_WORD_SIZE bytes. [A.2] */
uint64_t ascon_load(const uint8_t *bytes, size_t size);

/* The lowest `size` bytes of a word. */
void ascon_store(uint8_t *bytes, uint64_t word, size_t size);

/* The word with its lowest byte at place `at`, less than ASCON_WORD_SIZE: what is above falls off.
 */
uint64_t ascon_lift(uint64_t word, size_t at);

/* What ends a block, at the first byte that is not used: its lowest bit. [A.2] */
#define ASCON_PADDING UINT64_C(1)

#endif
