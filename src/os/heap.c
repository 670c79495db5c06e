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
    char line[128] = ""; /* the sizes, in pages: all, resident, of these shared, and more */
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long resident = 0;
    unsigned long shared = 0;
    char *at = line;

    if (file != NULL && fgets(line, sizeof line, file) != NULL) {
        (void)strtoul(at, &at, 10);
        resident = strtoul(at, &at, 10);
        shared = strtoul(at, &at, 10);
    }
    if (file != NULL) {
        fclose(file);
    }
    return shared > resident ? 0 : (size_t)(resident - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

void wax_memory_return(void)
{
    malloc_trim(0);
}
