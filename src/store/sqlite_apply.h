/* Applies a plan to a database. */
#ifndef WAX_STORE_SQLITE_APPLY_H
#define WAX_STORE_SQLITE_APPLY_H

#include "store/plan.h"
#include "store/sqlite_database.h"

/* Within a transaction that the caller began: does what the plan says, and keeps count of who holds
 * which message. `written` becomes the number of rows that were written or removed. Unless it
 * returns SQLITE_OK, the transaction must be rolled back. */
int apply_plan(struct database *database, const struct plan *plan, uint64_t *written);

/* Puts one value as it is, whatever may hold it; `link` as the table has it. */
int apply_put(struct database *database, enum statement kind, const struct item *item,
              int64_t link);

#endif
