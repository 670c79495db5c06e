/* Arrays and name indexes on the caller's memory. */
#include "access/array.h"

#include <string.h>

enum {
    FIRST_CAPACITY = 16,
    SLOTS_PER_ITEM = 2,
};

void *wax_access_array_append(wax_access_array *array, wax_memory *memory)
{
    void *item;

    if (array->count == array->capacity) {
        size_t capacity = array->capacity == 0 ? FIRST_CAPACITY : 2 * array->capacity;
        void *items = NULL;

        if (capacity <= INT32_MAX / array->item_size) {
            items = memory->resize(memory, array->items, array->capacity * array->item_size,
                                   capacity * array->item_size);
        }
        if (items == NULL) {
            return NULL;
        }
        array->items = items;
        array->capacity = capacity;
    }
    item = wax_access_array_at(array, array->count++);
    memset(item, 0, array->item_size);
    return item;
}

void *wax_access_array_at(const wax_access_array *array, size_t number)
{
    return (uint8_t *)array->items + number * array->item_size;
}

void wax_access_array_close(wax_access_array *array, wax_memory *memory)
{
    if (array->items != NULL) {
        memory->resize(memory, array->items, array->capacity * array->item_size, 0);
    }
    *array = (wax_access_array){.item_size = array->item_size};
}

uint8_t *wax_access_text_copy(wax_memory *memory, wax_bytes text)
{
    uint8_t *copy = memory->resize(memory, NULL, 0, text.size + 1);

    if (copy != NULL) {
        if (text.size > 0) {
            memcpy(copy, text.data, text.size);
        }
        copy[text.size] = 0;
    }
    return copy;
}

void wax_access_text_close(wax_memory *memory, uint8_t *text, size_t size)
{
    if (text != NULL) {
        wax_wipe(text, size);
        memory->resize(memory, text, size + 1, 0);
    }
}

wax_status wax_access_index_open(wax_access_index *index, wax_memory *memory, size_t count)
{
    size_t slot_count = SLOTS_PER_ITEM * count + 1;

    index->slots = memory->resize(memory, NULL, 0, slot_count * sizeof *index->slots);
    if (index->slots == NULL) {
        return WAX_FULL;
    }
    memset(index->slots, 0, slot_count * sizeof *index->slots);
    index->slot_count = slot_count;
    return WAX_OK;
}

void wax_access_index_close(wax_access_index *index, wax_memory *memory)
{
    if (index->slots != NULL) {
        memory->resize(memory, index->slots, index->slot_count * sizeof *index->slots, 0);
    }
    *index = (wax_access_index){0};
}

/* The key is constant: the names in the table are the administrator's, and a stranger who only
 * looks up cannot lengthen a chain. */
size_t wax_access_hash(wax_bytes name, size_t count)
{
    static const uint64_t key[2] = {0x7761782061636365U, 0x7373206e616d6573U};

    return (size_t)(wax_hash(key, name) % count);
}

uint32_t *wax_access_index_slot(const wax_access_index *index, const wax_access_array *items,
                                wax_bytes name)
{
    size_t at = wax_access_hash(name, index->slot_count);

    while (index->slots[at] != 0) {
        const wax_bytes *other = wax_access_array_at(items, index->slots[at] - 1U);

        if (wax_bytes_equal(*other, name)) {
            break;
        }
        at = at + 1 < index->slot_count ? at + 1 : 0;
    }
    return &index->slots[at];
}
