/* What rules look for. */
#ifndef WAX_AUTHORITY_RULES_DUE_H
#define WAX_AUTHORITY_RULES_DUE_H

#include "authority/rule.h"

/* Finds what a rule is to act on, if there is something. */
bool rule_find(wax_authority *self, const struct rule *rule, uint64_t now_s,
               struct subject *subject);

/* When time alone makes it due: 0 for never. */
uint64_t rule_next(wax_authority *self, const struct rule *rule, uint64_t now_s);

/* A rule begins to look: what was before does not count. */
void rule_begin(wax_authority *self, const struct rule *rule);

/* The rule has acted on it. */
void rule_settle(wax_authority *self, const struct rule *rule, const struct subject *subject);

/* A device whose firmware is new enough again; its mark is taken away. */
bool rule_find_mended(wax_authority *self, const struct rule *rule, struct subject *subject);

#endif
