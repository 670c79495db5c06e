/* What every engine promises, and what those promise that keep what they are given. */
#include "../store_check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const wax_store_kind *const kinds[] = {&wax_store_memory, &wax_store_sqlite};

static char home[64];
static wax_store_report report;

static int begin(void **state)
{
    (void)state;
    make_home(home, sizeof home);
    return 0;
}

static int end(void **state)
{
    (void)state;
    remove_home(home);
    return 0;
}

static uint64_t commit_one(wax_store *store, wax_store_table table, const char *key,
                           const char *value)
{
    wax_store_batch batch = {.data = NULL};

    wax_store_put(&batch, table, wax_bytes_of_text(key), wax_bytes_of_text(value), false);
    return store->kind->commit(store, &batch);
}

static void put_message(wax_store_batch *batch, uint64_t number, const char *text)
{
    uint8_t key[8];

    wax_store_put(batch, WAX_STORE_MESSAGES, number_key(key, number), wax_bytes_of_text(text),
                  true);
}

/* Rows of a queue: the place, and the message that waits there. */
static void put_row(wax_store_batch *batch, uint64_t place, uint64_t number, bool is_new)
{
    uint8_t key[16];
    uint8_t value[9] = {0};

    (void)number_key(key, 7);
    (void)number_key(key + 8, place);
    (void)number_key(value, number);
    wax_store_put(batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16), wax_bytes_of(value, 9), is_new);
}

static void remove_row(wax_store_batch *batch, uint64_t place)
{
    uint8_t key[16];

    (void)number_key(key, 7);
    (void)number_key(key + 8, place);
    wax_store_remove(batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16));
}

static void commit_and_wait(wax_store *store, wax_store_batch *batch)
{
    wait_for(store, store->kind->commit(store, batch));
}

static size_t count_in(wax_store *store, wax_store_table table)
{
    struct book book = {.entries = NULL};
    struct look look = {.book = &book, .table = table};
    size_t count;

    assert_int_equal(run_look(store, &look), WAX_OK);
    count = book.count;
    book_clear(&book);
    return count;
}

/* --- Every engine --- */

static void a_commit_takes_the_batch_and_becomes_durable(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(kinds); i++) {
        wax_store *store = open_store(kinds[i], home, &report);
        wax_store_batch batch = {.data = NULL};
        uint64_t mark;

        check_row(kinds[i]->name, report.text[0] == '\0' && !report.is_damaged);
        check_row(kinds[i]->name, kinds[i]->commit(store, &batch) == 0);
        wax_store_put(&batch, WAX_STORE_META, WAX_TEXT("name"), WAX_TEXT("value"), false);
        mark = kinds[i]->commit(store, &batch);
        check_row(kinds[i]->name, batch.count == 0 && batch.data == NULL);
        wait_for(store, mark);
        check_row(kinds[i]->name, kinds[i]->state(store) == WAX_OK);
        check_row(kinds[i]->name, kinds[i]->close(store) == WAX_OK);
    }
}

/* Without memory for a change nothing may be taken for safe, least of all when it was the first. */
static void a_broken_batch_is_never_committed(void **state)
{
    int status = 0;
    pid_t child = fork(); /* before the store has threads */

    (void)state;
    if (child == 0) {
        wax_store *store = open_store(&wax_store_sqlite, home, &report);
        wax_store_batch batch = {.is_broken = true};

        (void)signal(SIGILL, SIG_DFL); /* cmocka would go on with the next test */
        (void)signal(SIGTRAP, SIG_DFL);
        (void)signal(SIGABRT, SIG_DFL);
        (void)store->kind->commit(store, &batch);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_task_runs_after_what_was_committed(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(kinds); i++) {
        wax_store *store = open_store(kinds[i], home, &report);

        (void)commit_one(store, WAX_STORE_META, "name", "value");
        check_row(kinds[i]->name, count_in(store, WAX_STORE_META) == (kinds[i]->keeps ? 1U : 0U));
        check_row(kinds[i]->name, kinds[i]->close(store) == WAX_OK);
    }
}

static void a_store_that_closes_runs_what_was_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < WAX_COUNT(kinds); i++) {
        wax_store *store = open_store(kinds[i], home, &report);
        struct book book = {.entries = NULL};
        struct look look = {.book = &book, .store = store, .task = {.run = look_around}};

        kinds[i]->ask(store, &look.task);
        (void)kinds[i]->close(store);
        check_row(kinds[i]->name, atomic_load(&look.is_done));
        book_clear(&book);
    }
}

