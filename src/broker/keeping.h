/* What the broker as a whole knows of its store. */
#ifndef WAX_BROKER_KEEPING_H
#define WAX_BROKER_KEEPING_H

#include <stdatomic.h>

#include "router/router.h"

struct keeping {
    char *place;      /* of the store; NULL: there is none on disk */
    atomic_int state; /* a wax_status, as the log was told last */
};

/* The shared group that a worker has looked up last by its number. */
struct kept_group {
    wax_group group;
    uint8_t *room; /* for what follows; NULL: none was looked up yet */
    wax_bytes share_name;
    wax_bytes filter;
};

#endif
