/* Rules as they stand in the file. */
#ifndef WAX_AUTHORITY_RULES_H
#define WAX_AUTHORITY_RULES_H

#include "authority/rule.h"

/* Finds a rule by its row, or by its name. */
void rule_load(wax_authority *self, uint64_t id, struct rule *rule);
void rule_find_named(wax_authority *self, wax_bytes name, struct rule *rule);

#endif
