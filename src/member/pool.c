/* Memory, given out front to back. */
#include "member/internal.h"

#include <string.h>

enum { ALIGNMENT = 16 };

void *member_take(struct pool *pool, size_t count, size_t size)
{
    size_t start = (pool->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t left = pool->size < start ? 0 : pool->size - start;

    if (size != 0 && count > left / size) {
        return NULL;
    }
    pool->used = start + count * size;
    if (pool->data == NULL) {
        return NULL; /* it is only counted */
    }
    memset(pool->data + start, 0, count * size);
    return pool->data + start;
}
