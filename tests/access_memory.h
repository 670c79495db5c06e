/* Memory for the tests of tables: counts what is out, and fails when it is told to. */
#ifndef WAX_TESTS_ACCESS_MEMORY_H
#define WAX_TESTS_ACCESS_MEMORY_H

#include <stdlib.h>

#include "base/base.h"

struct test_memory {
    wax_memory memory;
    size_t in_use; /* bytes */
    size_t requests;
    size_t fails_at; /* the number of the request that fails; 0: none does */
};

static inline void *test_memory_resize(wax_memory *self, void *old, size_t old_size,
                                       size_t new_size)
{
    struct test_memory *memory = (struct test_memory *)(void *)self;
    void *new = NULL;

    if (new_size > 0) {
        memory->requests++;
        new = memory->requests == memory->fails_at ? NULL : realloc(old, new_size);
        if (new == NULL) {
            return NULL;
        }
    } else {
        free(old);
    }
    memory->in_use = memory->in_use - old_size + new_size;
    return new;
}

static inline struct test_memory test_memory_open(void)
{
    return (struct test_memory){.memory = {test_memory_resize}};
}

#endif
