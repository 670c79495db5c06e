/* Plans become rows. Whoever holds a message is tallied on the way; the messages come last, when it
 * is known how many holders each of them has won and lost. */
#include "store/sqlite_apply.h"

#include <stdlib.h>
#include <string.h>

/* That a message gained or lost a holder, or that there is a put of it. */
struct tally {
    int64_t number;
    int64_t holders;
    const struct item *put;
};

struct work {
    struct database *database;
    struct tally *tallies;
    size_t count;
    size_t size;
    uint64_t written;
};

static int tally(struct work *work, int64_t number, int64_t holders, const struct item *put)
{
    if (number == DATABASE_NO_MESSAGE) {
        return SQLITE_OK;
    }
    if (work->count == work->size) {
        size_t size = work->size == 0 ? 256 : work->size * 2;
        struct tally *tallies = realloc(work->tallies, size * sizeof *tallies);
        if (tallies == NULL) {
            return SQLITE_NOMEM;
        }
        work->tallies = tallies;
        work->size = size;
    }
    work->tallies[work->count++] = (struct tally){number, holders, put};
    return SQLITE_OK;
}

/* Runs a statement whose answers, if any, are the links of rows that are no more. */
static int run(struct work *work, wax_store_table table, sqlite3_stmt *statement)
{
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        int made = SQLITE_OK;
        work->written++;
        if (database_holds(table)) {
            made = tally(work, sqlite3_column_int64(statement, 0), -1, NULL);
        }
        if (made != SQLITE_OK) {
            return made;
        }
    }
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static uint8_t *room_for(struct database *database, size_t size)
{
    if (size > database->room_size || database->room == NULL) {
        uint8_t *room = realloc(database->room, size * 2);
        if (room == NULL) {
            return NULL;
        }
        database->room = room;
        database->room_size = size * 2;
    }
    return database->room;
}

