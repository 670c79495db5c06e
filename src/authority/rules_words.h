/* The words of rules. */
#ifndef WAX_AUTHORITY_RULES_WORDS_H
#define WAX_AUTHORITY_RULES_WORDS_H

#include "authority/rule.h"

/* Reads an action, with its limit; a condition that goes with it; and another limit, as 3/day.
 * Fails with words that say what is right. */
void rule_read_action(wax_authority *self, wax_bytes text, struct rule *rule);
void rule_read_when(wax_authority *self, wax_bytes text, struct rule *rule);
void rule_read_limit(wax_authority *self, wax_bytes text, struct rule *rule);

const char *rule_action_word(uint32_t action);

#endif
