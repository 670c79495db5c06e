/* store: what makes a message safe. A store is an ordered map from keys to values in a few tables.
 * Workers write what they have taken on into batches; a batch is committed when a turn ends, and no
 * acknowledgement leaves before the commit is durable. Commits of all workers are gathered into
 * groups: a group is safe as a whole or not there at all, whenever the machine stops.
 *
 * An engine is one file that ends in one struct; whoever starts the broker chooses. */
#ifndef WAX_STORE_H
#define WAX_STORE_H

#include "base/base.h"

typedef struct wax_store wax_store;
typedef struct wax_store_view wax_store_view;
struct wax_store_report;

/* The tables. What keys and values mean is the broker's affair, but for messages and those who hold
 * them: the value of a row of a table that holds begins with the key of a message, and the store
 * counts; the key 0 is no message's, and says that the row holds none. A message that no row holds
 * any more goes with the group in which that came about. */
typedef enum wax_store_table {
    WAX_STORE_META,          /* name */
    WAX_STORE_SESSIONS,      /* number of the session: 8 bytes, big endian, as all numbers here */
    WAX_STORE_SUBSCRIPTIONS, /* number of the session, filter */
    WAX_STORE_RECEIVED,      /* number of the session, packet id: 2 bytes */
    WAX_STORE_QUEUES,        /* number of the session, place in its order: 8 bytes; holds */
    WAX_STORE_WILLS,         /* number of the session; holds */
    WAX_STORE_RETAINED,      /* topic; holds */
    WAX_STORE_LETTERS,       /* number of the message, which letter: 8 bytes; holds */
    WAX_STORE_MESSAGES,      /* number of the message: 8 bytes; is held */
    WAX_STORE_TABLE_COUNT
} wax_store_table;

enum {
    WAX_STORE_NUMBER_SIZE = 8,
    WAX_STORE_KEY_MAX = 65535 + 8, /* a number and a topic */
};

/* --- Batches --- */

/* What one turn of one worker changes, in its order. Begins zeroed. */
typedef struct wax_store_batch {
    uint8_t *data;
    size_t used;
    size_t size;
    size_t count;   /* of changes */
    bool is_broken; /* there was no memory for a change: a commit ends the process rather than say
                       it is safe */
} wax_store_batch;

/* Puts a value; `is_new` promises that there is none under this key, which saves a look. A message
 * may be put again and again: only the first counts. Key and value are copied. */
void wax_store_put(wax_store_batch *batch, wax_store_table table, wax_bytes key, wax_bytes value,
                   bool is_new);

/* Begins a put whose value of `size` bytes the caller writes to the writer that is returned, whole,
 * before the next change. */
wax_writer wax_store_put_begin(wax_store_batch *batch, wax_store_table table, wax_bytes key,
                               size_t size, bool is_new);

/* Removes a value, if there is one. Messages go by themselves: for them, this and
 * wax_store_remove_all() do nothing. */
void wax_store_remove(wax_store_batch *batch, wax_store_table table, wax_bytes key);

/* Removes all values whose key begins so. */
void wax_store_remove_all(wax_store_batch *batch, wax_store_table table, wax_bytes prefix);

/* Appends the changes of another batch, which is empty then. */
void wax_store_batch_join(wax_store_batch *batch, wax_store_batch *more);

/* Forgets all changes, and gives memory back. */
void wax_store_batch_clear(wax_store_batch *batch);

/* --- Engines --- */

typedef struct wax_store_options {
    const char *place;  /* the folder; NULL for an engine that needs none */
    wax_bytes key;      /* 32 bytes by which values are sealed; none: they are not */
    bool must_be_whole; /* a store that is damaged, or newer than this program, is not opened;
                         * otherwise it is set aside, and what verifies is taken over */
    bool reads_all;     /* verifies the messages, too, which takes as long as reading the file; else
                         * what is wrong with them is found when they are asked for */
    void (*wake)(void *context); /* durable() has grown, or state() is another. From any thread */
    void *context;               /* of this, and of the next */
    /* The store was found damaged while it was open, and set aside; NULL: nobody wants to know.
     * From any thread. */
    void (*tell)(void *context, const struct wax_store_report *report);
} wax_store_options;

/* What opening found, for the log and for whoever asks. */
typedef struct wax_store_report {
    bool is_damaged;      /* it was set aside, or was refused for that */
    bool is_newer;        /* of a later version of this program */
    uint64_t saved_count; /* values that were taken over from a damaged store */
    uint64_t lost_count;  /* values that are known to be lost; more may be */
    char aside[512];      /* where the damaged one is now */
    char text[512];       /* a sentence: why not WAX_OK, or what was done; empty: all is well */
} wax_store_report;

