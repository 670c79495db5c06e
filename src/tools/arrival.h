/* A message that came. */
#ifndef WAX_TOOLS_ARRIVAL_H
#define WAX_TOOLS_ARRIVAL_H

#include "wire/wire.h"

#include <time.h>

/* A message and when it came. */
struct arrival {
    wax_publish publish;
    struct timespec at; /* of the wall clock */
};

#endif
