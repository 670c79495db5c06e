/* plan: what a group of batches comes to. Of all changes of a key one is left, or none: what was
 * added and removed again within the group never touches the disk. */
#ifndef WAX_STORE_PLAN_H
#define WAX_STORE_PLAN_H

#include "store/batch.h"

/* What is to be done to a key. */
enum deed {
    DEED_NONE, /* nothing: the key is not in the file */
    DEED_ADD,  /* there is none in the file */
    DEED_PUT,
    DEED_REMOVE,
};

/* Views into the parcels. */
struct item {
    wax_store_table table;
    uint8_t kind;     /* enum change_kind, while the plan is made */
    uint8_t deed;     /* enum deed */
    uint32_t place;   /* in the order of the changes */
    uint64_t head[2]; /* the first bytes of the key, for quick comparing */
    wax_bytes key;
    wax_bytes value;
};

/* First the sweeps are to be done, then the items, which stand in the order of tables and keys. */
struct plan {
    struct item *items;
    size_t item_count;
    struct item *sweeps; /* CHANGE_REMOVE_ALL; each at most once */
    size_t sweep_count;
    void *memory;
};

/* Makes the plan of a chain of parcels, which must outlive it; given back by plan_free().
 * Returns false without memory: there is nothing to give back then. */
bool plan_make(struct plan *plan, const struct parcel *first);
void plan_free(struct plan *plan);

#endif
