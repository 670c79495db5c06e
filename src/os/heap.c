/* The heap as the pure rooms see it, and what the process takes. */
#include "os/os.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *resize(wax_memory *self, void *old, size_t old_size, size_t new_size)
{
    (void)self;
    (void)old_size;
    if (new_size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, new_size);
}

static wax_memory heap = {resize};

wax_memory *wax_heap(void)
{
    return &heap;
}

size_t wax_memory_taken(void)
{
    unsigned long resident = 0;
    unsigned long shared = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL) {
        return 0;
    }
    if (fscanf(file, "%*s %lu %lu", &resident, &shared) != 2 || shared > resident) {
        resident = shared = 0;
    }
    fclose(file);
    return (size_t)(resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

void wax_memory_return(void)
{
    malloc_trim(0);
}
