/* Tables by linear hashing, with chains through the items. */
#include "router/table.h"

#include <string.h>

void *wax_table_at(const struct wax_table *table, uint32_t index)
{
    return wax_array_at(&table->items, index);
}

uint32_t wax_table_hash(uint64_t secret, uint64_t number)
{
    uint64_t mixed = secret + number * 0x9e3779b97f4a7c15U;

    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93U;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93U;
    return (uint32_t)(mixed >> 32);
}

static struct wax_item *item_at(const struct wax_table *table, uint32_t index)
{
    return wax_table_at(table, index);
}

static uint32_t *bucket_at(const struct wax_table *table, uint32_t hash)
{
    uint32_t bucket = hash & table->mask;

    if (bucket >= table->bucket_count) {
        bucket = hash & table->mask >> 1;
    }
    return wax_array_at(&table->buckets, bucket);
}

wax_status wax_table_open(struct wax_table *table, wax_memory *memory, uint32_t item_size)
{
    wax_status status;

    *table = (struct wax_table){.item_count = 1, .bucket_count = 1};
    wax_array_init(&table->items, memory, item_size);
    wax_array_init(&table->buckets, memory, sizeof(uint32_t));
    status = wax_array_reserve(&table->items, 0);
    if (status == WAX_OK) {
        status = wax_array_reserve(&table->buckets, 0);
    }
    if (status != WAX_OK) {
        wax_table_close(table);
    }
    return status;
}

void wax_table_close(struct wax_table *table)
{
    wax_array_close(&table->items);
    wax_array_close(&table->buckets);
}

/* Splits one bucket in two. Without memory the table stays as it is, and is merely slower. */
static void grow(struct wax_table *table)
{
    uint32_t added = table->bucket_count;
    uint32_t *from;
    uint32_t *to;

    if (added > UINT32_MAX / 2 || wax_array_reserve(&table->buckets, added) != WAX_OK) {
        return;
    }
    if (added > table->mask) {
        table->mask = table->mask * 2U + 1U;
    }
    from = wax_array_at(&table->buckets, added & table->mask >> 1);
    to = wax_array_at(&table->buckets, added);
    table->bucket_count++;
    while (*from != 0) {
        struct wax_item *item = item_at(table, *from);

        if ((item->hash & table->mask) == added) {
            uint32_t moved = *from;
            *from = item->chain;
            item->chain = *to;
            *to = moved;
        } else {
            from = &item->chain;
        }
    }
}

/* An index that no item has, or 0. */
static uint32_t take(struct wax_table *table)
{
    uint32_t index = table->free;

    if (index != 0) {
        table->free = item_at(table, index)->chain;
        memset(item_at(table, index), 0, table->items.item_size);
        return index;
    }
    if (table->item_count == UINT32_MAX ||
        wax_array_reserve(&table->items, table->item_count) != WAX_OK) {
        return 0;
    }
    return table->item_count++;
}

uint32_t wax_table_add(struct wax_table *table, uint32_t hash)
{
    uint32_t index = take(table);
    uint32_t *bucket;

    if (index == 0) {
        return 0;
    }
    if (table->count >= table->bucket_count) {
        grow(table);
    }
    bucket = bucket_at(table, hash);
    *item_at(table, index) = (struct wax_item){.chain = *bucket, .hash = hash};
    *bucket = index;
    table->count++;
    return index;
}

void wax_table_remove(struct wax_table *table, uint32_t index)
{
    struct wax_item *item = item_at(table, index);
    uint32_t *link = bucket_at(table, item->hash);

    while (*link != index) {
        wax_assert(*link != 0);
        link = &item_at(table, *link)->chain;
    }
    *link = item->chain;
    item->chain = table->free;
    table->free = index;
    table->count--;
}

uint32_t wax_table_first(const struct wax_table *table, uint32_t hash)
{
    return *bucket_at(table, hash);
}
