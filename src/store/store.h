/* store: what makes a message safe. The broker says what it has taken on, asks for a commit, and
 * lets no acknowledgement leave before the commit is durable. An engine is one file that ends in
 * one struct; whoever starts the broker chooses. */
#ifndef WAX_STORE_H
#define WAX_STORE_H

#include "base/base.h"

typedef struct wax_store wax_store;

/* What an engine can do. Marks grow: whatever is durable up to one mark was committed before it.
 *
 * open: `place` is a folder, or NULL for an engine that needs none. WAX_OK, WAX_IO or WAX_FULL.
 * commit: begins to make durable all that was taken on so far, and does not wait; says under which
 *   mark. Any worker may call it.
 * durable: all marks up to this one are safe.
 * close: waits until all is durable. */
typedef struct wax_store_kind {
    const char *name;
    wax_status (*open)(wax_store **store, const char *place);
    uint64_t (*commit)(wax_store *store);
    uint64_t (*durable)(const wax_store *store);
    void (*close)(wax_store *store);
} wax_store_kind;

/* The first member of every engine. */
struct wax_store {
    const wax_store_kind *kind;
};

/* Keeps nothing beyond the memory of the broker itself: a commit is durable at once, and all is
 * gone with the process. */
extern const wax_store_kind wax_store_memory;

#endif