/* --- Those that keep --- */

static void values_come_back_in_the_order_of_their_keys(void **state)
{
    static const char *const keys[] = {"b", "a\xff", "a", "ab", "\xff\xff", "\x7f", "\x80", "aa"};
    struct book wanted = {.entries = NULL};
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    uint64_t mark = 0;

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(keys); i++) {
        mark = commit_one(store, WAX_STORE_META, keys[i], "value");
        book_put(&wanted, WAX_STORE_META, wax_bytes_of_text(keys[i]), WAX_TEXT("value"));
    }
    wait_for(store, mark);
    check_store(store, &wanted);
    assert_int_equal(store->kind->close(store), WAX_OK);
    store = open_store(&wax_store_sqlite, home, &report);
    check_store(store, &wanted);
    assert_int_equal(store->kind->close(store), WAX_OK);
    book_clear(&wanted);
}

static void a_walk_begins_behind_a_key_and_ends_with_the_prefix(void **state)
{
    static const struct {
        const char *name;
        const char *prefix;
        const char *after;
        size_t count;
    } rows[] = {
        {"all",                        "",     "",   6},
        {"a prefix",                   "a",    "",   3},
        {"behind a key of the prefix", "a",    "aa", 1},
        {"behind a key that is none",  "a",    "a0", 2},
        {"behind the last one",        "a",    "ab", 0},
        {"after stands before prefix", "b",    "a",  1},
        {"a prefix of 0xff",           "\xff", "",   2},
        {"behind, without a prefix",   "",     "b",  2},
        {"of nobody",                  "c",    "",   0},
    };
    static const char *const keys[] = {"a", "aa", "ab", "b", "\xff", "\xff\xff"};
    wax_store *store = open_store(&wax_store_sqlite, home, &report);

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(keys); i++) {
        (void)commit_one(store, WAX_STORE_META, keys[i], "value");
    }
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        struct book book = {.entries = NULL};
        struct look look = {.book = &book,
                            .table = WAX_STORE_META,
                            .prefix = wax_bytes_of_text(rows[i].prefix),
                            .after = wax_bytes_of_text(rows[i].after)};
        check_row(rows[i].name, run_look(store, &look) == WAX_OK);
        check_row(rows[i].name, book.count == rows[i].count);
        book_clear(&book);
    }
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void numbers_of_messages_have_no_sign(void **state)
{
    static const uint64_t numbers[] = {1, 2, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    struct book book = {.entries = NULL};
    struct look look = {.book = &book, .table = WAX_STORE_MESSAGES};
    uint8_t after[8];
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(numbers); i++) {
        put_message(&batch, numbers[i], "text");
        put_row(&batch, i, numbers[i], true);
    }
    commit_and_wait(store, &batch);
    look.after = number_key(after, 2);
    assert_int_equal(run_look(store, &look), WAX_OK);
    assert_int_equal(book.count, 3); /* in order, which the look asserts */
    assert_int_equal(book.entries[2].key[0], 0xff);
    book_clear(&book);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void a_message_stays_as_long_as_somebody_holds_it(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};

    (void)state;
    put_message(&batch, 1, "nobody wants it");
    put_message(&batch, 2, "two want it");
    put_row(&batch, 1, 2, true);
    put_row(&batch, 2, 2, true);
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 1);

    remove_row(&batch, 1);
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 1);

    put_message(&batch, 3, "takes the place of the other");
    put_row(&batch, 2, 3, false);
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 1);

    wax_store_remove_all(&batch, WAX_STORE_QUEUES, WAX_TEXT("\0\0\0\0\0\0\0\7"));
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 0);
    assert_int_equal(count_in(store, WAX_STORE_QUEUES), 0);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void the_number_zero_is_no_message(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_options options = {.place = home, .must_be_whole = true, .reads_all = true};
    wax_store_batch batch = {.data = NULL};

    (void)state;
    put_message(&batch, 1, "text");
    put_row(&batch, 1, 1, true);
    put_row(&batch, 2, 0, true);
    commit_and_wait(store, &batch);
    put_row(&batch, 1, 0, false); /* the message is delivered, the exchange not yet over */
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 0);
    assert_int_equal(count_in(store, WAX_STORE_QUEUES), 2);
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_int_equal(wax_store_sqlite.open(&store, &options, &report), WAX_OK);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void of_a_message_the_first_put_counts(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};
    struct book book = {.entries = NULL};
    struct look look = {.book = &book, .table = WAX_STORE_MESSAGES};

    (void)state;
    put_message(&batch, 1, "first");
    put_message(&batch, 1, "second");
    put_row(&batch, 1, 1, true);
    commit_and_wait(store, &batch);
    put_message(&batch, 1, "third");
    put_row(&batch, 2, 1, true);
    commit_and_wait(store, &batch);
    assert_int_equal(run_look(store, &look), WAX_OK);
    assert_int_equal(book.count, 1);
    assert_true(wax_bytes_equal(entry_value(&book.entries[0]), WAX_TEXT("first")));
    book_clear(&book);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void messages_are_not_removed_by_hand(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};
    uint8_t key[8];

    (void)state;
    put_message(&batch, 1, "text");
    put_row(&batch, 1, 1, true);
    wax_store_remove(&batch, WAX_STORE_MESSAGES, number_key(key, 1));
    wax_store_remove_all(&batch, WAX_STORE_MESSAGES, WAX_TEXT(""));
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 1);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void what_is_added_and_removed_at_once_is_never_written(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};
    wax_store_figures figures;

    (void)state;
    put_message(&batch, 1, "text");
    put_row(&batch, 1, 1, true);
    remove_row(&batch, 1);
    commit_and_wait(store, &batch);
    store->kind->figures(store, &figures);
    assert_int_equal(figures.changes, 3);
    assert_int_equal(figures.written, 0);
    assert_int_equal(figures.waiting_bytes, 0);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void a_broken_promise_of_newness_harms_nobody(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};

    (void)state;
    put_message(&batch, 1, "text");
    put_row(&batch, 1, 1, true);
    commit_and_wait(store, &batch);
    put_message(&batch, 2, "text");
    put_row(&batch, 1, 2, true);
    commit_and_wait(store, &batch);
    assert_int_equal(count_in(store, WAX_STORE_QUEUES), 1);
    assert_int_equal(count_in(store, WAX_STORE_MESSAGES), 1);
    assert_int_equal(store->kind->close(store), WAX_OK);
}

