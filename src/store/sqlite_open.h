/* Opens a store, whatever is found in its folder. */
#ifndef WAX_STORE_SQLITE_OPEN_H
#define WAX_STORE_SQLITE_OPEN_H

#include "store/files.h"
#include "store/sqlite_database.h"

/* Takes the folder and opens the store in it: makes one where there is none, sets a damaged one
 * aside, unless it must be whole, and finishes what an earlier try did not.
 * Returns WAX_OK; otherwise nothing is open, and report->text says why: as the engine's `open`. */
wax_status sqlite_open(struct database *database, struct files *files,
                       const wax_store_options *options, wax_store_report *report) WAX_CHECKED;

/* Of a store that is open and that writing has found damaged: sets it aside, takes over what
 * verifies and opens what was made of it. If that fails the old one is open, or nothing is, and it
 * may be tried again. `options` has the key. */
wax_status sqlite_replace(struct database *database, struct files *files,
                          const wax_store_options *options, wax_store_report *report) WAX_CHECKED;

#endif
