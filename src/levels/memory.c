/* The heap of a client: what it takes itself and what the crypto library takes, counted together
 * and, as on a small device, limited. Hooks have no argument of their own to keep this in. */
#include "levels/inner.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static struct heap {
    uint64_t in_use;
    uint64_t peak;
    uint64_t limit; /* of what is above the floor; 0: none */
    uint64_t floor; /* what was in use when the client began */
    bool has_begun;
    bool has_refused;
} heap;

static bool may_grow(uint64_t size)
{
    bool fits = !heap.has_begun || heap.limit == 0 || heap.in_use + size <= heap.floor + heap.limit;

    heap.has_refused = heap.has_refused || !fits;
    return fits;
}

static void note(void *block)
{
    heap.in_use += block != NULL ? malloc_usable_size(block) : 0;
    heap.peak = heap.in_use > heap.peak ? heap.in_use : heap.peak;
}

static void *take(size_t size, const char *file, int line)
{
    void *block = may_grow(size) ? malloc(size) : NULL;

    (void)file;
    (void)line;
    note(block);
    return block;
}

static void give(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    heap.in_use -= block != NULL ? malloc_usable_size(block) : 0;
    free(block);
}

static void *resize(void *block, size_t size, const char *file, int line)
{
    size_t before = block != NULL ? malloc_usable_size(block) : 0;
    void *moved;

    if (size == 0) {
        give(block, file, line);
        return NULL;
    }
    moved = may_grow(size > before ? size - before : 0) ? realloc(block, size) : NULL;
    if (moved != NULL) {
        heap.in_use -= before;
        note(moved);
    }
    return moved;
}

wax_status wax_levels_count_memory(uint64_t limit)
{
    heap = (struct heap){.limit = limit};
    return CRYPTO_set_mem_functions(take, resize, give) == 1 ? WAX_OK : WAX_INVALID;
}

void levels_heap_begin(void)
{
    heap.floor = heap.in_use;
    heap.peak = heap.in_use;
    heap.has_refused = false;
    heap.has_begun = true;
}

void *levels_take(size_t size)
{
    void *block = take(size, "", 0);

    if (block != NULL) {
        memset(block, 0, size);
    }
    return block;
}

void levels_give(void *block)
{
    give(block, "", 0);
}

uint64_t levels_heap_floor(void)
{
    return heap.floor;
}

uint64_t levels_heap_peak(void)
{
    return heap.peak - heap.floor;
}

bool levels_heap_has_refused(void)
{
    return heap.has_refused;
}
