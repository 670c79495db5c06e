/* What the tests of the router share: a key, memory that counts and fails, text to bytes. */
#ifndef WAX_TESTS_ROUTER_CHECK_H
#define WAX_TESTS_ROUTER_CHECK_H

#include "../check.h"

#include <stdlib.h>

#include "router/router.h"

static const uint64_t check_key[2] = {0x0123456789abcdefU, 0xfedcba9876543210U};

struct counted_memory {
    wax_memory memory;
    size_t used;
    size_t most;
    size_t count; /* of the requests for more memory */
    size_t fails; /* the request that fails, from 1; 0: none */
};

static void *counted_resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    struct counted_memory *counted = (struct counted_memory *)(void *)self;
    void *given = NULL;

    if (new_size == 0) {
        free(old);
        counted->used -= old_size;
        return NULL;
    }
    if (++counted->count == counted->fails) {
        return NULL;
    }
    /* Always another place, so that who keeps the old one is found out. */
    given = malloc(new_size);
    if (given != NULL && old != NULL) {
        memcpy(given, old, old_size < new_size ? old_size : new_size);
        free(old);
    }
    counted->used = counted->used - old_size + new_size;
    counted->most = counted->used > counted->most ? counted->used : counted->most;
    return given;
}

static inline struct counted_memory counted_memory_of(size_t fails)
{
    return (struct counted_memory){.memory = {counted_resize}, .fails = fails};
}

static inline wax_interest interest_of(const char *filter, const char *share_name)
{
    return (wax_interest){
        .filter = wax_bytes_of_text(filter),
        .share_name = wax_bytes_of_text(share_name),
    };
}

#endif
