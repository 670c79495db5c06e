/* The engine of a broker without persistence. */
#include "store/store.h"

#include <stdlib.h>

static wax_status open_memory(wax_store **store, const wax_store_options *options,
                              wax_store_report *report)
{
    (void)options;
    *report = (wax_store_report){.is_damaged = false};
    *store = malloc(sizeof **store);
    if (*store == NULL) {
        return WAX_FULL;
    }
    (*store)->kind = &wax_store_memory;
    return WAX_OK;
}

static uint64_t commit(wax_store *store, wax_store_batch *batch)
{
    (void)store;
    wax_store_batch_clear(batch);
    return 0;
}

static uint64_t durable(const wax_store *store)
{
    (void)store;
    return UINT64_MAX;
}

static wax_status state(const wax_store *store)
{
    (void)store;
    return WAX_OK;
}

/* There is nothing to see, and nothing to wait for. */
static void ask(wax_store *store, wax_store_task *task)
{
    (void)store;
    task->run(task, NULL);
}

static wax_status walk(wax_store_view *view, const wax_store_range *range, wax_store_visit *visit,
                       void *context)
{
    (void)view;
    (void)range;
    (void)visit;
    (void)context;
    return WAX_OK;
}

static void figures(const wax_store *store, wax_store_figures *figures)
{
    (void)store;
    *figures = (wax_store_figures){.groups = 0};
}

static wax_status close_memory(wax_store *store)
{
    free(store);
    return WAX_OK;
}

const wax_store_kind wax_store_memory = {
    .name = "memory",
    .keeps = false,
    .open = open_memory,
    .commit = commit,
    .durable = durable,
    .state = state,
    .ask = ask,
    .walk = walk,
    .figures = figures,
    .close = close_memory,
};
