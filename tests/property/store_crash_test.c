/* Wherever the power is cut, the disk fails or is full: what was said to be durable is there, and a
 * group is there as a whole or not at all. */
#include "../store_files.h"
#include "../store_vfs.h"

#include <sys/mman.h>
#include <sys/wait.h>

enum { BATCHES = 12, HALF = BATCHES / 2, KEYS = 6, STEPS_MAX = 2000 };

/* What the process that dies has been told. */
struct told {
    _Atomic uint64_t marks[BATCHES];
    atomic_uint durable_count; /* batches that are safe */
    atomic_bool is_through;
};

static struct told *told;
static wax_store *running;
static char home[64];

/* Every batch is the same every time it is made. */
static uint64_t draw(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15U);

    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return z ^ z >> 31U;
}

static void put(wax_store_batch *batch, struct book *book, wax_store_table table, uint64_t *seed)
{
    static const uint8_t large[3000];
    uint8_t key[16];
    uint8_t value[100] = {0};
    wax_bytes where;
    char text[64];

    (void)number_key(key, draw(seed) % 3);
    (void)number_key(key + 8, draw(seed) % KEYS);
    (void)number_key(value, draw(seed) % 20);
    value[8] = (uint8_t)draw(seed);
    where = wax_bytes_of(key, 16);
    if (table_holds(table) && !is_zero(wax_bytes_of(value, 8))) {
        wax_bytes message = wax_bytes_of(value, 8);
        wax_store_put(batch, WAX_STORE_MESSAGES, message, message_text(message, text), false);
    }
    wax_store_put(batch, table, where, wax_bytes_of(value, sizeof value),
                  !book_has(book, table, where));
    book_put(book, table, where, wax_bytes_of(value, sizeof value));
    /* Something that never stays, and so spreads writes over several pages. */
    wax_store_put(batch, WAX_STORE_META, WAX_TEXT("large"), wax_bytes_of(large, sizeof large),
                  false);
    wax_store_remove(batch, WAX_STORE_META, WAX_TEXT("large"));
}

/* Makes batch `number`, and does the same to the book. */
static void make_batch(unsigned number, wax_store_batch *batch, struct book *book)
{
    static const wax_store_table tables[] = {WAX_STORE_QUEUES, WAX_STORE_RETAINED,
                                             WAX_STORE_SESSIONS};
    uint64_t seed = number;
    uint8_t key[16];

    for (unsigned i = 0; i < 4; i++) {
        put(batch, book, tables[draw(&seed) % WAX_COUNT(tables)], &seed);
    }
    (void)number_key(key, draw(&seed) % 3);
    (void)number_key(key + 8, draw(&seed) % KEYS);
    wax_store_remove(batch, WAX_STORE_QUEUES, wax_bytes_of(key, 16));
    book_remove(book, WAX_STORE_QUEUES, wax_bytes_of(key, 16), false);
    if (number % 7 == 6) {
        wax_store_remove_all(batch, WAX_STORE_RETAINED, wax_bytes_of(key, 8));
        book_remove(book, WAX_STORE_RETAINED, wax_bytes_of(key, 8), true);
    }
    /* Says which batch was the last. */
    number_key(key, number);
    wax_store_put(batch, WAX_STORE_META, WAX_TEXT("last"), wax_bytes_of(key, 8), false);
    book_put(book, WAX_STORE_META, WAX_TEXT("last"), wax_bytes_of(key, 8));
}

/* What the store must have after the first `count` batches. */
static void expect(unsigned count, struct book *book)
{
    wax_store_batch batch = {.data = NULL};

    *book = (struct book){.entries = NULL};
    for (unsigned i = 0; i < count; i++) {
        make_batch(i, &batch, book);
    }
    wax_store_batch_clear(&batch);
    book_add_messages(book);
}

/* On the writer's thread, as soon as it is known. */
static void note_durable(void *context)
{
    uint64_t durable = running == NULL ? 0 : running->kind->durable(running);
    unsigned first = *(const unsigned *)context;

    for (unsigned i = first; i < BATCHES && i < first + HALF; i++) {
        uint64_t mark = atomic_load(&told->marks[i]);
        if (mark != 0 && mark <= durable && i + 1 > atomic_load(&told->durable_count)) {
            atomic_store(&told->durable_count, i + 1);
        }
    }
}

