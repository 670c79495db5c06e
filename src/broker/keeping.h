/* What the broker as a whole knows of its store. */
#ifndef WAX_BROKER_KEEPING_H
#define WAX_BROKER_KEEPING_H

#include <stdatomic.h>

struct keeping {
    char *place;      /* of the store; NULL: there is none on disk */
    atomic_int state; /* a wax_status, as the log was told last */
};

#endif
