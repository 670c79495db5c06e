/* What tests of stores share: folders that go away, a map that says what must be in a store, and a
 * look at what is. */
#ifndef WAX_TESTS_STORE_CHECK_H
#define WAX_TESTS_STORE_CHECK_H

#include "check.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "store/store.h"

enum { CHECK_PATIENCE_MS = 60000, CHECK_VALUE_MAX = 200, CHECK_KEY_MAX = 40 };

/* --- Folders --- */

/* In memory where there is such a place: what is tested is not the disk. */
static inline void make_home(char *home, size_t size)
{
    (void)snprintf(home, size, "%s/wax-store-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(home));
}

static inline void empty_home(const char *home)
{
    DIR *folder = opendir(home);
    const struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[600];
        (void)snprintf(path, sizeof path, "%s/%s", home, entry->d_name);
        (void)unlink(path);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
}

static inline void remove_home(const char *home)
{
    empty_home(home);
    (void)rmdir(home);
}

/* --- A map that says what must be there --- */

struct entry {
    wax_store_table table;
    uint8_t key[CHECK_KEY_MAX];
    size_t key_size;
    uint8_t value[CHECK_VALUE_MAX];
    size_t value_size;
};

struct book {
    struct entry *entries; /* in the order of tables and keys */
    size_t count;
    size_t size;
};

static inline wax_bytes entry_key(const struct entry *entry)
{
    return wax_bytes_of(entry->key, entry->key_size);
}

static inline wax_bytes entry_value(const struct entry *entry)
{
    return wax_bytes_of(entry->value, entry->value_size);
}

/* Where a key is, or would be. */
static inline size_t book_find(const struct book *book, wax_store_table table, wax_bytes key)
{
    size_t low = 0;
    size_t high = book->count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct entry *entry = &book->entries[middle];
        int order = entry->table != table ? (entry->table < table ? -1 : 1)
                                          : wax_bytes_compare(entry_key(entry), key);
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static inline bool book_has(const struct book *book, wax_store_table table, wax_bytes key)
{
    size_t at = book_find(book, table, key);

    return at < book->count && book->entries[at].table == table &&
           wax_bytes_equal(entry_key(&book->entries[at]), key);
}

static inline void book_put(struct book *book, wax_store_table table, wax_bytes key,
                            wax_bytes value)
{
    size_t at = book_find(book, table, key);

    assert_true(key.size <= CHECK_KEY_MAX && value.size <= CHECK_VALUE_MAX);
    if (!book_has(book, table, key)) {
        if (book->count == book->size) {
            book->size = book->size == 0 ? 64 : book->size * 2;
            book->entries = realloc(book->entries, book->size * sizeof *book->entries);
            assert_non_null(book->entries);
        }
        memmove(book->entries + at + 1, book->entries + at,
                (book->count - at) * sizeof *book->entries);
        book->count++;
    }
    book->entries[at] =
        (struct entry){.table = table, .key_size = key.size, .value_size = value.size};
    if (key.size > 0) {
        memcpy(book->entries[at].key, key.data, key.size);
    }
    if (value.size > 0) {
        memcpy(book->entries[at].value, value.data, value.size);
    }
}

/* Removes the key itself, or all that begins with it. */
static inline void book_remove(struct book *book, wax_store_table table, wax_bytes key, bool all)
{
    size_t kept = 0;

    for (size_t i = 0; i < book->count; i++) {
        const struct entry *entry = &book->entries[i];
        bool goes = entry->table == table && (all ? wax_bytes_start_with(entry_key(entry), key)
                                                  : wax_bytes_equal(entry_key(entry), key));
        if (!goes) {
            book->entries[kept++] = *entry;
        }
    }
    book->count = kept;
}

static inline void book_clear(struct book *book)
{
    free(book->entries);
    *book = (struct book){.entries = NULL};
}

static inline void book_copy(struct book *to, const struct book *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct entry *entry = &from->entries[i];
        book_put(to, entry->table, entry_key(entry), entry_value(entry));
    }
}

static inline bool table_holds(wax_store_table table)
{
    return table >= WAX_STORE_QUEUES && table <= WAX_STORE_LETTERS;
}

/* No message has this key. */
static inline bool is_zero(wax_bytes key)
{
    return wax_bytes_equal(key, WAX_TEXT("\0\0\0\0\0\0\0\0"));
}

/* What the message of this key says, in all tests. */
static inline wax_bytes message_text(wax_bytes key, char room[static 64])
{
    int size;

    wax_assert(key.size == 8);
    size =
        snprintf(room, 64, "the message of %02x%02x, and what it says", key.data[6], key.data[7]);
    return wax_bytes_of(room, (size_t)size);
}

/* Writes the messages that the rows of a book hold into it. */
static inline void book_add_messages(struct book *book)
{
    struct book messages = {.entries = NULL};
    char room[64];

    for (size_t i = 0; i < book->count; i++) {
        wax_bytes key = wax_bytes_of(book->entries[i].value, 8);
        if (table_holds(book->entries[i].table) && !is_zero(key)) {
            book_put(&messages, WAX_STORE_MESSAGES, key, message_text(key, room));
        }
    }
    book_copy(book, &messages);
    book_clear(&messages);
}

static inline bool book_equals(const struct book *one, const struct book *other)
{
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        const struct entry *left = &one->entries[i];
        const struct entry *right = &other->entries[i];
        if (left->table != right->table || !wax_bytes_equal(entry_key(left), entry_key(right)) ||
            !wax_bytes_equal(entry_value(left), entry_value(right))) {
            return false;
        }
    }
    return one->count == other->count;
}