/* Opens, commits half of the batches and closes. Waits only where `waits`: a disk that has failed
 * for good lets nobody wait. */
static wax_status run_half(unsigned first, bool waits)
{
    struct book book = {.entries = NULL};
    const wax_store_options options = {.place = home, .wake = note_durable, .context = &first};
    wax_store_report report;
    wax_store *store = NULL;
    wax_store_batch batch = {.data = NULL};
    wax_status status = wax_store_sqlite.open(&store, &options, &report);

    if (status != WAX_OK) {
        assert_true(strlen(report.text) > 0);
        return status;
    }
    expect(first, &book);
    running = store;
    for (unsigned i = first; i < first + HALF; i++) {
        make_batch(i, &batch, &book);
        atomic_store(&told->marks[i], store->kind->commit(store, &batch));
        if (waits && i % 3 == 2) {
            wait_for(store, told->marks[i]);
        }
    }
    book_clear(&book);
    status = store->kind->close(store);
    running = NULL;
    return status;
}

static void forget_what_was_told(void)
{
    for (unsigned i = 0; i < BATCHES; i++) {
        atomic_store(&told->marks[i], 0);
    }
    atomic_store(&told->durable_count, 0);
    atomic_store(&told->is_through, false);
}

static unsigned last_batch(const struct book *book)
{
    size_t at = book_find(book, WAX_STORE_META, WAX_TEXT("last"));

    return book_has(book, WAX_STORE_META, WAX_TEXT("last")) ? book->entries[at].value[7] + 1U : 0;
}

/* Opens what is left and looks whether it may be so. `is_known`: all marks were noted. */
static void check_what_is_left(const char *how, uint64_t step)
{
    wax_store_report report;
    wax_store *store = open_store(&wax_store_sqlite, home, &report);
    unsigned durable_count = atomic_load(&told->durable_count);
    struct book found;
    struct book wanted;
    unsigned count;

    if (report.text[0] != '\0' || report.is_damaged) {
        fail_msg("%s at step %u: %s", how, (unsigned)step, report.text);
    }
    assert_int_equal(read_store(store, &found), WAX_OK);
    assert_int_equal(store->kind->close(store), WAX_OK);
    count = last_batch(&found);
    expect(count, &wanted);
    if (count < durable_count || !book_equals(&found, &wanted)) {
        fail_msg("%s at step %u: %u batches are durable, %u are there", how, (unsigned)step,
                 durable_count, count);
    }
    /* Groups are whole: the next batch is of another one. */
    if (count > 0 && count % HALF != 0 && atomic_load(&told->marks[count]) != 0) {
        assert_true(atomic_load(&told->marks[count - 1]) != atomic_load(&told->marks[count]));
    }
    book_clear(&found);
    book_clear(&wanted);
}

static void start_again(void)
{
    disk_reset();
    empty_home(home);
    forget_what_was_told();
}

/* In a process of its own, which ends with the power. Returns whether it came through. */
static bool run_until_cut(uint64_t step, enum cut cut)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        disk.cut_at = step;
        disk.cut = cut;
        disk.seed = step;
        if (run_half(0, true) == WAX_OK && run_half(HALF, true) == WAX_OK) {
            atomic_store(&told->is_through, true);
        }
        _exit(0);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return atomic_load(&told->is_through);
}

static void a_power_cut_loses_nothing_durable(void **state)
{
    static const struct {
        const char *name;
        enum cut cut;
    } rows[] = {
        {"nothing of what was not synced is kept", CUT_KEEPS_NOTHING},
        {"all of it is kept",                      CUT_KEEPS_ALL    },
        {"some sectors of it are kept",            CUT_KEEPS_SOME   },
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        uint64_t step = 0;
        bool is_through = false;
        while (!is_through && step < STEPS_MAX) {
            start_again();
            is_through = run_until_cut(++step, rows[i].cut);
            check_what_is_left(rows[i].name, step);
        }
        assert_true(is_through && step > 50);
    }
}

/* A store one of whose values is not sound, and what must be left of it. */
static void make_damaged(struct image *image, struct book *book)
{
    const wax_store_options options = {.place = home};
    wax_store *store = fill_store(&options, 3, book);
    uint8_t *value;

    assert_int_equal(store->kind->close(store), WAX_OK);
    *image = read_image(home, "wax.db");
    value = memmem(image->data, image->size, book->entries[1].value, book->entries[1].value_size);
    assert_non_null(value);
    value[20] ^= 1;
    book_remove(book, book->entries[1].table, entry_key(&book->entries[1]), false);
}

