/* How changes stand in a batch, for engines. */
#ifndef WAX_STORE_BATCH_H
#define WAX_STORE_BATCH_H

#include "store/store.h"

enum change_kind {
    CHANGE_ADD, /* a put of a key that is new */
    CHANGE_PUT,
    CHANGE_REMOVE,
    CHANGE_REMOVE_ALL,
};

enum { CHANGE_HEAD_SIZE = 10 };

/* Views into the batch. */
struct change {
    uint8_t kind; /* enum change_kind */
    wax_store_table table;
    wax_bytes key; /* of CHANGE_REMOVE_ALL: the prefix */
    wax_bytes value;
};

/* Takes the next change off a reader over a batch; false at the end. */
bool change_next(wax_reader *in, struct change *change);

/* A batch that an engine has taken over. It stands in the memory of the batch itself, behind the
 * changes, so that taking one over needs no memory and copies nothing. */
struct parcel {
    struct parcel *next;
    wax_bytes changes;
    size_t count;
};

/* Takes a batch over, which is empty then; it has changes and is not broken. Given back by
 * parcel_free(). */
struct parcel *parcel_take(wax_store_batch *batch);
void parcel_free(struct parcel *parcel);

#endif
