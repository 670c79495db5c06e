/* Shared groups by their names: what is kept outlives the numbers that groups have in memory. */
#ifndef WAX_BROKER_KEEP_GROUP_H
#define WAX_BROKER_KEEP_GROUP_H

#include "broker/internal.h"
#include "broker/keep_record.h"

/* The share name and the filter of a group, in `found` until the next call; false if it is none, or
 * is gone. */
bool keep_group(struct worker *worker, wax_group group, wax_interest *found);

/* The group of a row, none if it has no members now. Of any thread. */
wax_group keep_find_group(struct wax_broker *broker, const struct kept_row *row);

#endif