static bool open_until_cut(uint64_t step, enum cut cut)
{
    const wax_store_options options = {.place = home};
    wax_store_report report;
    wax_store *store;
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        disk.cut_at = step;
        disk.cut = cut;
        disk.seed = step;
        if (wax_store_sqlite.open(&store, &options, &report) == WAX_OK) {
            atomic_store(&told->is_through, true);
        }
        _exit(0);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return atomic_load(&told->is_through);
}

static void a_power_cut_while_a_store_is_mended_loses_nothing(void **state)
{
    static const enum cut cuts[] = {CUT_KEEPS_NOTHING, CUT_KEEPS_ALL, CUT_KEEPS_SOME};
    struct image image;
    struct book wanted = {.entries = NULL};

    (void)state;
    start_again();
    make_damaged(&image, &wanted);
    for (size_t i = 0; i < WAX_COUNT(cuts); i++) {
        uint64_t step = 0;
        bool is_through = false;
        while (!is_through && step < STEPS_MAX) {
            wax_store_report report;
            wax_store *store;
            start_again();
            write_image(home, "wax.db", &image);
            is_through = open_until_cut(++step, cuts[i]);
            store = open_store(&wax_store_sqlite, home, &report);
            check_store(store, &wanted);
            assert_int_equal(store->kind->close(store), WAX_OK);
        }
        assert_true(is_through && step > 10);
    }
    free_image(&image);
    book_clear(&wanted);
}

/* Whether the disk was used up to the failure, and the store has everything in the end. */
static bool run_with_failure(uint64_t step, uint64_t count, int failure)
{
    bool has_failed;

    start_again();
    disk.failure = failure;
    disk.fail_count = count;
    disk.fail_from = step;
    for (unsigned first = 0; first < BATCHES; first += HALF) {
        /* A store that cannot be opened now can be opened when the disk is well. */
        if (run_half(first, true) != WAX_OK) {
            disk.fail_from = 0;
            assert_true(atomic_load(&told->marks[first]) != 0 || run_half(first, true) == WAX_OK);
        }
    }
    has_failed = disk.steps >= step;
    disk.fail_from = 0;
    return has_failed;
}

static void a_failure_that_passes_costs_nothing_but_time(void **state)
{
    static const struct {
        const char *name;
        int failure;
        uint64_t count;
    } rows[] = {
        {"the disk is full",    SQLITE_FULL,        1},
        {"a write fails",       SQLITE_IOERR_WRITE, 1},
        {"a whole group fails", SQLITE_FULL,        3},
    };

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(rows); i++) {
        for (uint64_t step = 1 + i; step < STEPS_MAX; step += 3) {
            bool has_failed = run_with_failure(step, rows[i].count, rows[i].failure);
            check_what_is_left(rows[i].name, step);
            if (!has_failed) {
                break;
            }
        }
    }
}

static void a_disk_that_fails_for_good_is_told(void **state)
{
    wax_status status = WAX_IO;

    (void)state;
    for (uint64_t step = 1; step < STEPS_MAX; step += 11) {
        start_again();
        disk.failure = SQLITE_IOERR_WRITE;
        disk.fail_from = step;
        disk.fail_count = UINT64_MAX;
        status = run_half(0, false);
        disk.fail_from = 0;
        check_what_is_left("the disk fails for good", step);
        if (status == WAX_OK) {
            break;
        }
    }
    assert_int_equal(status, WAX_OK);
}

static int begin(void **state)
{
    (void)state;
    make_home(home, sizeof home);
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(told != MAP_FAILED);
    disk_insert(home);
    return 0;
}

static int end(void **state)
{
    (void)state;
    disk_reset();
    (void)munmap(told, sizeof *told);
    remove_home(home);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_loses_nothing_durable),
        cmocka_unit_test(a_power_cut_while_a_store_is_mended_loses_nothing),
        cmocka_unit_test(a_failure_that_passes_costs_nothing_but_time),
        cmocka_unit_test(a_disk_that_fails_for_good_is_told),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
