/* The permutation that all of Ascon is made of, and how bytes stand in its words. */
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

/* The number whose lowest byte comes first; 0 to ASCON_WORD_SIZE bytes. [A.2] */
uint64_t ascon_load(const uint8_t *bytes, size_t size);

/* The lowest `size` bytes of a word. */
void ascon_store(uint8_t *bytes, uint64_t word, size_t size);

/* What ends a block of which `size` bytes, less than ASCON_WORD_SIZE, are used. [A.2] */
uint64_t ascon_padding(size_t size);

#endif