/* Visits may walk: here, from the rows to the messages they hold. */
struct nested {
    wax_store_task task;
    wax_store_view *view;
    size_t found;
    atomic_bool is_done;
};

static bool count_message(void *context, wax_bytes key, wax_bytes value)
{
    struct nested *nested = context;

    (void)key;
    nested->found += wax_bytes_equal(value, WAX_TEXT("text")) ? 1 : 0;
    return true;
}

static bool follow_row(void *context, wax_bytes key, wax_bytes value)
{
    struct nested *nested = context;
    const wax_store_range range = {.table = WAX_STORE_MESSAGES,
                                   .prefix = wax_bytes_of(value.data, 8)};

    (void)key;
    assert_int_equal(wax_store_sqlite.walk(nested->view, &range, count_message, nested), WAX_OK);
    return true;
}

static void follow_rows(wax_store_task *task, wax_store_view *view)
{
    const wax_store_range range = {.table = WAX_STORE_QUEUES};
    struct nested *nested = (void *)task;

    nested->view = view;
    (void)wax_store_sqlite.walk(view, &range, follow_row, nested);
    atomic_store(&nested->is_done, true);
}

static void a_visit_may_walk(void **state)
{
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    wax_store_batch batch = {.data = NULL};
    struct nested nested = {.task = {.run = follow_rows}};

    (void)state;
    for (uint64_t i = 1; i <= 10; i++) {
        put_message(&batch, i, "text");
        put_row(&batch, i, i, true);
    }
    (void)store->kind->commit(store, &batch);
    store->kind->ask(store, &nested.task);
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_int_equal(nested.found, 10);
}

/* --- Files --- */

