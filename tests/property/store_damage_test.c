/* Whatever byte of a store is another one, and wherever its file ends: it opens, what it gives back
 * was once put in, and if something is missing it says so. */
#include "../store_files.h"

enum { ROWS = 40, FLIPS = 400, CUTS = 60 };

static char home[64];
static struct image whole; /* the file after it was closed */
static struct image raw;   /* the file and its log of a process that was killed */
static struct image raw_log;
static struct book book;
static uint64_t seed = 7;

static uint64_t draw(uint64_t below)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15U);

    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return (z ^ z >> 31U) % below;
}

static int begin(void **state)
{
    const wax_store_options options = {.place = home};
    wax_store *store;

    (void)state;
    make_home(home, sizeof home);
    store = fill_store(&options, ROWS, &book);
    raw = read_image(home, "wax.db");
    raw_log = read_image(home, "wax.db-wal");
    assert_int_equal(store->kind->close(store), WAX_OK);
    whole = read_image(home, "wax.db");
    assert_true(whole.size > 20000 && raw_log.size > 20000);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free_image(&whole);
    free_image(&raw);
    free_image(&raw_log);
    book_clear(&book);
    remove_home(home);
    return 0;
}

/* Opens it as the broker would that takes what it can get. */
static void open_damaged(struct book *found, wax_store_report *report)
{
    const wax_store_options options = {.place = home, .reads_all = true};
    wax_store *store = NULL;

    if (wax_store_sqlite.open(&store, &options, report) != WAX_OK) {
        fail_msg("%s", report->text);
    }
    assert_int_equal(read_store(store, found), WAX_OK);
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_true(book_contains(&book, found));
    if (report->is_damaged || report->is_newer) {
        assert_int_equal(report->saved_count, found->count);
        assert_int_equal(access(report->aside, F_OK), 0);
        assert_true(strlen(report->text) > 0);
    }
}

static bool is_refused(void)
{
    const wax_store_options options = {.place = home, .reads_all = true, .must_be_whole = true};
    wax_store_report report;
    wax_store *store = NULL;
    wax_status status = wax_store_sqlite.open(&store, &options, &report);

    if (status == WAX_OK) {
        assert_int_equal(store->kind->close(store), WAX_OK);
        return false;
    }
    assert_int_equal(status, WAX_MALFORMED);
    assert_non_null(strstr(report.text, "wax ctl store repair"));
    return true;
}

/* Returns how many values are left. */
static size_t check_damaged(const struct image *file, const struct image *log)
{
    struct book found;
    wax_store_report report;
    bool was_refused;
    size_t count;

    empty_home(home);
    write_image(home, "wax.db", file);
    write_image(home, "wax.db-wal", log);
    was_refused = is_refused();
    if (was_refused) {
        struct image after = read_image(home, "wax.db");
        assert_int_equal(after.size, file->size);
        assert_memory_equal(after.data, file->data, file->size);
        free_image(&after);
    }
    open_damaged(&found, &report);
    assert_int_equal(was_refused, report.is_damaged || report.is_newer);
    if (!was_refused && log->data == NULL) {
        assert_true(book_equals(&book, &found));
    }
    count = found.count;
    book_clear(&found);
    return count;
}

static void any_byte_may_be_another_one(void **state)
{
    static const struct image none = {.data = NULL};
    size_t saved = 0;

    (void)state;
    for (unsigned i = 0; i < FLIPS; i++) {
        size_t at = (size_t)(i < 100 ? i : draw(whole.size));
        uint8_t flip = (uint8_t)(1 + draw(255));
        whole.data[at] ^= flip;
        saved += check_damaged(&whole, &none);
        whole.data[at] ^= flip;
    }
    /* One byte costs at most one table, and mostly nothing. */
    assert_true(saved > book.count * FLIPS / 2);
}

static void any_page_may_be_lost(void **state)
{
    static const struct image none = {.data = NULL};
    enum { PAGE = 4096 };

    (void)state;
    for (size_t at = 0; at + PAGE <= whole.size; at += PAGE) {
        uint8_t page[PAGE];
        memcpy(page, whole.data + at, PAGE);
        memset(whole.data + at, 0, PAGE);
        (void)check_damaged(&whole, &none);
        for (size_t i = 0; i < PAGE; i++) {
            whole.data[at + i] = (uint8_t)draw(256);
        }
        (void)check_damaged(&whole, &none);
        memcpy(whole.data + at, page, PAGE);
    }
}

static void the_file_may_end_anywhere(void **state)
{
    static const struct image none = {.data = NULL};

    (void)state;
    for (unsigned i = 0; i < CUTS; i++) {
        struct image part = {.data = whole.data, .size = (size_t)draw(whole.size)};
        (void)check_damaged(&part, &none);
    }
}

/* A log that ends early is what a power cut leaves: what stands before is taken, and nobody can
 * tell that there was more. */
static void a_log_may_be_torn(void **state)
{
    (void)state;
    assert_int_equal(check_damaged(&raw, &raw_log), book.count);
    for (unsigned i = 0; i < CUTS; i++) {
        struct image part = {.data = raw_log.data, .size = (size_t)draw(raw_log.size)};
        size_t at = (size_t)draw(raw_log.size);
        uint8_t flip = (uint8_t)(1 + draw(255));
        (void)check_damaged(&raw, &part);
        raw_log.data[at] ^= flip;
        (void)check_damaged(&raw, &raw_log);
        raw_log.data[at] ^= flip;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_byte_may_be_another_one),
        cmocka_unit_test(any_page_may_be_lost),
        cmocka_unit_test(the_file_may_end_anywhere),
        cmocka_unit_test(a_log_may_be_torn),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
