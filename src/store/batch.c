/* Batches: changes one behind the other in one block of memory. */
#include "store/batch.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIZE_FIRST = 4096,
    /* Behind the changes there is always room for a parcel, wherever it must stand. */
    PARCEL_ROOM = sizeof(struct parcel) + _Alignof(struct parcel),
};

static bool make_room(wax_store_batch *batch, size_t size)
{
    size_t wanted = batch->size == 0 ? SIZE_FIRST : batch->size;
    uint8_t *data;

    size += PARCEL_ROOM;
    if (batch->used + size <= batch->size) {
        return true;
    }
    while (wanted < batch->used + size) {
        wanted *= 2;
    }
    data = realloc(batch->data, wanted);
    if (data == NULL) {
        batch->is_broken = true;
        return false;
    }
    batch->data = data;
    batch->size = wanted;
    return true;
}

/* Appends a change up to its value; the value's room is the writer's. */
static wax_writer append(wax_store_batch *batch, const struct change *change, size_t value_size)
{
    size_t size = CHANGE_HEAD_SIZE + change->key.size + value_size;
    wax_writer out = wax_writer_over(NULL, 0);

    wax_assert(change->key.size <= WAX_STORE_KEY_MAX && value_size <= UINT32_MAX);
    if (!make_room(batch, size)) {
        return out;
    }
    out = wax_writer_over(batch->data + batch->used, size);
    wax_write_u8(&out, change->kind);
    wax_write_u8(&out, (uint8_t)change->table);
    wax_write_u32(&out, (uint32_t)change->key.size);
    wax_write_u32(&out, (uint32_t)value_size);
    wax_write_bytes(&out, change->key);
    batch->used += size;
    batch->count++;
    return wax_writer_over(out.data + out.used, value_size);
}

wax_writer wax_store_put_begin(wax_store_batch *batch, wax_store_table table, wax_bytes key,
                               size_t size, bool is_new)
{
    struct change change = {.kind = is_new ? CHANGE_ADD : CHANGE_PUT, .table = table, .key = key};

    return append(batch, &change, size);
}

void wax_store_put(wax_store_batch *batch, wax_store_table table, wax_bytes key, wax_bytes value,
                   bool is_new)
{
    wax_writer out = wax_store_put_begin(batch, table, key, value.size, is_new);

    wax_write_bytes(&out, value);
}

void wax_store_remove(wax_store_batch *batch, wax_store_table table, wax_bytes key)
{
    struct change change = {.kind = CHANGE_REMOVE, .table = table, .key = key};

    (void)append(batch, &change, 0);
}

void wax_store_remove_all(wax_store_batch *batch, wax_store_table table, wax_bytes prefix)
{
    struct change change = {.kind = CHANGE_REMOVE_ALL, .table = table, .key = prefix};

    (void)append(batch, &change, 0);
}

void wax_store_batch_join(wax_store_batch *batch, wax_store_batch *more)
{
    if (more->used > 0 && make_room(batch, more->used)) {
        memcpy(batch->data + batch->used, more->data, more->used);
        batch->used += more->used;
        batch->count += more->count;
    }
    batch->is_broken = batch->is_broken || more->is_broken;
    wax_store_batch_clear(more);
}

void wax_store_batch_clear(wax_store_batch *batch)
{
    free(batch->data);
    *batch = (wax_store_batch){.data = NULL};
}

struct parcel *parcel_take(wax_store_batch *batch)
{
    size_t at = (batch->used + _Alignof(struct parcel) - 1) & ~(_Alignof(struct parcel) - 1);
    struct parcel *parcel;

    wax_assert(batch->count > 0);
    parcel = (void *)(batch->data + at);
    *parcel = (struct parcel){
        .changes = wax_bytes_of(batch->data, batch->used),
        .count = batch->count,
    };
    *batch = (wax_store_batch){.data = NULL};
    return parcel;
}

void parcel_free(struct parcel *parcel)
{
    free((void *)(uintptr_t)parcel->changes.data);
}

bool change_next(wax_reader *in, struct change *change)
{
    uint32_t key_size;
    uint32_t value_size;

    if (wax_reader_rest(in).size == 0) {
        return false;
    }
    change->kind = wax_read_u8(in);
    change->table = (wax_store_table)wax_read_u8(in);
    key_size = wax_read_u32(in);
    value_size = wax_read_u32(in);
    change->key = wax_read_bytes(in, key_size);
    change->value = wax_read_bytes(in, value_size);
    wax_assert(in->status == WAX_OK);
    return true;
}
