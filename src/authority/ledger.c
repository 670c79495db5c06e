/* The file by SQLite. */
#include "authority/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "Waxk"; and the form of the tables, one more with each change of them. Form 1 knew no devices
 * that lost their records, and no patterns of topics. */
enum { APPLICATION = 0x5761786b, VERSION = 2 };

/* Numbers of `changed`, `given` and `sent` rise with each change of what others may know of a row;
 * what differs is to be published. `since` is the epoch that was begun to shut somebody out: once
 * it is written in, those below it go. `version` is that of the mailbox or manifest given out last.
 * Statuses that know no mailbox from `fresh_*` on are from before the device lost its records. */
static const char schema[] =
    "CREATE TABLE namespace(id INTEGER PRIMARY KEY CHECK(id=1),name BLOB NOT NULL,prefix TEXT NOT "
    "NULL,"
    " generation INTEGER NOT NULL,row_version INTEGER NOT NULL,log_number INTEGER NOT NULL,"
    " log_digest BLOB NOT NULL,log_given INTEGER NOT NULL,log_sent INTEGER NOT NULL,root BLOB NOT "
    "NULL,"
    " registrar BLOB NOT NULL,keeper BLOB NOT NULL,blinding_variant INTEGER NOT NULL,"
    " blinding_hash INTEGER NOT NULL,secrets BLOB NOT NULL);"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY,name_id BLOB NOT NULL UNIQUE,name TEXT NOT NULL "
    "UNIQUE,"
    " suite INTEGER NOT NULL,class INTEGER NOT NULL,tag_size INTEGER NOT NULL,filters BLOB NOT "
    "NULL,"
    " filter_count INTEGER NOT NULL,epoch_s INTEGER NOT NULL,kept INTEGER NOT NULL,ack_s INTEGER "
    "NOT NULL,"
    " signs INTEGER NOT NULL,write_epoch INTEGER NOT NULL,announced INTEGER NOT NULL DEFAULT 0,"
    " due_s INTEGER NOT NULL,next_epoch INTEGER NOT NULL,next_sender INTEGER NOT NULL DEFAULT 1,"
    " since INTEGER NOT NULL DEFAULT 0,version INTEGER NOT NULL DEFAULT 0,digest BLOB NOT "
    "NULL,sent_digest BLOB NOT NULL,changed "
    "INTEGER NOT NULL DEFAULT 1,"
    " given INTEGER NOT NULL DEFAULT 0,sent INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE epochs(group_id INTEGER NOT NULL REFERENCES groups,epoch INTEGER NOT NULL,"
    " secret BLOB NOT NULL,PRIMARY KEY(group_id,epoch)) WITHOUT ROWID;"
    "CREATE TABLE devices(id INTEGER PRIMARY KEY,name TEXT NOT NULL UNIQUE,profile INTEGER NOT "
    "NULL,"
    " standing INTEGER NOT NULL,mark BLOB NOT NULL UNIQUE,public_key BLOB,words TEXT,psk BLOB,"
    " count INTEGER NOT NULL DEFAULT 0,boot_nonce BLOB,firmware TEXT,seen_s INTEGER NOT NULL "
    "DEFAULT 0,"
    " held_generation INTEGER NOT NULL DEFAULT 0,held_version INTEGER NOT NULL DEFAULT 0,"
    " version INTEGER NOT NULL DEFAULT 0,changed INTEGER NOT NULL DEFAULT 0,"
    " fresh_generation INTEGER NOT NULL DEFAULT 0,fresh_version INTEGER NOT NULL DEFAULT 0,"
    " given INTEGER NOT NULL DEFAULT 0,sent INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE members(group_id INTEGER NOT NULL REFERENCES groups,device_id INTEGER NOT NULL"
    " REFERENCES devices,role INTEGER NOT NULL,sender INTEGER NOT NULL,from_epoch INTEGER NOT NULL,"
    " has_history INTEGER NOT NULL,held_epoch INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(group_id,device_id)) WITHOUT ROWID;"
    "CREATE INDEX members_of_device ON members(device_id);"
    "CREATE TABLE patterns(id INTEGER PRIMARY KEY,pattern TEXT NOT NULL);"
    "CREATE TABLE log(number INTEGER PRIMARY KEY,entry BLOB NOT NULL);";

