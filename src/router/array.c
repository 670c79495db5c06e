/* Arrays that grow in pieces. */
#include "router/array.h"

#include <string.h>

void wax_array_init(struct wax_array *array, wax_memory *memory, uint32_t item_size)
{
    *array = (struct wax_array){.memory = memory, .item_size = item_size};
}

static size_t piece_size(const struct wax_array *array)
{
    return (size_t)WAX_PIECE * array->item_size;
}

static void resize_directory(struct wax_array *array, uint32_t room)
{
    void *pieces = array->memory->resize(array->memory, array->pieces,
                                         array->piece_room * sizeof *array->pieces,
                                         room * sizeof *array->pieces);

    if (pieces != NULL || room == 0) {
        array->pieces = pieces;
        array->piece_room = room;
    }
}

void wax_array_close(struct wax_array *array)
{
    for (uint32_t i = 0; i < array->piece_count; i++) {
        (void)array->memory->resize(array->memory, array->pieces[i], piece_size(array), 0);
    }
    if (array->pieces != NULL) {
        resize_directory(array, 0);
    }
    array->piece_count = 0;
}

wax_status wax_array_reserve(struct wax_array *array, uint32_t index)
{
    uint8_t *piece;

    if (index / WAX_PIECE < array->piece_count) {
        return WAX_OK;
    }
    wax_assert(index / WAX_PIECE == array->piece_count);
    if (array->piece_count == array->piece_room) {
        resize_directory(array, array->piece_room == 0 ? 4U : array->piece_room * 2U);
    }
    if (array->piece_count == array->piece_room) {
        return WAX_FULL;
    }
    piece = array->memory->resize(array->memory, NULL, 0, piece_size(array));
    if (piece == NULL) {
        return WAX_FULL;
    }
    memset(piece, 0, piece_size(array));
    array->pieces[array->piece_count++] = piece;
    return WAX_OK;
}

void *wax_array_at(const struct wax_array *array, uint32_t index)
{
    return array->pieces[index / WAX_PIECE] + (size_t)(index % WAX_PIECE) * array->item_size;
}
