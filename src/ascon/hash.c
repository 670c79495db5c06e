/* Ascon-Hash256 and Ascon-CXOF128: a sponge, eight bytes at a time. */
#include "ascon/ascon.h"

#include "ascon/permutation.h"

#define HASH_IV UINT64_C(0x0000080100cc0002) /* [SP 800-232, 5.1] */
#define CXOF_IV UINT64_C(0x0000080000cc0004) /* [SP 800-232, 5.3] */

static void start(wax_ascon_hash *hash, uint64_t iv)
{
    *hash = (wax_ascon_hash){.state = {iv}};
    ascon_permute(hash->state, ASCON_ROUNDS_LONG);
}

/* Pads the block that has begun, and mixes it in. */
static void close_block(wax_ascon_hash *hash)
{
    hash->state[0] ^= ascon_padding(hash->pending);
    hash->pending = 0;
    ascon_permute(hash->state, ASCON_ROUNDS_LONG);
}

void wax_ascon_hash_start(wax_ascon_hash *hash)
{
    start(hash, HASH_IV);
}

void wax_ascon_cxof_start(wax_ascon_hash *hash, wax_bytes label)
{
    wax_assert(label.size <= WAX_ASCON_LABEL_SIZE_MAX);
    start(hash, CXOF_IV);
    hash->state[0] ^= (uint64_t)label.size * 8;
    ascon_permute(hash->state, ASCON_ROUNDS_LONG);
    wax_ascon_hash_update(hash, label);
    close_block(hash);
}

void wax_ascon_hash_update(wax_ascon_hash *hash, wax_bytes bytes)
{
    size_t size;

    for (size_t at = 0; at < bytes.size; at += size) {
        const size_t room = (size_t)ASCON_WORD_SIZE - hash->pending;

        size = bytes.size - at < room ? bytes.size - at : room;
        hash->state[0] ^= ascon_load(bytes.data + at, size) << 8 * hash->pending;
        hash->pending = (uint8_t)(hash->pending + size) % ASCON_WORD_SIZE;
        if (hash->pending == 0) {
            ascon_permute(hash->state, ASCON_ROUNDS_LONG);
        }
    }
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
