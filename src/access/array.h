/* Arrays and name indexes on the caller's memory; inside of the room. */
#ifndef WAX_ACCESS_ARRAY_H
#define WAX_ACCESS_ARRAY_H

#include "access/access.h"

/* Appends one item, all zero, and hands it out; NULL when memory ran out or the array holds
 * 2^31 items. Moves the items that were there. */
void *wax_access_array_append(wax_access_array *array, wax_memory *memory);

/* The item of that number, which exists. */
void *wax_access_array_at(const wax_access_array *array, size_t number);

void wax_access_array_close(wax_access_array *array, wax_memory *memory);

/* Copies a file's text; NULL when memory ran out. An empty text takes one byte. */
uint8_t *wax_access_text_copy(wax_memory *memory, wax_bytes text);

/* Wipes and gives back such a copy; NULL is fine. */
void wax_access_text_close(wax_memory *memory, uint8_t *text, size_t size);

/* Makes room for names of up to `count` items. Returns WAX_OK or WAX_FULL. */
wax_status wax_access_index_open(wax_access_index *index, wax_memory *memory,
                                 size_t count) WAX_CHECKED;
void wax_access_index_close(wax_access_index *index, wax_memory *memory);

/* The slot that holds the item called `name`, or the empty one where it belongs. The first member
 * of an item is its name, a wax_bytes. */
uint32_t *wax_access_index_slot(const wax_access_index *index, const wax_access_array *items,
                                wax_bytes name);

/* The place of a name in a table of this many slots or items. */
size_t wax_access_hash(wax_bytes name, size_t count);

#endif