static unsigned mode_of(const char *name)
{
    char path[300];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s%s", home, name);
    assert_int_equal(stat(path, &status), 0);
    return (unsigned)status.st_mode & 07777U;
}

static void only_the_owner_may_read_a_store(void **state)
{
    static const mode_t masks[] = {0, 0022, 0377};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(masks); i++) {
        mode_t before = umask(masks[i]);
        wax_store *store;

        (void)rmdir(home);
        store = open_store(&wax_store_sqlite, home, &report);
        wait_for(store, commit_one(store, WAX_STORE_META, "name", "value"));
        (void)umask(before);
        assert_int_equal(mode_of(""), 0700);
        assert_int_equal(mode_of("/wax.db"), 0600);
        assert_int_equal(mode_of("/wax.db-wal"), 0600);
        assert_string_equal(report.text, "");
        assert_int_equal(store->kind->close(store), WAX_OK);
        empty_home(home);
    }
}

/* A tool that root runs must not lock out the account that the broker runs under. */
static void what_root_makes_is_the_owners_of_the_folder(void **state)
{
    enum { NOBODY = 65534 };
    static const char *const names[] = {"wax.db", "wax.db-wal"};
    wax_store *store;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(chown(home, NOBODY, NOBODY), 0);
    store = open_store(&wax_store_sqlite, home, &report);
    wait_for(store, commit_one(store, WAX_STORE_META, "name", "value"));
    for (size_t i = 0; i < WAX_COUNT(names); i++) {
        char path[300];
        struct stat status;
        (void)snprintf(path, sizeof path, "%s/%s", home, names[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, NOBODY);
        assert_int_equal(status.st_gid, NOBODY);
    }
    assert_int_equal(store->kind->close(store), WAX_OK);
}

static void a_folder_that_others_may_read_is_told(void **state)
{
    wax_store *store;

    (void)state;
    assert_int_equal(chmod(home, 0755), 0);
    store = open_store(&wax_store_sqlite, home, &report);
    assert_non_null(strstr(report.text, "0755"));
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_int_equal(mode_of(""), 0755);
}

static void a_store_is_one_process_alone(void **state)
{
    const wax_store_options options = {.place = home};
    wax_store *first = open_store(&wax_store_sqlite, home, &report);
    wax_store *second = NULL;

    (void)state;
    assert_int_equal(wax_store_sqlite.open(&second, &options, &report), WAX_IO);
    assert_non_null(strstr(report.text, "in use"));
    assert_int_equal(first->kind->close(first), WAX_OK);
    first = open_store(&wax_store_sqlite, home, &report);
    assert_int_equal(first->kind->close(first), WAX_OK);
}

static void what_cannot_be_a_store_is_said(void **state)
{
    static const struct {
        const char *place;
        const char *text;
    } rows[] = {
        {"/proc/none/store", "No such file"   },
        {"/dev/null",        "is not a folder"},
        {NULL,               "needs a folder" },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        const wax_store_options options = {.place = rows[i].place};
        wax_store *store = NULL;
        assert_int_equal(wax_store_sqlite.open(&store, &options, &report), WAX_IO);
        check_row(report.text, strstr(report.text, rows[i].text) != NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_commit_takes_the_batch_and_becomes_durable),
        TEST(a_broken_batch_is_never_committed),
        TEST(a_task_runs_after_what_was_committed),
        TEST(a_store_that_closes_runs_what_was_asked),
        TEST(values_come_back_in_the_order_of_their_keys),
        TEST(a_walk_begins_behind_a_key_and_ends_with_the_prefix),
        TEST(numbers_of_messages_have_no_sign),
        TEST(a_message_stays_as_long_as_somebody_holds_it),
        TEST(the_number_zero_is_no_message),
        TEST(of_a_message_the_first_put_counts),
        TEST(messages_are_not_removed_by_hand),
        TEST(what_is_added_and_removed_at_once_is_never_written),
        TEST(a_broken_promise_of_newness_harms_nobody),
        TEST(a_visit_may_walk),
        TEST(only_the_owner_may_read_a_store),
        TEST(what_root_makes_is_the_owners_of_the_folder),
        TEST(a_folder_that_others_may_read_is_told),
        TEST(a_store_is_one_process_alone),
        TEST(what_cannot_be_a_store_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
