/* Names of topics as a broker sees them; inside of the room. [format, 7] */
#ifndef WAX_AUTHORITY_BLIND_H
#define WAX_AUTHORITY_BLIND_H

#include "authority/ledger.h"

/* Whether a filter may name what a group seals: topics of its own, levels whole. */
bool blind_is_filter(wax_bytes filter);

/* Judges the patterns of a new namespace; and writes them down. */
void blind_judge(wax_authority *self, const wax_authority_founding *founding);
void blind_insert(wax_authority *self, const wax_authority_founding *founding);

/* Whether a filter has wildcards only where the namespace has them. */
bool blind_takes(wax_authority *self, wax_bytes filter);

/* The patterns as a list, and a list of filters as a broker sees them, which goes to `out`. Both
 * use the last of the rooms for lists. */
wax_keys_list blind_list_patterns(wax_authority *self);
wax_keys_list blind_list_filters(wax_authority *self, wax_keys_list filters, wax_writer *out);

#endif
