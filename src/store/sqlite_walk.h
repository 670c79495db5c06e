/* Walks over the rows of a table, with a look at whether they verify. */
#ifndef WAX_STORE_SQLITE_WALK_H
#define WAX_STORE_SQLITE_WALK_H

#include "store/sqlite_database.h"

struct row {
    wax_bytes key;
    wax_bytes value; /* as the broker gave it; none unless the row is sound */
    int64_t link;
    bool is_sound; /* it verifies */
};

/* Returns whether to go on. */
typedef bool row_visit(void *context, const struct row *row);

struct walk {
    wax_store_table table;
    bool is_backward;
    wax_bytes from; /* the first key; none: all; not for a walk backward */
    row_visit *visit;
    void *context;
};

/* Returns SQLITE_OK at the end, or when `visit` had enough. */
int walk_rows(struct database *database, const struct walk *walk);

/* What a task has. */
struct wax_store_view {
    struct database *database;
};

/* The engine's walk. */
wax_status walk_view(wax_store_view *view, const wax_store_range *range, wax_store_visit *visit,
                     void *context);

/* Walks over all tables, but over messages only if `reads_all`, and counts what does not verify. */
int walk_check(struct database *database, bool reads_all, uint64_t *fault_count);

#endif
