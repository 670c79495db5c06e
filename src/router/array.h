/* An array that grows in pieces: what it holds never moves, and growing never costs more than one
 * piece. Private to the room. */
#ifndef WAX_ROUTER_ARRAY_H
#define WAX_ROUTER_ARRAY_H

#include "base/base.h"

#define WAX_PIECE 128U

struct wax_array {
    wax_memory *memory;
    uint8_t **pieces;
    uint32_t piece_count;
    uint32_t piece_room;
    uint32_t item_size;
};

/* Makes an array without pieces. */
void wax_array_init(struct wax_array *array, wax_memory *memory, uint32_t item_size);

/* Gives all pieces back. */
void wax_array_close(struct wax_array *array);

/* Sees to it that item `index` exists; it must be in a piece that exists or in the next one. New
 * items are all zero. Returns WAX_OK; WAX_FULL when there is no memory. */
wax_status wax_array_reserve(struct wax_array *array, uint32_t index) WAX_CHECKED;

/* The item with this index, which exists. */
void *wax_array_at(const struct wax_array *array, uint32_t index);

#endif
