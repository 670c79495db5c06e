/* The engine of a broker without persistence. */
#include "store/store.h"

#include <stdlib.h>

static wax_status open_memory(wax_store **store, const char *place)
{
    (void)place;
    *store = malloc(sizeof **store);
    if (*store == NULL) {
        return WAX_FULL;
    }
    (*store)->kind = &wax_store_memory;
    return WAX_OK;
}

static uint64_t commit(wax_store *store)
{
    (void)store;
    return 0;
}

static uint64_t durable(const wax_store *store)
{
    (void)store;
    return 0;
}

static void close_memory(wax_store *store)
{
    free(store);
}

const wax_store_kind wax_store_memory = {"memory", open_memory, commit, durable, close_memory};
