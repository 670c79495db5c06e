/* What carries orders out, verb by verb. */
#ifndef WAX_TOOLS_KEYS_VERBS_H
#define WAX_TOOLS_KEYS_VERBS_H

#include "tools/keys_answer.h"

/* The verbs, in keys_deeds.c, keys_show.c, keys_log.c and keys_rules.c. */
typedef bool keys_run(wax_authority *authority, const struct keys_order *order,
                      struct keys_answer *answer);
keys_run keys_group_add, keys_enrol, keys_admit, keys_confirm, keys_grant, keys_revoke, keys_evict;
keys_run keys_rotate, keys_recover, keys_restored, keys_resend, keys_export;
keys_run keys_groups, keys_group_show, keys_status, keys_public, keys_acl, keys_tokens;
keys_run keys_audit;
keys_run keys_rule_add, keys_rules, keys_rule_show, keys_rule_remove, keys_rule_enable;
keys_run keys_rule_disable, keys_rule_try, keys_suspend, keys_resume;

#endif
