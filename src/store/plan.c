/* Plans: the changes of a group are sorted by key, and those of one key are folded into one. */
#include "store/plan.h"

#include <stdlib.h>
#include <string.h>

/* What a key's changes come to so far, and what the next one makes of it. UNTOUCHED: not changed in
 * this group, the file may have it. GONE: it is not in the file, and not to be. */
enum fold { UNTOUCHED, GONE, ADDED, PUT, REMOVED, FOLD_COUNT };

/* clang-format off */
static const uint8_t folds[FOLD_COUNT][3] = {
    /*              CHANGE_ADD CHANGE_PUT CHANGE_REMOVE */
    [UNTOUCHED] = { ADDED,     PUT,       REMOVED },
    [GONE]      = { ADDED,     ADDED,     GONE    },
    [ADDED]     = { ADDED,     ADDED,     GONE    },
    [PUT]       = { PUT,       PUT,       REMOVED },
    [REMOVED]   = { PUT,       PUT,       REMOVED },
};
/* clang-format on */

static const uint8_t deeds[FOLD_COUNT] = {
    [GONE] = DEED_NONE, [ADDED] = DEED_ADD, [PUT] = DEED_PUT, [REMOVED] = DEED_REMOVE};

static uint64_t head_of(wax_bytes key, size_t from)
{
    uint64_t head = 0;

    for (size_t i = from; i < from + 8; i++) {
        head = head << 8U | (i < key.size ? key.data[i] : 0U);
    }
    return head;
}

/* Orders by table and key. Equal heads say that the first 16 bytes are equal, or missing. */
static int compare_keys(const struct item *one, const struct item *other)
{
    if (one->table != other->table) {
        return one->table < other->table ? -1 : 1;
    }
    for (size_t i = 0; i < 2; i++) {
        if (one->head[i] != other->head[i]) {
            return one->head[i] < other->head[i] ? -1 : 1;
        }
    }
    return wax_bytes_compare(one->key, other->key);
}

static int compare(const void *left, const void *right)
{
    const struct item *one = left;
    const struct item *other = right;
    int order = compare_keys(one, other);

    if (order == 0) {
        order = one->place < other->place ? -1 : 1;
    }
    return order;
}

