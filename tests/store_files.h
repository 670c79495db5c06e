/* What tests of damaged stores share: files as they are, and a store to damage. */
#ifndef WAX_TESTS_STORE_FILES_H
#define WAX_TESTS_STORE_FILES_H

#include "store_check.h"

#include <fcntl.h>

/* A file's bytes; none: there is no file. */
struct image {
    uint8_t *data;
    size_t size;
};

static inline struct image read_image(const char *home, const char *name)
{
    char path[300];
    struct stat status;
    struct image image = {.data = NULL};
    int file;

    (void)snprintf(path, sizeof path, "%s/%s", home, name);
    file = open(path, O_RDONLY);
    if (file < 0) {
        return image;
    }
    assert_int_equal(fstat(file, &status), 0);
    image.size = (size_t)status.st_size;
    image.data = malloc(image.size + 1);
    assert_true(read(file, image.data, image.size) == (ssize_t)image.size);
    (void)close(file);
    return image;
}

static inline void write_image(const char *home, const char *name, const struct image *image)
{
    char path[300];
    int file;

    (void)snprintf(path, sizeof path, "%s/%s", home, name);
    if (image->data == NULL) {
        (void)unlink(path);
        return;
    }
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(write(file, image->data, image->size) == (ssize_t)image->size);
    (void)close(file);
}

static inline void free_image(struct image *image)
{
    free(image->data);
    *image = (struct image){.data = NULL};
}

/* Makes a store with `count` rows in each table, each of which holds a message of its own where it
 * holds one; all of it is in the book. It is not closed. */
static inline wax_store *fill_store(const wax_store_options *options, unsigned count,
                                    struct book *book)
{
    wax_store_report report;
    wax_store_batch batch = {.data = NULL};
    wax_store *store = NULL;

    assert_int_equal(wax_store_sqlite.open(&store, options, &report), WAX_OK);
    for (unsigned i = 0; i < count * WAX_STORE_MESSAGES; i++) {
        wax_store_table table = (wax_store_table)(i % WAX_STORE_MESSAGES);
        uint8_t key[16];
        uint8_t value[60];
        char text[64];
        memset(value, (int)i, sizeof value);
        (void)number_key(key, i % 5);
        (void)number_key(key + 8, i);
        /* One row holds no message. */
        (void)number_key(value, i == WAX_STORE_QUEUES ? 0 : i);
        if (table_holds(table) && !is_zero(wax_bytes_of(value, 8))) {
            wax_bytes message = wax_bytes_of(value, 8);
            wax_store_put(&batch, WAX_STORE_MESSAGES, message, message_text(message, text), true);
        }
        wax_store_put(&batch, table, wax_bytes_of(key, 16), wax_bytes_of(value, sizeof value),
                      true);
        book_put(book, table, wax_bytes_of(key, 16), wax_bytes_of(value, sizeof value));
    }
    wait_for(store, store->kind->commit(store, &batch));
    book_add_messages(book);
    return store;
}

/* Whether all that was found was once put so. */
static inline bool book_contains(const struct book *whole, const struct book *part)
{
    for (size_t i = 0; i < part->count; i++) {
        const struct entry *entry = &part->entries[i];
        size_t at = book_find(whole, entry->table, entry_key(entry));
        if (!book_has(whole, entry->table, entry_key(entry)) ||
            !wax_bytes_equal(entry_value(entry), entry_value(&whole->entries[at]))) {
            return false;
        }
    }
    return true;
}

#endif
