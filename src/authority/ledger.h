/* The file: statements with their values, rows, transactions; secrets sealed in their place. */
#ifndef WAX_AUTHORITY_LEDGER_H
#define WAX_AUTHORITY_LEDGER_H

#include "authority/inner.h"

/* A value of a statement: bytes, or else a number. */
struct value {
    bool is_number;
    bool is_text;
    int64_t number;
    wax_bytes bytes;
};

struct value of_number(uint64_t number);
struct value of_text(wax_bytes text);
struct value of_blob(const void *bytes, size_t size);

/* Opens a file; `makes` wants it not to be there yet, and makes its tables. */
void ledger_open(wax_authority *self, const char *path, bool makes);

/* A deed begins; what it changes holds if it ends well, and not at all otherwise. */
void ledger_begin(wax_authority *self);
wax_status ledger_end(wax_authority *self) WAX_CHECKED;

/* Or it changes nothing, however it went. */
wax_status ledger_undo(wax_authority *self) WAX_CHECKED;

/* Lets go of all statements, which must be before the file is closed. */
void ledger_close(wax_authority *self);

/* Runs a statement without answers. Here and below `sql` is a literal: what was compiled for it is
 * kept. `values` has as many as the statement has parameters. */
void ledger_run(wax_authority *self, const char *sql, const struct value *values);

/* Begins a question; ledger_next() says whether there is a row, and ends it when there is none. A
 * question that is left early wants ledger_drop(). */
sqlite3_stmt *ledger_ask(wax_authority *self, const char *sql, const struct value *values);
bool ledger_next(wax_authority *self, sqlite3_stmt *question);
void ledger_drop(sqlite3_stmt *question);

/* One number as an answer; 0 if there is no row. */
uint64_t ledger_number(wax_authority *self, const char *sql, const struct value *values);

/* Columns of a row; views live until the next. */
uint64_t ledger_column(sqlite3_stmt *question, int column);
wax_bytes ledger_column_bytes(sqlite3_stmt *question, int column);

/* Takes a column of just `size` bytes. */
void ledger_column_copy(wax_authority *self, sqlite3_stmt *question, int column, uint8_t *room,
                        size_t size);

/* Where a secret stands: it opens nowhere else, and in no other version of its row. */
struct spot {
    const char *table;
    uint64_t row;
    uint64_t version;
};

enum { SECRET_OVERHEAD = WAX_SEAL_NONCE_SIZE + WAX_SEAL_TAG_SIZE, SECRET_MAX = 96 };

/* Seals a secret of at most SECRET_MAX into `stored`, SECRET_OVERHEAD larger; and opens it. */
void secret_seal(wax_authority *self, const struct spot *spot, wax_bytes plain, uint8_t *stored);
void secret_open(wax_authority *self, const struct spot *spot, wax_bytes stored, uint8_t *plain,
                 size_t size);

#endif
