/* A database: all tables have the same three columns, so that there is one text for each kind of
 * statement. `link` is the message that a row holds, or how many rows hold a message, or 0. */
#include "store/sqlite_database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    const char *name;
    bool holds;
    bool is_numbered; /* the key is a number of 8 bytes, and values may be large */
};

/* clang-format off */
static const struct shape shapes[WAX_STORE_TABLE_COUNT] = {
    [WAX_STORE_META]          = {"meta",          false, false},
    [WAX_STORE_SESSIONS]      = {"sessions",      false, false},
    [WAX_STORE_SUBSCRIPTIONS] = {"subscriptions", false, false},
    [WAX_STORE_RECEIVED]      = {"received",      false, false},
    [WAX_STORE_QUEUES]        = {"queues",        true,  false},
    [WAX_STORE_WILLS]         = {"wills",         true,  false},
    [WAX_STORE_RETAINED]      = {"retained",      true,  false},
    [WAX_STORE_LETTERS]       = {"letters",       true,  false},
    [WAX_STORE_MESSAGES]      = {"messages",      false, true },
};

static const char *const texts[STATEMENT_KINDS] = {
    [STATEMENT_ADD]        = "INSERT INTO %s VALUES(?1,?2,?3)",
    [STATEMENT_PUT]        = "INSERT INTO %s VALUES(?1,?2,?3) ON CONFLICT(key) DO UPDATE SET link=excluded.link,value=excluded.value",
    [STATEMENT_HOLD]       = "INSERT INTO %s VALUES(?1,?2,?3) ON CONFLICT(key) DO UPDATE SET link=link+excluded.link",
    [STATEMENT_COUNT]      = "UPDATE %s SET link=link+?2 WHERE key=?1",
    [STATEMENT_DROP]       = "DELETE FROM %s WHERE key=?1 AND link+?2<=0",
    [STATEMENT_LINK]       = "SELECT link FROM %s WHERE key=?1",
    [STATEMENT_REMOVE]     = "DELETE FROM %s WHERE key=?1",
    [STATEMENT_SWEEP]      = "DELETE FROM %s WHERE key>=?1 AND key<?2 RETURNING link",
    [STATEMENT_SWEEP_REST] = "DELETE FROM %s WHERE key>=?1 RETURNING link",
    [STATEMENT_WALK]       = "SELECT key,link,value FROM %s WHERE key>=?1 ORDER BY key",
    [STATEMENT_WALK_ALL]   = "SELECT key,link,value FROM %s ORDER BY key",
    [STATEMENT_WALK_BACK]  = "SELECT key,link,value FROM %s ORDER BY key DESC",
};

/* What brings a file from one version to the next. Version 1 makes the tables of the store by their
 * shapes; the table `engine` is the engine's own. */
static const char *const migrations[DATABASE_VERSION] = {
    "CREATE TABLE engine(name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
};
/* clang-format on */

/* When the log is brought to its place: at 16 MiB. */
enum { LOG_PAGES_MAX = 4096 };

/* Whose bytes a damaged file holds, nobody knows: nothing in it may run. A log that one large
 * transaction made longer than 32 MiB is cut when it begins anew. A transaction stays in memory
 * until it is committed, so that one that fails has cost no room on the disk. */
static const char settings[] = "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA mmap_size=0;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA locking_mode=EXCLUSIVE;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA cache_size=-16384;"
                               "PRAGMA cache_spill=OFF;"
                               "PRAGMA wal_autocheckpoint=0;"
                               "PRAGMA journal_size_limit=33554432;";

const char *database_table(wax_store_table table)
{
    return shapes[table].name;
}

bool database_holds(wax_store_table table)
{
    return shapes[table].holds;
}

/* Notes how long the log is. */
static int note_log(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct database *database = context;

    (void)handle;
    (void)name;
    database->log_pages = pages;
    return SQLITE_OK;
}