int apply_put(struct database *database, enum statement kind, const struct item *item, int64_t link)
{
    const struct spot spot = {.table = item->table, .key = item->key};
    size_t size = item->value.size + seal_overhead(&database->seal);
    uint8_t *room = room_for(database, size);
    sqlite3_stmt *statement;
    int result;

    if (room == NULL || seal_value(&database->seal, &spot, item->value, room) != WAX_OK) {
        return SQLITE_NOMEM;
    }
    result = database_statement(database, item->table, kind, &statement);
    if (result != SQLITE_OK) {
        return result;
    }
    database_bind_key(statement, item->table, 1, item->key);
    sqlite3_bind_int64(statement, 2, link);
    sqlite3_bind_blob64(statement, 3, room, size, SQLITE_STATIC);
    result = sqlite3_step(statement);
    database_done(database, item->table, kind, statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Runs one of the statements that ask for a key, or two. */
static int run_keys(struct work *work, enum statement kind, const struct item *item, wax_bytes end)
{
    sqlite3_stmt *statement;
    int result = database_statement(work->database, item->table, kind, &statement);

    if (result != SQLITE_OK) {
        return result;
    }
    database_bind_key(statement, item->table, 1, item->key);
    if (kind == STATEMENT_SWEEP) {
        database_bind_key(statement, item->table, 2, end);
    }
    result = run(work, item->table, statement);
    database_done(work->database, item->table, kind, statement);
    return result;
}

/* A row that is put may stand in the place of one that held another message. */
static int put(struct work *work, const struct item *item)
{
    uint64_t written = work->written;
    int result = SQLITE_OK;

    if (database_holds(item->table)) {
        result = run_keys(work, STATEMENT_LINK, item, item->key);
    }
    work->written = written;
    return result == SQLITE_OK ? apply_put(work->database, STATEMENT_PUT, item,
                                           database_link(item->table, item->value))
                               : result;
}

static int add(struct work *work, const struct item *item)
{
    int result =
        apply_put(work->database, STATEMENT_ADD, item, database_link(item->table, item->value));

    /* Against the promise: better a look than a group that never gets through. */
    return (result & 0xff) == SQLITE_CONSTRAINT ? put(work, item) : result;
}

/* The link is asked for first: to answer it, the statement that deletes would set up a table of its
 * own each time, which takes longer than to look twice. */
static int drop(struct work *work, const struct item *item)
{
    uint64_t written = work->written;
    int result = SQLITE_OK;

    if (database_holds(item->table)) {
        result = run_keys(work, STATEMENT_LINK, item, item->key);
    }
    if (result == SQLITE_OK) {
        result = run_keys(work, STATEMENT_REMOVE, item, item->key);
        work->written = written + (uint64_t)sqlite3_changes(work->database->handle);
    }
    return result;
}

static int apply_item(struct work *work, const struct item *item)
{
    int result;

    if (item->table == WAX_STORE_MESSAGES) {
        return tally(work, database_number_of(item->key), 0, item);
    }
    if (item->deed == DEED_REMOVE) {
        return drop(work, item);
    }
    result = item->deed == DEED_ADD ? add(work, item) : put(work, item);
    work->written++;
    if (result == SQLITE_OK && database_holds(item->table)) {
        result = tally(work, database_link(item->table, item->value), 1, NULL);
    }
    return result;
}

/* Keys that begin with the prefix end before the prefix with its last byte increased. */
static int sweep(struct work *work, const struct item *item)
{
    size_t size = item->key.size;
    uint8_t *end;
    int result;

    while (size > 0 && item->key.data[size - 1] == 0xff) {
        size--;
    }
    if (size == 0) {
        return run_keys(work, STATEMENT_SWEEP_REST, item, item->key);
    }
    end = malloc(size);
    if (end == NULL) {
        return SQLITE_NOMEM;
    }
    memcpy(end, item->key.data, size);
    end[size - 1]++;
    result = run_keys(work, STATEMENT_SWEEP, item, wax_bytes_of(end, size));
    free(end);
    return result;
}

static int compare(const void *left, const void *right)
{
    const struct tally *one = left;
    const struct tally *other = right;

    return (one->number > other->number) - (one->number < other->number);
}

static int count_by(struct work *work, enum statement kind, const struct tally *sum)
{
    sqlite3_stmt *statement;
    int result = database_statement(work->database, WAX_STORE_MESSAGES, kind, &statement);

    if (result == SQLITE_OK) {
        sqlite3_bind_int64(statement, 1, sum->number);
        sqlite3_bind_int64(statement, 2, sum->holders);
        result = sqlite3_step(statement);
        database_done(work->database, WAX_STORE_MESSAGES, kind, statement);
    }
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Fewer or more hold a message that may be in the file; if nobody does, it goes. */
static int count_holders(struct work *work, const struct tally *sum)
{
    if (sum->holders < 0) {
        int result = count_by(work, STATEMENT_DROP, sum);
        if (result != SQLITE_OK || sqlite3_changes(work->database->handle) > 0) {
            return result;
        }
    }
    return count_by(work, STATEMENT_COUNT, sum);
}

static int settle(struct work *work, const struct tally *sum)
{
    if (sum->put != NULL && sum->holders > 0) {
        work->written++;
        return apply_put(work->database, STATEMENT_HOLD, sum->put, sum->holders);
    }
    return sum->holders == 0 ? SQLITE_OK : count_holders(work, sum);
}

static int settle_messages(struct work *work)
{
    int result = SQLITE_OK;
    size_t end;

    if (work->count > 0) {
        qsort(work->tallies, work->count, sizeof *work->tallies, compare);
    }
    for (size_t i = 0; i < work->count && result == SQLITE_OK; i = end) {
        struct tally sum = work->tallies[i];
        for (end = i + 1; end < work->count && work->tallies[end].number == sum.number; end++) {
            sum.holders += work->tallies[end].holders;
            sum.put = sum.put == NULL ? work->tallies[end].put : sum.put;
        }
        result = settle(work, &sum);
    }
    return result;
}

int apply_plan(struct database *database, const struct plan *plan, uint64_t *written)
{
    struct work work = {.database = database};
    int result = SQLITE_OK;

    for (size_t i = 0; i < plan->sweep_count && result == SQLITE_OK; i++) {
        result = sweep(&work, &plan->sweeps[i]);
    }
    for (size_t i = 0; i < plan->item_count && result == SQLITE_OK; i++) {
        result = apply_item(&work, &plan->items[i]);
    }
    if (result == SQLITE_OK) {
        result = settle_messages(&work);
    }
    free(work.tallies);
    *written = work.written;
    return result;
}
