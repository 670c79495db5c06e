/* Lines that repeat themselves: the first of a kind are written, the rest of a minute are counted,
 * so that a stranger who knocks all day does not fill the disk. */
#include "os/fold.h"

#include <stdlib.h>
#include <string.h>

enum { WAYS = 8 };

struct kind {
    uint64_t hash; /* 0: the place is free */
    uint64_t since_ms;
    uint32_t count;
    struct record last;
};

struct fold {
    uint64_t key[2];
    uint64_t due_ms; /* when the first of them has had its time */
    struct kind kinds[FOLD_KIND_MAX];
};

struct fold *fold_open(void)
{
    struct fold *fold = calloc(1, sizeof *fold);

    if (fold != NULL) {
        wax_os_random(fold->key, sizeof fold->key);
        fold->due_ms = WAX_NEVER;
    }
    return fold;
}

void fold_close(struct fold *fold)
{
    free(fold);
}

static bool is_address(const struct field *field)
{
    return strcmp(field->key, "peer") == 0 || strcmp(field->key, "addr") == 0;
}

/* An address without its port, which is another each time. */
static wax_bytes host_of(wax_bytes address)
{
    size_t size = address.size;

    while (size > 0 && address.data[size - 1] != ':') {
        size--;
    }
    return wax_bytes_of(address.data, size == 0 ? address.size : size);
}

/* What events of a kind have in common; 0: this one is not folded. */
static uint64_t hash_of(const struct fold *fold, const struct record *record)
{
    uint64_t hash = wax_hash(fold->key, record_value(record, 0)) + (uint64_t)record->level;
    bool is_provoked = false;

    for (size_t i = 1; i < record->count; i++) {
        const struct field *field = &record->fields[i];
        wax_bytes value = record_value(record, i);
        value = is_address(field) ? host_of(value) : value;
        hash = hash * 31 + wax_hash(fold->key, value);
        is_provoked = is_provoked || is_address(field) || strcmp(field->key, "client") == 0;
    }
    return is_provoked ? hash | 1 : 0;
}

/* The place of this kind among a few: its own, or the one of the rarest. */
static struct kind *find_place(struct fold *fold, uint64_t hash)
{
    struct kind *kinds = &fold->kinds[hash / 2 % (FOLD_KIND_MAX / WAYS) * WAYS];
    struct kind *rarest = &kinds[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (kinds[i].hash == hash) {
            return &kinds[i];
        }
        rarest = kinds[i].count < rarest->count ? &kinds[i] : rarest;
    }
    return rarest;
}

bool fold_admits(struct fold *fold, const struct record *record, uint64_t now_ms)
{
    uint64_t hash = fold == NULL ? 0 : hash_of(fold, record);
    struct kind *kind = hash == 0 ? NULL : find_place(fold, hash);

    if (kind == NULL || (kind->hash != hash && kind->count > FOLD_AFTER)) {
        return true; /* the place is another's, who is still counted */
    }
    if (kind->hash != hash || now_ms - kind->since_ms >= FOLD_SPAN_MS) {
        kind->hash = hash;
        kind->since_ms = now_ms;
        kind->count = 0;
    }
    kind->count++;
    if (kind->count <= FOLD_AFTER) {
        return true;
    }
    kind->last = *record;
    if (kind->since_ms + FOLD_SPAN_MS < fold->due_ms) {
        fold->due_ms = kind->since_ms + FOLD_SPAN_MS;
    }
    return false;
}

bool fold_next(struct fold *fold, uint64_t now_ms, struct record *sum)
{
    if (fold == NULL || now_ms < fold->due_ms) {
        return false;
    }
    fold->due_ms = WAX_NEVER;
    for (size_t i = 0; i < FOLD_KIND_MAX; i++) {
        struct kind *kind = &fold->kinds[i];
        uint64_t due_ms = kind->since_ms + FOLD_SPAN_MS;
        if (kind->count <= FOLD_AFTER) {
            continue;
        }
        if (due_ms <= now_ms) {
            *sum = kind->last;
            record_add_number(sum, "repeated", kind->count - FOLD_AFTER);
            record_add_number(sum, "in_s", FOLD_SPAN_MS / 1000);
            kind->hash = 0;
            kind->count = 0;
            fold->due_ms = now_ms; /* there may be more */
            return true;
        }
        fold->due_ms = due_ms < fold->due_ms ? due_ms : fold->due_ms;
    }
    return false;
}
