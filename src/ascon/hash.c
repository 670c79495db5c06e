/* Ascon-Hash256 and Ascon-CXOF128: a sponge, eight bytes at a time. */
#include "ascon/ascon.h"

#include <string.h>

#include "ascon/permutation.h"

/* Pads the block that has begun, and mixes it in. */
static void close_block(wax_ascon_hash *hash)
{
    hash->state[0] ^= ascon_lift(ASCON_PADDING, hash->pending);
    hash->pending = 0;
    ascon_permute(hash->state, ASCON_ROUNDS_LONG);
}

void wax_ascon_hash_update(wax_ascon_hash *hash, wax_bytes bytes)
{
    size_t size;

    for (size_t at = 0; at < bytes.size; at += size) {
        const size_t room = (size_t)ASCON_WORD_SIZE - hash->pending;

        size = bytes.size - at < room ? bytes.size - at : room;
        hash->state[0] ^= ascon_lift(ascon_load(bytes.data + at, size), hash->pending);
        hash->pending = (uint8_t)(hash->pending + size) % ASCON_WORD_SIZE;
        if (hash->pending == 0) {
            ascon_permute(hash->state, ASCON_ROUNDS_LONG);
        }
    }
}

/* A zero state takes what it starts from as first blocks. */
static void start(wax_ascon_hash *hash, wax_bytes front)
{
    memset(hash, 0, sizeof *hash);
    wax_ascon_hash_update(hash, front);
}

void wax_ascon_hash_start(wax_ascon_hash *hash)
{
    static const uint8_t iv[ASCON_WORD_SIZE] = {2, 0, 0xcc, 0, 1, 8}; /* [SP 800-232, 5.1] */

    start(hash, (wax_bytes){iv, sizeof iv});
}

void wax_ascon_cxof_start(wax_ascon_hash *hash, wax_bytes label)
{
    /* The lowest byte first; the size is in bits. [SP 800-232, 5.3] */
    const uint8_t front[2 * ASCON_WORD_SIZE] = {
        4, 0, 0xcc, 0, 0, 8, 0, 0, (uint8_t)(label.size << 3), (uint8_t)(label.size >> 5)};

    wax_assert(label.size <= WAX_ASCON_LABEL_SIZE_MAX);
    start(hash, (wax_bytes){front, sizeof front});
    wax_ascon_hash_update(hash, label);
    close_block(hash);
}

void wax_ascon_hash_finish(wax_ascon_hash *hash, uint8_t *result, size_t size)
{
    close_block(hash);
    for (size_t at = 0; at < size; at += ASCON_WORD_SIZE) {
        size_t left = size - at;

        ascon_store(result + at, hash->state[0], left < ASCON_WORD_SIZE ? left : ASCON_WORD_SIZE);
        if (left > ASCON_WORD_SIZE) {
            ascon_permute(hash->state, ASCON_ROUNDS_LONG);
        }
    }
    wax_wipe(hash, sizeof *hash);
}
