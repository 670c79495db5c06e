/* Walks. A row verifies when its columns are of the right kind, its value is the one that was put
 * under this key, and its link is what the value says. */
#include "store/sqlite_walk.h"

#include <stdlib.h>
#include <string.h>

/* What a walk under way needs. */
struct reading {
    struct database *database;
    const struct walk *walk;
    uint8_t number[WAX_STORE_NUMBER_SIZE];
    uint8_t *room; /* for values that are unsealed */
    size_t room_size;
    bool is_out_of_memory;
};

static wax_bytes column(sqlite3_stmt *statement, int at)
{
    const void *data = sqlite3_column_blob(statement, at);

    return wax_bytes_of(data, (size_t)sqlite3_column_bytes(statement, at));
}

static uint8_t *room_for(struct reading *reading, size_t size)
{
    uint8_t *room;

    if (size <= reading->room_size && reading->room != NULL) {
        return reading->room;
    }
    room = realloc(reading->room, size + 1);
    if (room == NULL) {
        reading->is_out_of_memory = true;
        return NULL;
    }
    reading->room = room;
    reading->room_size = size;
    return room;
}

static wax_bytes read_key(struct reading *reading, sqlite3_stmt *statement)
{
    if (sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
        database_key_of(sqlite3_column_int64(statement, 0), reading->number);
        return wax_bytes_of(reading->number, sizeof reading->number);
    }
    return column(statement, 0);
}

static bool verifies(struct reading *reading, sqlite3_stmt *statement, struct row *row)
{
    wax_store_table table = reading->walk->table;
    const struct spot spot = {.table = table, .key = row->key};
    int key_type = table == WAX_STORE_MESSAGES ? SQLITE_INTEGER : SQLITE_BLOB;
    wax_bytes stored;
    uint8_t *room;

    if (sqlite3_column_type(statement, 0) != key_type ||
        sqlite3_column_type(statement, 1) != SQLITE_INTEGER ||
        sqlite3_column_type(statement, 2) != SQLITE_BLOB || row->key.size > WAX_STORE_KEY_MAX) {
        return false;
    }
    stored = column(statement, 2);
    room = reading->database->seal.is_secret ? room_for(reading, stored.size) : NULL;
    if (reading->is_out_of_memory ||
        unseal_value(&reading->database->seal, &spot, stored, room, &row->value) != WAX_OK) {
        return false;
    }
    return table == WAX_STORE_MESSAGES || !database_holds(table) ||
           (row->value.size >= WAX_STORE_NUMBER_SIZE &&
            row->link == database_link(table, row->value));
}

static int read_rows(struct reading *reading, sqlite3_stmt *statement)
{
    int result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct row row = {.key = read_key(reading, statement),
                          .link = sqlite3_column_int64(statement, 1)};
        row.is_sound = verifies(reading, statement, &row);
        if (reading->is_out_of_memory) {
            return SQLITE_NOMEM;
        }
        if (!row.is_sound) {
            row.value = (wax_bytes){NULL, 0};
        }
        if (!reading->walk->visit(reading->walk->context, &row)) {
            return SQLITE_OK;
        }
    }
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

int walk_rows(struct database *database, const struct walk *walk)
{
    struct reading reading = {.database = database, .walk = walk};
    enum statement kind = walk->is_backward      ? STATEMENT_WALK_BACK
                          : walk->from.size == 0 ? STATEMENT_WALK_ALL
                                                 : STATEMENT_WALK;
    sqlite3_stmt *statement;
    int result = database_statement(database, walk->table, kind, &statement);

    if (result != SQLITE_OK) {
        return result;
    }
    if (kind == STATEMENT_WALK) {
        result = database_bind_key(statement, walk->table, 1, walk->from);
    }
    if (result == SQLITE_OK) {
        result = read_rows(&reading, statement);
    }
    database_done(database, walk->table, kind, statement);
    if (reading.room != NULL) {
        wax_wipe(reading.room, reading.room_size);
        free(reading.room);
    }
    return result;
}

/* --- For tasks --- */

struct visitor {
    const wax_store_range *range;
    wax_store_visit *visit;
    void *context;
    wax_status status;
};

static bool visit_row(void *context, const struct row *row)
{
    struct visitor *visitor = context;

    if (!wax_bytes_start_with(row->key, visitor->range->prefix)) {
        return false;
    }
    if (visitor->range->after.size > 0 && wax_bytes_compare(row->key, visitor->range->after) <= 0) {
        return true; /* `after` itself */
    }
    if (!row->is_sound) {
        visitor->status = WAX_MALFORMED;
        return true;
    }
    return visitor->visit(visitor->context, row->key, row->value);
}

wax_status walk_view(wax_store_view *view, const wax_store_range *range, wax_store_visit *visit,
                     void *context)
{
    struct visitor visitor = {.range = range, .visit = visit, .context = context, .status = WAX_OK};
    const struct walk walk = {
        .table = range->table,
        .from = wax_bytes_compare(range->prefix, range->after) < 0 ? range->after : range->prefix,
        .visit = visit_row,
        .context = &visitor,
    };
    wax_status status = database_status(view->database, walk_rows(view->database, &walk));

    /* There is nothing that waiting for the disk would mend. */
    if (status != WAX_OK && status != WAX_MALFORMED) {
        return WAX_IO;
    }
    return status == WAX_OK ? visitor.status : status;
}

/* --- For opening --- */

static bool count_fault(void *context, const struct row *row)
{
    uint64_t *fault_count = context;

    *fault_count += row->is_sound ? 0 : 1;
    return true;
}

/* Messages that another number of rows holds than they say, and those that are not there though
 * they are held. */
static const char wrongly_held[] =
    "SELECT (SELECT count(*) FROM held LEFT JOIN messages ON number=key WHERE link IS NOT holders)+"
    "(SELECT count(*) FROM messages WHERE key NOT IN (SELECT number FROM held))";

int walk_check(struct database *database, bool reads_all, uint64_t *fault_count)
{
    int result = SQLITE_OK;
    int64_t wrong = 0;

    for (unsigned i = 0; i < WAX_STORE_TABLE_COUNT && result == SQLITE_OK; i++) {
        const struct walk walk = {
            .table = (wax_store_table)i, .visit = count_fault, .context = fault_count};
        if (reads_all || walk.table != WAX_STORE_MESSAGES) {
            result = walk_rows(database, &walk);
        }
    }
    if (result == SQLITE_OK && reads_all) {
        result = database_view_held(database);
    }
    if (result == SQLITE_OK && reads_all) {
        result = database_number(database, wrongly_held, &wrong);
        *fault_count += (uint64_t)wrong;
    }
    return result;
}
