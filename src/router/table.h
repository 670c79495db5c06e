/* A hash table of items that never move. It grows by one bucket at a time (linear hashing), so that
 * no single call pays for all the others. Private to the room.
 * [W. Litwin: Linear Hashing: A New Tool for File and Table Addressing, 1980] */
#ifndef WAX_ROUTER_TABLE_H
#define WAX_ROUTER_TABLE_H

#include "router/array.h"

/* What every item begins with. Items have indices from 1; 0 stands for none, and item 0 exists for
 * the owner's own use. */
struct wax_item {
    uint32_t chain; /* the next item in the same bucket, or 0 */
    uint32_t hash;
};

struct wax_table {
    struct wax_array items;
    struct wax_array buckets;
    uint32_t item_count;   /* ever taken, item 0 included */
    uint32_t free;         /* the first item to take again, or 0 */
    uint32_t count;        /* of the items in the table */
    uint32_t bucket_count; /* greater than mask / 2, at most mask + 1 */
    uint32_t mask;
};

/* Makes an empty table of items of `item_size`.
 * Returns WAX_OK; WAX_FULL when there is no memory, and there is nothing to close. */
wax_status wax_table_open(struct wax_table *table, wax_memory *memory,
                          uint32_t item_size) WAX_CHECKED;

/* Gives all memory back. */
void wax_table_close(struct wax_table *table);

/* Adds an item that is all zero but for its head. Returns its index, or 0 without memory. */
uint32_t wax_table_add(struct wax_table *table, uint32_t hash);

/* Takes an item out of the table; its index may be used again. */
void wax_table_remove(struct wax_table *table, uint32_t index);

/* The first item that may have this hash, or 0; `chain` leads to the others. */
uint32_t wax_table_first(const struct wax_table *table, uint32_t hash);

/* The item with this index, which was added, or item 0. */
void *wax_table_at(const struct wax_table *table, uint32_t index);

/* Folds 64 bits that nobody can foresee and a number that somebody may choose into a hash. */
uint32_t wax_table_hash(uint64_t secret, uint64_t number);

#endif