/* A sweep of the same table and prefix that stands in the sorted list, or NULL. */
static const struct item *find_sweep(const struct plan *plan, wax_store_table table,
                                     wax_bytes prefix)
{
    struct item wanted = {
        .table = table, .head = {head_of(prefix, 0), head_of(prefix, 8)},
             .key = prefix
    };
    size_t low = 0;
    size_t high = plan->sweep_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_keys(&plan->sweeps[middle], &wanted);
        if (order == 0) {
            return &plan->sweeps[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* One more than the place of the last sweep of the key; 0: none. Sweeps have few sizes of prefixes
 * (a session's number, nothing), which `sizes` lists. */
static uint32_t last_sweep(const struct plan *plan, const uint32_t *sizes, const struct item *item)
{
    uint32_t last = 0;

    for (size_t i = 0; plan->sweep_count > 0 && i < sizes[0]; i++) {
        const struct item *sweep;
        if (sizes[i + 1] > item->key.size) {
            continue;
        }
        sweep = find_sweep(plan, item->table, (wax_bytes){item->key.data, sizes[i + 1]});
        if (sweep != NULL && sweep->place + 1 > last) {
            last = sweep->place + 1;
        }
    }
    return last;
}

/* Lists which sizes the prefixes have: how many sizes, then the sizes. */
static void list_sizes(const struct plan *plan, uint32_t *sizes)
{
    sizes[0] = 0;
    for (size_t i = 0; i < plan->sweep_count; i++) {
        uint32_t size = (uint32_t)plan->sweeps[i].key.size;
        uint32_t at = 1;
        while (at <= sizes[0] && sizes[at] != size) {
            at++;
        }
        sizes[at] = size;
        sizes[0] = at > sizes[0] ? at : sizes[0];
    }
}

/* Of sweeps of one prefix, the last counts. */
static void fold_sweeps(struct plan *plan)
{
    size_t kept = 0;

    for (size_t i = 0; i < plan->sweep_count; i++) {
        if (kept > 0 && compare_keys(&plan->sweeps[kept - 1], &plan->sweeps[i]) == 0) {
            kept--;
        }
        plan->sweeps[kept++] = plan->sweeps[i];
    }
    plan->sweep_count = kept;
}

/* Folds the changes of one key, which are `count` in their order, into one. */
static struct item fold_key(const struct item *items, size_t count, uint32_t swept)
{
    struct item folded = items[0];
    /* What stands before the sweep is void by it. */
    uint8_t state = swept > 0 ? GONE : UNTOUCHED;

    for (size_t i = 0; i < count; i++) {
        bool is_first = folded.table != WAX_STORE_MESSAGES || i == 0;
        if (items[i].place >= swept) {
            state = folds[state][items[i].kind];
        }
        /* Of a message the first put counts. */
        folded.value = is_first ? items[i].value : folded.value;
    }
    folded.deed = deeds[state];
    return folded;
}

static void fold_items(struct plan *plan, const uint32_t *sizes)
{
    size_t kept = 0;
    size_t end;

    for (size_t i = 0; i < plan->item_count; i = end) {
        struct item folded;
        end = i + 1;
        while (end < plan->item_count && compare_keys(&plan->items[i], &plan->items[end]) == 0) {
            end++;
        }
        folded = fold_key(&plan->items[i], end - i, last_sweep(plan, sizes, &plan->items[i]));
        if (folded.deed != DEED_NONE) {
            plan->items[kept++] = folded;
        }
    }
    plan->item_count = kept;
}

/* Messages go when nobody holds them any more, and never otherwise. */
static bool is_void(const struct change *change)
{
    return change->table == WAX_STORE_MESSAGES && change->kind >= CHANGE_REMOVE;
}

static struct item item_of(const struct change *change, uint32_t place)
{
    return (struct item){
        .table = change->table,
        .kind = change->kind,
        .place = place,
        .head = {head_of(change->key, 0), head_of(change->key, 8)},
        .key = change->key,
        .value = change->value,
    };
}

/* Appends the changes of one parcel: items from the front of the room, sweeps from its end. */
static void list(struct plan *plan, const struct parcel *parcel, size_t room, uint32_t *place)
{
    struct item *all = plan->memory;
    wax_reader in = wax_reader_over(parcel->changes);
    struct change change;

    while (change_next(&in, &change)) {
        bool is_sweep = change.kind == CHANGE_REMOVE_ALL;
        if (!is_void(&change)) {
            all[is_sweep ? room - ++plan->sweep_count : plan->item_count++] =
                item_of(&change, (*place)++);
        }
    }
    plan->items = all;
    plan->sweeps = all + room - plan->sweep_count;
}

bool plan_make(struct plan *plan, const struct parcel *first)
{
    size_t count = 0;
    uint32_t place = 0;
    uint32_t *sizes;

    *plan = (struct plan){.items = NULL};
    for (const struct parcel *parcel = first; parcel != NULL; parcel = parcel->next) {
        count += parcel->count;
    }
    plan->memory = malloc((count + 1) * sizeof(struct item));
    if (plan->memory == NULL || count >= UINT32_MAX) {
        plan_free(plan);
        return false;
    }
    for (const struct parcel *parcel = first; parcel != NULL; parcel = parcel->next) {
        list(plan, parcel, count, &place);
    }
    sizes = malloc((plan->sweep_count + 1) * sizeof *sizes);
    if (sizes == NULL) {
        plan_free(plan);
        return false;
    }
    qsort(plan->items, plan->item_count, sizeof(struct item), compare);
    qsort(plan->sweeps, plan->sweep_count, sizeof(struct item), compare);
    fold_sweeps(plan);
    list_sizes(plan, sizes);
    fold_items(plan, sizes);
    free(sizes);
    return true;
}

void plan_free(struct plan *plan)
{
    free(plan->memory);
    *plan = (struct plan){.items = NULL};
}
