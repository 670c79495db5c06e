/* A store and a map say the same, whatever several threads commit to it, now and after it was
 * closed and opened; and each message knows how many rows hold it. */
#include "../store_check.h"

#include <sqlite3.h>

enum {
    WRITERS = 3,
    ROUNDS = 6,
    BATCHES = 60,
    CHANGES_MAX = 20,
    PLACES = 12,   /* keys of one session in one table */
    MESSAGES = 40, /* shared by all */
};

/* Each writer has sessions of its own, so that one map after the other says what must be. */
struct writer {
    pthread_t thread;
    uint64_t number;
    uint64_t seed;
    wax_store *store;
    struct book book;
    uint64_t mark;
};

/* SplitMix64. */
static uint64_t draw(struct writer *writer, uint64_t below)
{
    uint64_t z = (writer->seed += 0x9e3779b97f4a7c15U);

    z = (z ^ z >> 30U) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27U) * 0x94d049bb133111ebU;
    return (z ^ z >> 31U) % below;
}

static void put(struct writer *writer, wax_store_batch *batch, wax_store_table table, wax_bytes key)
{
    uint8_t value[60] = {0};
    size_t size = 8 + (size_t)draw(writer, sizeof value - 8);
    bool is_new = !book_has(&writer->book, table, key) && draw(writer, 4) > 0;
    char text[64];

    (void)number_key(value, draw(writer, MESSAGES));
    memset(value + 8, (int)draw(writer, 256), size - 8);
    if (table_holds(table) && !is_zero(wax_bytes_of(value, 8))) {
        wax_bytes message = wax_bytes_of(value, 8);
        wax_store_put(batch, WAX_STORE_MESSAGES, message, message_text(message, text), false);
    }
    wax_store_put(batch, table, key, wax_bytes_of(value, size), is_new);
    book_put(&writer->book, table, key, wax_bytes_of(value, size));
}

static void change(struct writer *writer, wax_store_batch *batch)
{
    wax_store_table table = (wax_store_table)draw(writer, WAX_STORE_MESSAGES);
    uint64_t kind = draw(writer, 20);
    uint8_t bytes[17];
    wax_bytes key;

    (void)number_key(bytes, writer->number * 4 + draw(writer, 4));
    (void)number_key(bytes + 8, draw(writer, PLACES));
    bytes[16] = 0xff;
    key = wax_bytes_of(bytes, 16 + (size_t)draw(writer, 2));
    if (kind < 11) {
        put(writer, batch, table, key);
    } else if (kind < 19) {
        wax_store_remove(batch, table, key);
        book_remove(&writer->book, table, key, false);
    } else {
        static const size_t sizes[] = {8, 8, 8, 15, 16};
        key.size = sizes[draw(writer, WAX_COUNT(sizes))];
        wax_store_remove_all(batch, table, key);
        book_remove(&writer->book, table, key, true);
    }
}

static void *write_batches(void *context)
{
    struct writer *writer = context;
    wax_store_batch batch = {.data = NULL};

    for (unsigned i = 0; i < BATCHES; i++) {
        uint64_t count = 1 + draw(writer, CHANGES_MAX);
        while (count-- > 0) {
            change(writer, &batch);
        }
        writer->mark = writer->store->kind->commit(writer->store, &batch);
        if (draw(writer, 8) == 0) {
            wait_for(writer->store, writer->mark);
        }
    }
    return NULL;
}

static int64_t number_in(const char *home, const char *sql)
{
    char path[300];
    sqlite3 *handle;
    sqlite3_stmt *statement;
    int64_t number;

    (void)snprintf(path, sizeof path, "%s/wax.db", home);
    assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

#define HELD_BY(table) "(SELECT count(*) FROM " table " WHERE link=m.key)"

static const char wrongly_counted[] = "SELECT count(*) FROM messages m WHERE link != " HELD_BY(
    "queues") "+" HELD_BY("wills") "+" HELD_BY("retained") "+" HELD_BY("letters");

static void run_round(const char *home, struct writer *writers, struct book *wanted)
{
    wax_store_report report;
    wax_store *store = open_store(&wax_store_sqlite, home, &report);

    assert_string_equal(report.text, "");
    check_store(store, wanted);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i].store = store;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_batches, &writers[i]), 0);
    }
    book_clear(wanted);
    for (unsigned i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
        wait_for(store, writers[i].mark);
        book_copy(wanted, &writers[i].book);
    }
    book_add_messages(wanted);
    check_store(store, wanted);
    assert_int_equal(store->kind->close(store), WAX_OK);
    assert_int_equal(number_in(home, wrongly_counted), 0);
}

static void a_store_and_a_map_say_the_same(void **state)
{
    struct writer writers[WRITERS] = {{.number = 0}};
    struct book wanted = {.entries = NULL};
    char home[64];

    (void)state;
    make_home(home, sizeof home);
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i].number = i;
        writers[i].seed = 1000 + i;
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        run_round(home, writers, &wanted);
    }
    assert_true(wanted.count > 100);
    for (unsigned i = 0; i < WRITERS; i++) {
        book_clear(&writers[i].book);
    }
    book_clear(&wanted);
    remove_home(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_and_a_map_say_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
