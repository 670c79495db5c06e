/* A rule: when something holds of a group or a device, do something to it.
 *
 * It is a row of the file; what it looks for is a row of the table of conditions, what it does a
 * row of the table of actions. What it found already is in `rule_marks`, what it did in
 * `rule_firings`: both outlive the process. */
#ifndef WAX_AUTHORITY_RULE_H
#define WAX_AUTHORITY_RULE_H

#include "authority/ledger.h"

enum { RULE_NAME_MAX = 64, RULE_TEXT_MAX = 64, RULE_STARS_MAX = 8 };

/* What a rule waits for; the numbers stand in the file. */
enum rule_condition {
    CONDITION_EVERY = 1,
    CONDITION_MESSAGES,
    CONDITION_BYTES,
    CONDITION_JOIN,
    CONDITION_LEAVE,
    CONDITION_SILENT,
    CONDITION_ALARM,
    CONDITION_FIRMWARE,
};

/* What it does; the numbers stand in the file. */
enum rule_action {
    ACTION_NOTIFY = 1,
    ACTION_ROTATE,
    ACTION_REKEY,
    ACTION_SUSPEND,
    ACTION_REVOKE,
    ACTION_EVICT,
};

/* What is counted of devices, by the numbers of wax_keys_refusal and these. */
enum tally_kind { TALLY_MESSAGES = 32, TALLY_BYTES };

struct rule {
    uint64_t id;
    char name[RULE_NAME_MAX + 1];
    char when[RULE_TEXT_MAX + 1]; /* as it was said */
    uint32_t condition;
    uint64_t amount;                 /* seconds, messages, bytes, refusals */
    uint32_t mask;                   /* of the refusals that count; a kind of tally */
    char minimum[RULE_TEXT_MAX + 1]; /* firmware */
    uint32_t action;
    char groups[WAX_KEYS_NAME_MAX + 1]; /* patterns */
    char devices[WAX_KEYS_NAME_MAX + 1];
    uint32_t most; /* firings in `period_s` */
    uint32_t period_s;
    bool is_dry;
    bool is_enabled;
    bool is_held; /* it was said that its limit is reached */
    uint64_t since_s;
};

/* Of which group, of which device: 0 where a condition has none. */
struct subject {
    uint64_t group;
    uint64_t device;
    uint64_t mark; /* what it is remembered by */
};

#endif