/* --- Stores --- */

/* Waits until a mark is durable. */
static inline void wait_for(wax_store *store, uint64_t mark)
{
    uint64_t deadline_ms = wax_clock_ms() + CHECK_PATIENCE_MS;

    while (store->kind->durable(store) < mark && wax_clock_ms() < deadline_ms) {
        (void)usleep(200);
    }
    assert_true(store->kind->durable(store) >= mark);
}

struct look {
    wax_store_task task;
    const wax_store *store;
    struct book *book;
    wax_store_table table;
    wax_bytes prefix;
    wax_bytes after;
    bool is_of_all; /* tables */
    wax_status status;
    atomic_bool is_done;
};

static inline bool look_at_value(void *context, wax_bytes key, wax_bytes value)
{
    struct look *look = context;
    size_t count = look->book->count;

    book_put(look->book, look->table, key, value);
    /* In the order of the keys, each once. */
    assert_int_equal(look->book->count, count + 1);
    assert_int_equal(book_find(look->book, look->table, key), count);
    return true;
}

static inline void look_around(wax_store_task *task, wax_store_view *view)
{
    struct look *look = (void *)task;

    do {
        const wax_store_range range = {look->table, look->prefix, look->after};
        wax_status status = look->store->kind->walk(view, &range, look_at_value, look);
        look->status = status == WAX_OK ? look->status : status;
        look->table += 1;
    } while (look->is_of_all && look->table < WAX_STORE_TABLE_COUNT);
    atomic_store(&look->is_done, true);
}

static inline wax_status run_look(wax_store *store, struct look *look)
{
    uint64_t deadline_ms = wax_clock_ms() + CHECK_PATIENCE_MS;

    look->store = store;
    look->task.run = look_around;
    store->kind->ask(store, &look->task);
    while (!atomic_load(&look->is_done) && wax_clock_ms() < deadline_ms) {
        (void)usleep(200);
    }
    assert_true(atomic_load(&look->is_done));
    return look->status;
}

/* All that a store has; the book is the caller's. */
static inline wax_status read_store(wax_store *store, struct book *book)
{
    struct look look = {.book = book, .is_of_all = true};

    *book = (struct book){.entries = NULL};
    return run_look(store, &look);
}

static inline wax_store *open_store(const wax_store_kind *kind, const char *home,
                                    wax_store_report *report)
{
    const wax_store_options options = {.place = home};
    wax_store *store = NULL;

    assert_int_equal(kind->open(&store, &options, report), WAX_OK);
    return store;
}

/* Fails unless the store has what the book says. */
static inline void check_store(wax_store *store, const struct book *wanted)
{
    struct book found;

    assert_int_equal(read_store(store, &found), WAX_OK);
    assert_int_equal(found.count, wanted->count);
    assert_true(book_equals(&found, wanted));
    book_clear(&found);
}

/* A number as a key. */
static inline wax_bytes number_key(uint8_t key[static 8], uint64_t number)
{
    for (size_t i = 8; i-- > 0; number >>= 8U) {
        key[i] = (uint8_t)number;
    }
    return wax_bytes_of(key, 8);
}

#endif