static int open_handle(struct database *database, const char *path, int flags)
{
    int result = sqlite3_open_v2(path, &database->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (database->handle == NULL) {
        return SQLITE_NOMEM;
    }
    sqlite3_extended_result_codes(database->handle, 1);
    sqlite3_db_config(database->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    result = result == SQLITE_OK ? database_run(database, settings) : result;
    sqlite3_wal_hook(database->handle, note_log, database);
    return result;
}

int database_open(struct database *database, const char *path, bool makes)
{
    int flags = SQLITE_OPEN_READWRITE | (makes ? SQLITE_OPEN_CREATE : 0);
    int result = open_handle(database, path, flags);

    /* A new file is filled by one transaction, however large. Otherwise this is the first look at
     * the file, which takes its lock. */
    return result == SQLITE_OK
               ? database_run(database, makes ? "PRAGMA cache_spill=ON" : "PRAGMA journal_mode=WAL")
               : result;
}

int database_open_wreck(struct database *database, const char *path)
{
    int result = open_handle(database, path, SQLITE_OPEN_READWRITE);

    if (result == SQLITE_OK) {
        database_leave(database);
        sqlite3_db_config(database->handle, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
    }
    return result;
}

void database_leave(struct database *database)
{
    if (database->handle != NULL) {
        sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < WAX_STORE_TABLE_COUNT; i++) {
        for (size_t k = 0; k < STATEMENT_KINDS; k++) {
            sqlite3_finalize(database->statements[i][k]);
        }
    }
    sqlite3_close(database->handle);
    free(database->room);
    wax_wipe(database, sizeof *database);
}

static int make_table(struct database *database, const struct shape *shape)
{
    char sql[256];

    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE %s(key %s PRIMARY KEY NOT NULL,link INTEGER NOT NULL,"
                   "value BLOB NOT NULL)%s",
                   shape->name, shape->is_numbered ? "INTEGER" : "BLOB",
                   shape->is_numbered ? "" : " WITHOUT ROWID");
    return database_run(database, sql);
}

/* Nothing, sealed: who cannot open it has another key. */
static const struct spot key_spot = {.table = WAX_STORE_TABLE_COUNT};

enum { KEY_MARK_SIZE = 28 };

static int mark_key(struct database *database)
{
    static const char sql[] = "INSERT INTO engine VALUES('key',?1)";
    sqlite3_stmt *statement = NULL;
    uint8_t stored[KEY_MARK_SIZE];
    int result;

    wax_assert(seal_overhead(&database->seal) == sizeof stored);
    if (seal_value(&database->seal, &key_spot, wax_bytes_of(NULL, 0), stored) != WAX_OK) {
        return SQLITE_NOMEM;
    }
    result = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_blob(statement, 1, stored, sizeof stored, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

void database_shorten_log(struct database *database)
{
    if (database->log_pages >= LOG_PAGES_MAX &&
        sqlite3_wal_checkpoint_v2(database->handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL) == SQLITE_OK) {
        database->log_pages = 0;
    }
}

int database_migrate(struct database *database, int64_t version)
{
    char sql[96];
    int result = SQLITE_OK;

    for (size_t i = 0; version == 0 && i < WAX_STORE_TABLE_COUNT && result == SQLITE_OK; i++) {
        result = make_table(database, &shapes[i]);
    }
    for (int64_t i = version; i < DATABASE_VERSION && result == SQLITE_OK; i++) {
        result = database_run(database, migrations[i]);
    }
    if (version == 0 && result == SQLITE_OK && database->seal.is_secret) {
        result = mark_key(database);
    }
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d",
                   database->seal.is_secret ? DATABASE_APPLICATION_SEALED : DATABASE_APPLICATION,
                   DATABASE_VERSION);
    return result == SQLITE_OK ? database_run(database, sql) : result;
}

int database_check_key(struct database *database)
{
    sqlite3_stmt *statement = NULL;
    uint8_t room[KEY_MARK_SIZE];
    wax_bytes value;
    int result = sqlite3_prepare_v2(database->handle, "SELECT value FROM engine WHERE name='key'",
                                    -1, &statement, NULL);

    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        wax_bytes stored = wax_bytes_of(sqlite3_column_blob(statement, 0),
                                        (size_t)sqlite3_column_bytes(statement, 0));
        result = stored.size == sizeof room &&
                         unseal_value(&database->seal, &key_spot, stored, room, &value) == WAX_OK
                     ? SQLITE_OK
                     : SQLITE_AUTH;
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE ? SQLITE_CORRUPT : result;
}

int database_run(struct database *database, const char *sql)
{
    return sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
}

int database_number(struct database *database, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);

    *number = 0;
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        *number = sqlite3_column_int64(statement, 0);
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

int database_view_held(struct database *database)
{
    sqlite3_str *sql = sqlite3_str_new(database->handle);
    const char *between = "";
    char *text;
    int result;

    sqlite3_str_appendall(sql, "CREATE TEMP VIEW IF NOT EXISTS held AS "
                               "SELECT link AS number,count(*) AS holders FROM (");
    for (size_t i = 0; i < WAX_STORE_TABLE_COUNT; i++) {
        if (shapes[i].holds) {
            sqlite3_str_appendf(sql, "%sSELECT link FROM main.%s", between, shapes[i].name);
            between = " UNION ALL ";
        }
    }
    sqlite3_str_appendf(sql, ") WHERE link!=%lld GROUP BY link", (long long)DATABASE_NO_MESSAGE);
    text = sqlite3_str_finish(sql);
    result = text == NULL ? SQLITE_NOMEM : database_run(database, text);
    sqlite3_free(text);
    return result;
}

int database_statement(struct database *database, wax_store_table table, enum statement kind,
                       sqlite3_stmt **statement)
{
    sqlite3_stmt **kept = &database->statements[table][kind];
    char sql[256];
    int result;

    *statement = *kept;
    if (*kept != NULL && sqlite3_stmt_busy(*kept) == 0) {
        return SQLITE_OK;
    }
    sqlite3_snprintf(sizeof sql, sql, texts[kind], shapes[table].name);
    result =
        sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    if (result == SQLITE_OK && *kept == NULL) {
        *kept = *statement;
    }
    return result;
}

void database_done(struct database *database, wax_store_table table, enum statement kind,
                   sqlite3_stmt *statement)
{
    if (statement == database->statements[table][kind]) {
        sqlite3_reset(statement);
        sqlite3_clear_bindings(statement);
    } else {
        sqlite3_finalize(statement);
    }
}

/* Of a number, what is missing is zero. */
int database_bind_key(sqlite3_stmt *statement, wax_store_table table, int at, wax_bytes key)
{
    uint8_t number[WAX_STORE_NUMBER_SIZE] = {0};

    if (!shapes[table].is_numbered) {
        return key.size == 0
                   ? sqlite3_bind_zeroblob(statement, at, 0)
                   : sqlite3_bind_blob(statement, at, key.data, (int)key.size, SQLITE_STATIC);
    }
    memcpy(number, key.size == 0 ? number : key.data,
           key.size < sizeof number ? key.size : sizeof number);
    return sqlite3_bind_int64(statement, at,
                              database_number_of(wax_bytes_of(number, sizeof number)));
}

int64_t database_link(wax_store_table table, wax_bytes value)
{
    if (!shapes[table].holds) {
        return 0;
    }
    wax_assert(value.size >= WAX_STORE_NUMBER_SIZE);
    return database_number_of((wax_bytes){value.data, WAX_STORE_NUMBER_SIZE});
}

/* Numbers without a sign are to stand in their order among numbers with one. */
#define SIGN ((uint64_t)1 << 63U)

int64_t database_number_of(wax_bytes key)
{
    uint64_t number = 0;

    for (size_t i = 0; i < WAX_STORE_NUMBER_SIZE; i++) {
        number = number << 8U | key.data[i];
    }
    return (int64_t)(number ^ SIGN);
}

void database_key_of(int64_t number, uint8_t key[static WAX_STORE_NUMBER_SIZE])
{
    uint64_t left = (uint64_t)number ^ SIGN;

    for (size_t i = WAX_STORE_NUMBER_SIZE; i-- > 0; left >>= 8U) {
        key[i] = (uint8_t)left;
    }
}

bool database_is_damage(int result)
{
    int kind = result & 0xff;

    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR ||
           kind == SQLITE_MISMATCH || kind == SQLITE_TOOBIG || kind == SQLITE_FORMAT;
}

static bool is_full(const struct database *database, int result)
{
    int error = database->handle == NULL ? 0 : sqlite3_system_errno(database->handle);

    return (result & 0xff) == SQLITE_FULL ||
           ((result & 0xff) == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT));
}

wax_status database_status(const struct database *database, int result)
{
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) {
        return WAX_OK;
    }
    if (is_full(database, result)) {
        return WAX_QUOTA_EXCEEDED;
    }
    if ((result & 0xff) == SQLITE_NOMEM) {
        return WAX_FULL;
    }
    if ((result & 0xff) == SQLITE_AUTH) {
        return WAX_INVALID;
    }
    return database_is_damage(result) ? WAX_MALFORMED : WAX_IO;
}

/* clang-format off */
static const struct {
    int result;
    const char *text;
} words[] = {
    {SQLITE_BUSY,     "another process uses it"},
    {SQLITE_LOCKED,   "another process uses it"},
    {SQLITE_ERROR,    "a table is missing, or is not as it should be"},
    {SQLITE_CORRUPT,  "its pages do not belong together"},
    {SQLITE_NOTADB,   "it is not a database"},
    {SQLITE_READONLY, "it can only be read"},
    {SQLITE_AUTH,     "its values are sealed by another key"},
    {SQLITE_NOMEM,    "there is no memory left"},
};
/* clang-format on */

void database_explain(const struct database *database, int result, char *text, size_t size)
{
    int error = database->handle == NULL ? 0 : sqlite3_system_errno(database->handle);
    int kind = result & 0xff;
    const char *found = sqlite3_errstr(kind);

    for (size_t i = 0; i < WAX_COUNT(words); i++) {
        found = words[i].result == kind ? words[i].text : found;
    }
    if (is_full(database, result)) {
        found = "the disk is full: make room on it";
    } else if ((kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN) && error != 0) {
        found = strerror(error);
    }
    (void)snprintf(text, size, "%s", found);
}
