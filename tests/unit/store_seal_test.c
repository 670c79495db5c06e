/* What is sealed can be read with its key, and with nothing else. */
#include "../store_files.h"

enum { ROWS = 5 };

static const uint8_t keys[2][32] = {
    {1, 2, 3},
    {4, 5, 6}
};
static char home[64];
static struct book book;

static wax_bytes key_of(size_t which)
{
    return which < WAX_COUNT(keys) ? wax_bytes_of(keys[which], 32) : wax_bytes_of(NULL, 0);
}

static int begin(void **state)
{
    (void)state;
    make_home(home, sizeof home);
    return 0;
}

static int end(void **state)
{
    (void)state;
    book_clear(&book);
    remove_home(home);
    return 0;
}

static void fill(size_t key)
{
    const wax_store_options options = {.place = home, .key = key_of(key)};
    wax_store *store = fill_store(&options, ROWS, &book);

    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void the_key_opens(void **state)
{
    const wax_store_options options = {.place = home, .key = key_of(0), .reads_all = true};
    wax_store_report report;
    wax_store *store;

    (void)state;
    fill(0);
    assert_int_equal(wax_store_sqlite.open(&store, &options, &report), WAX_OK);
    assert_string_equal(report.text, "");
    check_store(store, &book);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void another_key_or_none_is_refused(void **state)
{
    static const struct {
        const char *name;
        size_t made_with;
        size_t opened_with; /* 2: none */
        const char *text;
    } rows[] = {
        {"another", 0, 1, "sealed by another key"},
        {"none",    0, 2, "no key was given"     },
        {"plain",   2, 0, "are not sealed"       },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_store_options options = {.place = home, .key = key_of(rows[i].opened_with)};
        wax_store_report report;
        wax_store *store = NULL;
        struct image before;
        struct image after;

        empty_home(home);
        book_clear(&book);
        fill(rows[i].made_with);
        before = read_image(home, "wax.db");
        check_row(rows[i].name, wax_store_sqlite.open(&store, &options, &report) == WAX_INVALID);
        check_row(report.text, strstr(report.text, rows[i].text) != NULL);
        after = read_image(home, "wax.db");
        check_row(rows[i].name,
                  before.size == after.size && memcmp(before.data, after.data, after.size) == 0);
        free_image(&before);
        free_image(&after);
    }
}

static bool holds(const struct image *image, const char *text)
{
    return memmem(image->data, image->size, text, strlen(text)) != NULL;
}

static void nothing_of_a_value_is_in_the_files(void **state)
{
    const wax_store_options options = {.place = home, .key = key_of(0)};
    struct image file;
    struct image log;
    wax_store *store;

    (void)state;
    store = fill_store(&options, ROWS, &book);
    log = read_image(home, "wax.db-wal");
    assert_int_equal(store->kind->close(store), WAX_OK);
    file = read_image(home, "wax.db");
    assert_true(log.size > 10000 && holds(&file, "retained")); /* the name of a table */
    assert_false(holds(&log, "the message of") || holds(&file, "the message of"));
    assert_false(holds(&log, "\1\1\1\1\1\1") || holds(&file, "\1\1\1\1\1\1"));
    free_image(&file);
    free_image(&log);
}

/* What stands behind the key of the first session: the nonce, and what is sealed. */
static uint8_t *sealed_value(const struct image *image)
{
    uint8_t *at = memmem(image->data, image->size, "\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1", 16);

    assert_non_null(at);
    return at + 16;
}

static void no_nonce_comes_twice(void **state)
{
    enum { TIMES = 50 };
    struct image images[TIMES];

    (void)state;
    for (size_t i = 0; i < TIMES; i++) {
        empty_home(home);
        book_clear(&book);
        fill(0);
        images[i] = read_image(home, "wax.db");
    }
    /* The same values under the same key, but not the same nonces: that of one row is in no other
     * file. */
    for (size_t i = 1; i < TIMES; i++) {
        const uint8_t *nonce = sealed_value(&images[i]);
        assert_null(memmem(images[0].data, images[0].size, nonce, 12));
        free_image(&images[i]);
    }
    free_image(&images[0]);
}

static void damage_is_found_and_the_rest_is_saved(void **state)
{
    const wax_store_options options = {.place = home, .key = key_of(0), .reads_all = true};
    wax_store_report report;
    wax_store *store = NULL;
    struct image file;
    struct book found;

    (void)state;
    fill(0);
    file = read_image(home, "wax.db");
    sealed_value(&file)[24] ^= 1;
    write_image(home, "wax.db", &file);
    free_image(&file);
    assert_int_equal(wax_store_sqlite.open(&store, &options, &report), WAX_OK);
    assert_true(report.is_damaged);
    assert_int_equal(report.lost_count, 1);
    assert_int_equal(read_store(store, &found), WAX_OK);
    assert_int_equal(found.count, book.count - 1);
    assert_true(book_contains(&book, &found));
    book_clear(&found);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_key_opens),
        TEST(another_key_or_none_is_refused),
        TEST(nothing_of_a_value_is_in_the_files),
        TEST(no_nonce_comes_twice),
        TEST(damage_is_found_and_the_rest_is_saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