/* Nothing that a damaged or strange file holds may run; what is deleted is overwritten. */
static const char settings[] =
    "PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON;PRAGMA mmap_size=0;"
    "PRAGMA temp_store=MEMORY;PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA secure_delete=ON;PRAGMA foreign_keys=ON;"
    "PRAGMA journal_mode=DELETE;PRAGMA synchronous=FULL;";

void authority_fail(wax_authority *self, wax_status status, const char *fault)
{
    if (self->status == WAX_OK) {
        self->status = status;
        (void)snprintf(self->fault, sizeof self->fault, "%s",
                       fault == NULL ? wax_status_text(status) : fault);
    }
}

void authority_need(wax_authority *self, bool holds, wax_status status, const char *fault)
{
    if (!holds) {
        authority_fail(self, status, fault);
    }
}

void authority_draw(wax_authority *self, void *room, size_t size)
{
    if (self->status == WAX_OK) {
        authority_need(self, self->random->fill(self->random, room, size) == WAX_OK, WAX_IO,
                       "there is no randomness to be had: nothing was done");
    }
}

/* What SQLite says, as this room says it. */
static void note(wax_authority *self, int result)
{
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        break;
    case SQLITE_NOMEM:
        authority_fail(self, WAX_FULL, "there is no memory left");
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        authority_fail(self, WAX_IO,
                       "another process uses the file of the authority: end it first");
        break;
    case SQLITE_FULL:
        authority_fail(self, WAX_IO, "the disk is full: make room on it");
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
        authority_fail(
            self, WAX_MALFORMED,
            "the file of the authority is damaged, or something else: bring it back from a "
            "backup");
        break;
    default:
        authority_fail(self, WAX_IO, sqlite3_errstr(result));
        break;
    }
}

static void script(wax_authority *self, const char *sql)
{
    if (self->status == WAX_OK) {
        note(self, sqlite3_exec(self->handle, sql, NULL, NULL, NULL));
    }
}

struct value of_number(uint64_t number)
{
    return (struct value){.is_number = true, .number = (int64_t)number};
}

struct value of_text(wax_bytes text)
{
    return (struct value){.is_text = true, .bytes = text};
}

struct value of_blob(const void *bytes, size_t size)
{
    return (struct value){.bytes = wax_bytes_of(bytes, size)};
}

/* Makes the tables of a new file, or looks whether an old one has them. */
static void check_shape(wax_authority *self, bool makes)
{
    char marks[80];
    uint64_t version;

    (void)snprintf(marks, sizeof marks, "PRAGMA application_id=%d;PRAGMA user_version=%d;",
                   (int)APPLICATION, (int)VERSION);
    if (makes) {
        script(self, "BEGIN IMMEDIATE");
        script(self, schema);
        script(self, marks);
        script(self, "COMMIT");
        return;
    }
    authority_need(self, ledger_number(self, "PRAGMA application_id", NULL) == APPLICATION,
                   WAX_MALFORMED, "the file is no authority's");
    version = ledger_number(self, "PRAGMA user_version", NULL);
    authority_need(self, version >= VERSION, WAX_MALFORMED,
                   "the file was made by an earlier version of Wax, and this one cannot read it: "
                   "go on with that version, or found a new authority");
    authority_need(self, version == VERSION, WAX_MALFORMED,
                   "the file was made by a later version of Wax: go on with that version");
}

/* Makes an empty file that only its owner may read; what SQLite puts beside it is as it is. */
static void make_file(wax_authority *self, const char *path)
{
    const int file = self->status != WAX_OK
                         ? -1
                         : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    authority_need(self, file >= 0 || errno != EEXIST, WAX_INVALID,
                   "there is a file already: choose another name, or open that one");
    authority_need(self, file >= 0, WAX_IO, strerror(errno));
    if (file >= 0) {
        self->made_file = true;
        (void)close(file);
    }
}

