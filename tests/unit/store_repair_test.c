/* What is found in the folder of a store, and what is made of it. */
#include "../store_files.h"

#include <sqlite3.h>

enum { ROWS = 3 };

static char home[64];
static struct book book;

/* A closed store with all tables filled. */
static int begin(void **state)
{
    const wax_store_options options = {.place = home};
    wax_store *store;

    (void)state;
    make_home(home, sizeof home);
    store = fill_store(&options, ROWS, &book);
    return store->kind->close(store) == WAX_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    book_clear(&book);
    remove_home(home);
    return 0;
}

static void run_sql(const char *sql)
{
    char path[300];
    sqlite3 *handle;

    (void)snprintf(path, sizeof path, "%s/wax.db", home);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static void rename_file(const char *from, const char *to)
{
    char source[300];
    char target[300];

    (void)snprintf(source, sizeof source, "%s/%s", home, from);
    (void)snprintf(target, sizeof target, "%s/%s", home, to);
    assert_int_equal(rename(source, target), 0);
}

static void write_text(const char *name, const char *text)
{
    char copy[64];
    struct image image = {.data = (uint8_t *)copy, .size = strlen(text)};

    (void)snprintf(copy, sizeof copy, "%s", text);
    write_image(home, name, &image);
}

/* Opens what is there, and counts what it holds. */
static size_t open_and_count(wax_store_report *report)
{
    wax_store *store = open_store(&wax_store_sqlite, home, report);
    struct book found;
    size_t count;

    assert_int_equal(read_store(store, &found), WAX_OK);
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_true(book_contains(&book, &found));
    count = found.count;
    book_clear(&found);
    return count;
}

static void what_is_no_store_of_ours_is_set_aside(void **state)
{
    static const struct {
        const char *name;
        const char *sql;
        const char *text;
        size_t lost; /* with what the rows before lost */
        bool is_newer;
    } rows[] = {
        {"of another program",   "PRAGMA application_id=1",                                     "another program",    0,              false},
        {"of a later version",   "PRAGMA user_version=1000",                                    "later version",      0,              true },
        {"of no version",        "PRAGMA user_version=0",                                       "format",             0,              false},
        {"of a strange version", "PRAGMA user_version=-16777215",                               "format",             0,              false},
        {"a table is missing",   "DROP TABLE wills",                                            "a table is missing", 2U * ROWS,      false},
        {"a value",              "UPDATE sessions SET value=x'00'",                             "do not verify",      3U * ROWS,      false},
        {"a kind",               "UPDATE received SET key=key||'z'",                            "do not verify",      4U * ROWS,      false},
        {"a key",                "UPDATE meta SET key=CAST(key||'z' AS BLOB)",                  "do not verify",      5U * ROWS,      false},
        {"a message is gone",    "DELETE FROM messages WHERE key IN (SELECT link FROM queues)",
         "do not verify",                                                                                             7U * ROWS - 2U, false},
        {"a count",              "UPDATE messages SET link=link+1",                             "do not verify",      7U * ROWS - 2U, false},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_store_options options = {.place = home, .must_be_whole = true, .reads_all = true};
        wax_store_report report;
        wax_store *store = NULL;

        run_sql(rows[i].sql);
        check_row(rows[i].name, wax_store_sqlite.open(&store, &options, &report) == WAX_MALFORMED);
        check_row(rows[i].name, strstr(report.text, rows[i].text) != NULL);
        options.must_be_whole = false;
        check_row(rows[i].name, wax_store_sqlite.open(&store, &options, &report) == WAX_OK);
        check_row(rows[i].name, store->kind->close(store) == WAX_OK);
        check_row(rows[i].name, report.is_newer == rows[i].is_newer);
        check_row(rows[i].name, report.is_damaged != rows[i].is_newer);
        check_row(rows[i].name, access(report.aside, F_OK) == 0);
        /* What was made of it is whole. */
        check_row(rows[i].name, open_and_count(&report) == book.count - rows[i].lost);
        check_row(rows[i].name, !report.is_damaged && report.text[0] == '\0');
    }
}

static void what_is_no_database_is_set_aside(void **state)
{
    static const struct {
        const char *name;
        const char *content;
        const char *text;
    } rows[] = {
        {"a text",  "This is a text, and no database at all.", "it is not a database"},
        {"nothing", "",                                        "empty"               },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        wax_store_report report;
        write_text("wax.db", rows[i].content);
        check_row(rows[i].name, open_and_count(&report) == 0);
        check_row(rows[i].name, report.is_damaged);
        check_row(report.text, strstr(report.text, rows[i].text) != NULL);
        check_row(rows[i].name, access(report.aside, F_OK) == 0);
    }
}

/* SQLite would take such a log for one of the new file, or delete it. */
static void a_log_without_its_file_is_set_aside(void **state)
{
    const wax_store_options options = {.place = home};
    wax_store *store = open_store(&wax_store_sqlite, home, &(wax_store_report){.text = ""});
    struct image log;
    struct book more = {.entries = NULL};
    char path[600];
    wax_store_report report;

    (void)state;
    assert_int_equal(store->kind->close(store), WAX_OK);
    empty_home(home);
    store = fill_store(&options, ROWS, &more);
    log = read_image(home, "wax.db-wal");
    assert_int_equal(store->kind->close(store), WAX_OK);
    empty_home(home);
    write_image(home, "wax.db-wal", &log);
    free_image(&log);
    book_clear(&more);

    assert_int_equal(open_and_count(&report), 0);
    assert_true(report.is_damaged);
    (void)snprintf(path, sizeof path, "%s-wal", report.aside);
    assert_int_equal(access(path, F_OK), 0);
}

/* A process that ends while it puts a new store in the place of a damaged one. */
static void a_replacement_that_was_interrupted_is_finished(void **state)
{
    wax_store_report report;

    (void)state;
    rename_file("wax.db", "wax.db.new"); /* complete: the old one has gone already */
    write_text("wax.db-wal", "its log not yet");
    assert_int_equal(open_and_count(&report), book.count);
    assert_true(report.is_damaged);
}

static void a_replacement_that_is_not_complete_is_forgotten(void **state)
{
    wax_store_report report;

    (void)state;
    write_text("wax.db.new", "half of something");
    assert_int_equal(open_and_count(&report), book.count);
    rename_file("wax.db", "saved");
    write_text("wax.db.new", "half of something");
    assert_int_equal(open_and_count(&report), 0);
    assert_false(report.is_damaged);
}

static void a_damaged_message_is_found_when_it_is_asked_for(void **state)
{
    wax_store_report report;
    struct book found;
    wax_store *store;

    (void)state;
    run_sql("UPDATE messages SET value=x'00' WHERE key=(SELECT min(key) FROM messages)");
    store = open_store(&wax_store_sqlite, home, &report);
    assert_false(report.is_damaged);
    assert_int_equal(read_store(store, &found), WAX_MALFORMED);
    assert_int_equal(found.count, book.count - 1);
    book_clear(&found);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void a_suspect_store_is_read_whole(void **state)
{
    wax_store_report report;

    (void)state;
    write_text("wax.db.suspect", "");
    assert_int_equal(open_and_count(&report), book.count);
    assert_false(report.is_damaged);
    run_sql("UPDATE messages SET value=x'00' WHERE key=(SELECT min(key) FROM messages)");
    write_text("wax.db.suspect", "");
    assert_int_equal(open_and_count(&report), book.count - 2); /* with the row that held it */
    assert_true(report.is_damaged);
    assert_int_equal(report.lost_count, 2);
    assert_int_equal(report.saved_count, book.count - 2);
}

/* --- While it is open --- */

static wax_store_report told;
static unsigned told_count;

static void tell(void *context, const wax_store_report *report)
{
    (void)context;
    told = *report;
    told_count++;
}

/* The one page of the messages, which are not read when a store is opened. */
static void damage_messages(void)
{
    struct image image = read_image(home, "wax.db");
    char path[300];
    sqlite3 *handle;
    sqlite3_stmt *statement;
    size_t page;

    (void)snprintf(path, sizeof path, "%s/wax.db", home);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle,
                                        "SELECT rootpage FROM sqlite_master WHERE name='messages'",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    page = (size_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
    assert_true(page * 4096 <= image.size);
    memset(image.data + (page - 1) * 4096, 0xff, 4096);
    write_image(home, "wax.db", &image);
    free_image(&image);
}

/* Commits one session more, and one message that a queue holds. Returns the mark. */
static uint64_t commit_more(wax_store *store, uint8_t name)
{
    wax_store_batch batch = {.data = NULL};
    uint8_t key[16];
    uint8_t number[8];

    memset(key, name, sizeof key);
    memset(number, name, sizeof number);
    wax_store_put(&batch, WAX_STORE_MESSAGES, wax_bytes_of(number, 8), WAX_TEXT("more"), true);
    wax_store_put(&batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16), wax_bytes_of(number, 8), true);
    wax_store_put(&batch, WAX_STORE_SESSIONS, wax_bytes_of(key, 8), WAX_TEXT("one"), true);
    return store->kind->commit(store, &batch);
}

static wax_store *open_damaged(wax_store_options *options)
{
    wax_store_report report;
    wax_store *store = NULL;

    told_count = 0;
    damage_messages();
    assert_int_equal(wax_store_sqlite.open(&store, options, &report), WAX_OK);
    assert_false(report.is_damaged);
    return store;
}

static void damage_that_a_write_finds_is_set_aside_at_once(void **state)
{
    wax_store_options options = {.place = home, .tell = tell};
    wax_store *store = open_damaged(&options);
    wax_store_report report;
    struct book found;

    (void)state;
    wait_for(store, commit_more(store, 0xaa));
    assert_int_equal(store->kind->state(store), WAX_OK);
    assert_int_equal(told_count, 1);
    assert_true(told.is_damaged && told.saved_count > 0 && told.lost_count > 0);
    assert_int_equal(access(told.aside, F_OK), 0);
    wait_for(store, commit_more(store, 0xbb));
    assert_int_equal(told_count, 1);
    assert_int_equal(store->kind->close(store), WAX_OK);
    store = open_store(&wax_store_sqlite, home, &report);
    assert_false(report.is_damaged);
    assert_int_equal(read_store(store, &found), WAX_OK);
    /* Two commits of three rows, and what needs no messages. */
    assert_int_equal(found.count, told.saved_count + 6);
    book_clear(&found);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void what_must_be_whole_stays_as_it_is(void **state)
{
    wax_store_options options = {.place = home, .must_be_whole = true, .tell = tell};
    wax_store *store = open_damaged(&options);

    (void)state;
    (void)commit_more(store, 0xaa);
    while (store->kind->state(store) == WAX_OK) {
        (void)usleep(1000);
    }
    assert_int_equal(store->kind->close(store), WAX_IO);
    assert_int_equal(told_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_store_of_ours_is_set_aside),
        TEST(what_is_no_database_is_set_aside),
        TEST(a_log_without_its_file_is_set_aside),
        TEST(a_replacement_that_was_interrupted_is_finished),
        TEST(a_replacement_that_is_not_complete_is_forgotten),
        TEST(a_damaged_message_is_found_when_it_is_asked_for),
        TEST(a_suspect_store_is_read_whole),
        TEST(damage_that_a_write_finds_is_set_aside_at_once),
        TEST(what_must_be_whole_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
