/* Makes new databases: empty ones, and those that take over what a damaged one still holds. */
#ifndef WAX_STORE_SQLITE_SALVAGE_H
#define WAX_STORE_SQLITE_SALVAGE_H

#include "store/files.h"
#include "store/sqlite_database.h"

/* Makes the fresh file of `files`, whole and on the disk. `takes_over`: with all rows of the store
 * that verify, and whose message verifies too; the report counts them.
 * Returns WAX_OK; otherwise there is no fresh file, the store is as it was, and report->text says
 * why. */
wax_status salvage(const struct files *files, wax_bytes key, bool takes_over,
                   wax_store_report *report) WAX_CHECKED;

/* Whether a fresh file is there, and complete: the process ended before it was put in place. */
bool salvage_is_complete(const struct files *files);

#endif