void ledger_open(wax_authority *self, const char *path, bool makes)
{
    if (makes) {
        make_file(self, path);
    } else {
        authority_need(self, access(path, F_OK) == 0, WAX_NOT_FOUND,
                       "there is no authority yet: found one first");
    }
    if (self->status != WAX_OK) {
        return;
    }
    note(self,
         sqlite3_open_v2(path, &self->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
    if (self->handle != NULL) {
        sqlite3_extended_result_codes(self->handle, 1);
        sqlite3_db_config(self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    }
    script(self, settings);
    check_shape(self, makes);
}

void ledger_begin(wax_authority *self)
{
    self->status = WAX_OK;
    self->fault[0] = 0;
    script(self, "BEGIN IMMEDIATE");
}

wax_status ledger_end(wax_authority *self)
{
    script(self, "COMMIT");
    if (self->status != WAX_OK && sqlite3_get_autocommit(self->handle) == 0) {
        (void)sqlite3_exec(self->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    return self->status;
}

wax_status ledger_undo(wax_authority *self)
{
    (void)sqlite3_exec(self->handle, "ROLLBACK", NULL, NULL, NULL);
    return self->status;
}

static int bind(sqlite3_stmt *statement, int at, const struct value *value)
{
    const void *bytes = value->bytes.size == 0 ? "" : (const void *)value->bytes.data;

    if (value->is_number) {
        return sqlite3_bind_int64(statement, at, value->number);
    }
    if (value->is_text) {
        return sqlite3_bind_text64(statement, at, bytes, value->bytes.size, SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    }
    return sqlite3_bind_blob64(statement, at, bytes, value->bytes.size, SQLITE_TRANSIENT);
}

/* Ends a use of a statement; what it was given is not kept. */
static void rest(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

/* The place of a statement that nobody uses now: of the same text, else an empty one; NULL if there
 * is neither. A text that is asked while it is being answered has several places. */
static struct statement *find_place(wax_authority *self, const char *sql)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        struct statement *place = &self->statements[i];

        if (place->compiled == NULL ||
            (place->sql == sql && sqlite3_stmt_busy(place->compiled) == 0)) {
            return place;
        }
    }
    return NULL;
}

static sqlite3_stmt *compile(wax_authority *self, const char *sql)
{
    struct statement *place = find_place(self, sql);

    authority_need(self, place != NULL, WAX_FULL, "too many questions to the file at once");
    if (place != NULL && place->compiled == NULL) {
        place->sql = sql;
        note(self, sqlite3_prepare_v3(self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &place->compiled, NULL));
    }
    return place == NULL ? NULL : place->compiled;
}

void ledger_close(wax_authority *self)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        sqlite3_finalize(self->statements[i].compiled);
    }
    sqlite3_close(self->handle);
    self->handle = NULL;
}

sqlite3_stmt *ledger_ask(wax_authority *self, const char *sql, const struct value *values)
{
    sqlite3_stmt *statement = self->status == WAX_OK ? compile(self, sql) : NULL;
    int result = SQLITE_OK;

    for (int i = 0; result == SQLITE_OK && i < sqlite3_bind_parameter_count(statement); i++) {
        result = bind(statement, i + 1, &values[i]);
    }
    note(self, result);
    return statement;
}

bool ledger_next(wax_authority *self, sqlite3_stmt *question)
{
    int result = SQLITE_DONE;

    if (self->status == WAX_OK && question != NULL) {
        result = sqlite3_step(question);
        note(self, result);
    }
    if (result != SQLITE_ROW && question != NULL) {
        rest(question);
    }
    return result == SQLITE_ROW;
}

void ledger_drop(sqlite3_stmt *question)
{
    rest(question);
}

void ledger_run(wax_authority *self, const char *sql, const struct value *values)
{
    sqlite3_stmt *statement = ledger_ask(self, sql, values);

    if (ledger_next(self, statement)) {
        ledger_drop(statement);
    }
}

uint64_t ledger_number(wax_authority *self, const char *sql, const struct value *values)
{
    sqlite3_stmt *question = ledger_ask(self, sql, values);
    uint64_t answer = 0;

    if (ledger_next(self, question)) {
        answer = ledger_column(question, 0);
        ledger_drop(question);
    }
    return answer;
}

uint64_t ledger_column(sqlite3_stmt *question, int column)
{
    return (uint64_t)sqlite3_column_int64(question, column);
}

wax_bytes ledger_column_bytes(sqlite3_stmt *question, int column)
{
    const void *bytes = sqlite3_column_blob(question, column);

    return wax_bytes_of(bytes, (size_t)sqlite3_column_bytes(question, column));
}

void ledger_column_copy(wax_authority *self, sqlite3_stmt *question, int column, uint8_t *room,
                        size_t size)
{
    const wax_bytes bytes = ledger_column_bytes(question, column);

    authority_need(self, bytes.size == size, WAX_MALFORMED, "the file of the authority is damaged");
    if (bytes.size == size && size > 0) {
        memcpy(room, bytes.data, size);
    }
}