typedef struct wax_store_figures {
    uint64_t groups;        /* committed */
    uint64_t changes;       /* asked for */
    uint64_t written;       /* of them, those that were not void by the time of their commit */
    uint64_t waiting_bytes; /* of batches that are not durable yet */
    uint64_t file_bytes;
    uint64_t log_bytes; /* of the write-ahead log */
    uint64_t commit_us; /* what the last commit took */
    uint64_t failures;  /* commits that failed and are tried again */
    char fault[160];    /* why state() is not WAX_OK, in words; else empty */
} wax_store_figures;

/* Something that looks at the store on the engine's own thread, and sees all that was committed
 * before it was asked. */
typedef struct wax_store_task {
    struct wax_store_task *next;
    void (*run)(struct wax_store_task *self, wax_store_view *view);
} wax_store_task;

/* Which values: those of a table whose key begins with `prefix` and is greater than `after` (no
 * bytes: all). */
typedef struct wax_store_range {
    wax_store_table table;
    wax_bytes prefix;
    wax_bytes after;
} wax_store_range;

/* Called for each value, in the order of the keys; views last until it returns. Returns whether to
 * go on. */
typedef bool wax_store_visit(void *context, wax_bytes key, wax_bytes value);

/* What an engine can do. Marks grow: whatever is durable up to one mark was committed before it.
 *
 * keeps: whether it keeps anything; if not, nobody need fill batches.
 * open: WAX_OK; WAX_MALFORMED for a store that must be whole and is not; WAX_INVALID for a key that
 *   is not the store's, or is missing, or is not wanted: nothing is set aside for that; WAX_IO,
 * also for a store that another process has; WAX_FULL. report->text tells what to do. Unless
 * WAX_OK, there is nothing to close. commit: takes what is in the batch, which is empty then,
 * begins to make it durable and does not wait; says under which mark. Any thread. A batch without
 * changes gets the mark 0. durable: all marks up to this one are safe. state: WAX_OK; or why
 * nothing becomes durable now: WAX_QUOTA_EXCEEDED (the disk is full) or WAX_IO. What was committed
 * is tried again until it succeeds. ask: runs the task after all that was committed before, which
 * it sees, and maybe what was committed later. Tasks run in their order; while there are many,
 * commits have their turn between them. While nothing becomes durable, a task sees what is not
 * durable yet. Any thread. walk: for tasks. WAX_OK, also when `visit` had enough; WAX_MALFORMED
 * where a value does not verify: it is left out and the walk goes on, as far as the file can be
 * read; WAX_IO. A visit may walk. figures: of any thread. close: waits until all is durable, runs
 * what was asked, and frees the store. Where the last commits failed, they are tried a few times
 * more, for less than a second, and then given up: it returns why, as state(). */
typedef struct wax_store_kind {
    const char *name;
    bool keeps;
    wax_status (*open)(wax_store **store, const wax_store_options *options,
                       wax_store_report *report);
    uint64_t (*commit)(wax_store *store, wax_store_batch *batch);
    uint64_t (*durable)(const wax_store *store);
    wax_status (*state)(const wax_store *store);
    void (*ask)(wax_store *store, wax_store_task *task);
    wax_status (*walk)(wax_store_view *view, const wax_store_range *range, wax_store_visit *visit,
                       void *context);
    void (*figures)(const wax_store *store, wax_store_figures *figures);
    wax_status (*close)(wax_store *store);
} wax_store_kind;

/* The first member of every engine. */
struct wax_store {
    const wax_store_kind *kind;
};

/* Keeps nothing beyond the memory of the broker itself: a commit is durable at once, and all is
 * gone with the process. */
extern const wax_store_kind wax_store_memory;

/* Keeps everything in an SQLite database, `wax.db` in the folder `place`, which is made if need be
 * and is one process's at a time. Its own thread writes: one transaction for all that has gathered
 * while the last one was written (WAL, synchronous=FULL). Of changes of one key within a
 * transaction only what they come to is written: a message that is received and acknowledged while
 * the disk is busy never gets there. The folder is made for its owner only, and so are the files.
 *
 * A damaged store is renamed to wax.db.damaged-YYYYmmdd-HHMMSS (UTC), with its log; nothing of it
 * is deleted. Where writing finds the damage, that is done while the store is open, unless it must
 * be whole, and not more than once in an hour: what was not safe goes into the new one. Keys of
 * values (numbers, topics, filters) are never sealed. */
extern const wax_store_kind wax_store_sqlite;

#endif
