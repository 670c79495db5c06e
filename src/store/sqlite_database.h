/* One SQLite database that holds the tables of a store: its shape, its settings, its statements. */
#ifndef WAX_STORE_SQLITE_DATABASE_H
#define WAX_STORE_SQLITE_DATABASE_H

#include "store/seal.h"

#include <sqlite3.h>

/* Statements that every table has. */
enum statement {
    STATEMENT_ADD,    /* key, link, value */
    STATEMENT_PUT,    /* the same, in place of what there is */
    STATEMENT_HOLD,   /* the same for messages: what there is stays and gets `link` more holders */
    STATEMENT_COUNT,  /* key, how many holders more */
    STATEMENT_DROP,   /* the same, where that leaves none: the message goes; else nothing is done */
    STATEMENT_LINK,   /* key; answers link */
    STATEMENT_REMOVE, /* key */
    STATEMENT_SWEEP,  /* first key, first key that stays; answers links */
    STATEMENT_SWEEP_REST, /* first key; answers links */
    STATEMENT_WALK,       /* first key; answers key, link, value, upwards */
    STATEMENT_WALK_ALL,   /* the same from the first key, of whatever kind that is */
    STATEMENT_WALK_BACK,  /* answers key, link, value, downwards from the last */
    STATEMENT_KINDS
};

/* Used by one thread. All its results are SQLite's, extended. */
struct database {
    sqlite3 *handle;
    sqlite3_stmt *statements[WAX_STORE_TABLE_COUNT][STATEMENT_KINDS];
    struct seal seal;
    uint8_t *room; /* for a value on its way in */
    size_t room_size;
    int log_pages;
};

enum {
    DATABASE_APPLICATION = 0x57617870,        /* "Waxp": values are plain */
    DATABASE_APPLICATION_SEALED = 0x57617873, /* "Waxs" */
    DATABASE_VERSION = 1,
};

/* The name of a table, and whether its rows hold messages. */
const char *database_table(wax_store_table table);
bool database_holds(wax_store_table table);

/* Opens a file; a new one if `makes`. `database` was zeroed and must be closed in any case. */
int database_open(struct database *database, const char *path, bool makes);

/* Opens a damaged file to look at only, and changes nothing in it. */
int database_open_wreck(struct database *database, const char *path);

/* Leaves log and file as they are when it is closed. */
void database_leave(struct database *database);

void database_close(struct database *database);

/* Brings what is in the log to its place, if the log is long; for moments when nobody waits. If
 * that fails, the log grows until it succeeds. */
void database_shorten_log(struct database *database);

/* Brings the shape of the file from `version` to DATABASE_VERSION; within a transaction. A new file
 * is marked by the key of `seal`, if there is one. */
int database_migrate(struct database *database, int64_t version);

/* Whether the key of `seal` is the one that the file was made with: SQLITE_OK; SQLITE_AUTH if not;
 * otherwise nobody can tell. */
int database_check_key(struct database *database);

/* Runs SQL without a result, and SQL with one number as its result. */
int database_run(struct database *database, const char *sql);
int database_number(struct database *database, const char *sql, int64_t *number);

/* Makes the temporary view `held`: the number of each message that rows hold, and their count, in
 * `holders`. */
int database_view_held(struct database *database);

/* A statement that is not in use, to be given back by database_done() with the same table and kind.
 */
int database_statement(struct database *database, wax_store_table table, enum statement kind,
                       sqlite3_stmt **statement);
void database_done(struct database *database, wax_store_table table, enum statement kind,
                   sqlite3_stmt *statement);

/* Binds a key, which must last until the statement is done. */
int database_bind_key(sqlite3_stmt *statement, wax_store_table table, int at, wax_bytes key);

/* The link of a row that holds no message. */
#define DATABASE_NO_MESSAGE INT64_MIN

/* What stands in the link of a row with this value; of a table that holds, at least 8 bytes. */
int64_t database_link(wax_store_table table, wax_bytes value);

/* The key of a message by its number in the file, and the other way round. */
int64_t database_number_of(wax_bytes key);
void database_key_of(int64_t number, uint8_t key[static WAX_STORE_NUMBER_SIZE]);

/* Whether a result says that the file is not what this program wrote. */
bool database_is_damage(int result);

/* A result as the store's users know it: WAX_OK, WAX_QUOTA_EXCEEDED, WAX_FULL (memory),
 * WAX_MALFORMED, WAX_INVALID (the key) or WAX_IO. */
wax_status database_status(const struct database *database, int result);

/* Says in words what is wrong. */
void database_explain(const struct database *database, int result, char *text, size_t size);

#endif
