/* Rules: made, taken away, shown. */
#include "authority/rules.h"
#include "authority/plain.h"
#include "authority/rules_due.h"
#include "authority/rules_words.h"
#include "authority/space.h"

#include <string.h>

static const char columns[] =
    "SELECT id,name,said,condition,amount,mask,minimum,action,groups,devices,most,period_s,is_dry,"
    "is_enabled,is_held,since_s FROM rule_set WHERE id=?";

static void take_text(sqlite3_stmt *row, int column, char *room, size_t size)
{
    const wax_bytes text = ledger_column_bytes(row, column);

    if (text.size > 0 && text.size < size) {
        memcpy(room, text.data, text.size);
    }
}

void rule_load(wax_authority *self, uint64_t id, struct rule *rule)
{
    const struct value by = of_number(id);
    sqlite3_stmt *row = ledger_ask(self, columns, &by);

    *rule = (struct rule){.id = id};
    if (!ledger_next(self, row)) {
        authority_fail(self, WAX_NOT_FOUND, "there is no rule of this name");
        return;
    }
    take_text(row, 1, rule->name, sizeof rule->name);
    take_text(row, 2, rule->when, sizeof rule->when);
    rule->condition = (uint32_t)ledger_column(row, 3);
    rule->amount = ledger_column(row, 4);
    rule->mask = (uint32_t)ledger_column(row, 5);
    take_text(row, 6, rule->minimum, sizeof rule->minimum);
    rule->action = (uint32_t)ledger_column(row, 7);
    take_text(row, 8, rule->groups, sizeof rule->groups);
    take_text(row, 9, rule->devices, sizeof rule->devices);
    rule->most = (uint32_t)ledger_column(row, 10);
    rule->period_s = (uint32_t)ledger_column(row, 11);
    rule->is_dry = ledger_column(row, 12) != 0;
    rule->is_enabled = ledger_column(row, 13) != 0;
    rule->is_held = ledger_column(row, 14) != 0;
    rule->since_s = ledger_column(row, 15);
    ledger_drop(row);
}

void rule_find_named(wax_authority *self, wax_bytes name, struct rule *rule)
{
    const struct value by = of_text(name);

    rule_load(self, ledger_number(self, "SELECT id FROM rule_set WHERE name=?", &by), rule);
}

/* What is done to a rule is a deed like others. */
static void note_rule(wax_authority *self, const wax_authority_deed *deed, const char *what,
                      const struct rule *rule)
{
    const struct detail details[] = {
        {.name = "do",                                               .text = wax_bytes_of_text(what)},
        {.name = "act",                                                          .text = wax_bytes_of_text(rule_action_word(rule->action))},
        {.name = "when",.text = wax_bytes_of_text(rule->when)},
        {.name = NULL                                            }
    };

    deed_note(self, deed, &(struct note){"rule", wax_bytes_of_text(rule->name), details});
}

/* --- Made --- */

/* A pattern as GLOB has it: * ? [a-z]. Many stars would take it long. */
static void read_pattern(wax_authority *self, wax_bytes pattern, char *room)
{
    unsigned stars = 0;

    if (pattern.size == 0) {
        pattern = WAX_TEXT("*");
    }
    for (size_t i = 0; i < pattern.size; i++) {
        stars += pattern.data[i] == '*' ? 1 : 0;
    }
    authority_need(self, plain_is(pattern, WAX_KEYS_NAME_MAX) && stars <= RULE_STARS_MAX,
                   WAX_INVALID,
                   "a pattern has 1 to 128 bytes, 8 stars at most, and no control characters");
    if (self->status == WAX_OK) {
        memcpy(room, pattern.data, pattern.size);
    }
}

static void read_name(wax_authority *self, wax_bytes name, struct rule *rule)
{
    const struct value by = of_text(name);

    authority_need(self, plain_is(name, RULE_NAME_MAX), WAX_INVALID,
                   "a rule's name is a text of 1 to 64 bytes, without control characters");
    authority_need(self,
                   self->status != WAX_OK ||
                       ledger_number(self, "SELECT count(*) FROM rule_set WHERE name=?", &by) == 0,
                   WAX_INVALID, "there is a rule of this name already: remove it first");
    if (self->status == WAX_OK) {
        memcpy(rule->name, name.data, name.size);
    }
}

static void read_rule(wax_authority *self, const wax_authority_rule *wanted, struct rule *rule)
{
    read_name(self, wanted->name, rule);
    read_pattern(self, wanted->groups, rule->groups);
    read_pattern(self, wanted->devices, rule->devices);
    rule_read_action(self, wanted->act, rule);
    rule_read_when(self, wanted->when, rule);
    if (wanted->at_most.size > 0) {
        rule_read_limit(self, wanted->at_most, rule);
    }
    authority_need(
        self, ledger_number(self, "SELECT count(*) FROM rule_set", NULL) < WAX_AUTHORITY_RULES_MAX,
        WAX_INVALID, "there are 100 rules already: remove some");
}

static void insert(wax_authority *self, const struct rule *rule)
{
    ledger_run(self,
               "INSERT INTO rule_set(id,name,said,condition,amount,mask,minimum,action,groups,"
               "devices,most,period_s,is_dry,since_s) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
               (const struct value[]){
                   of_number(rule->id),
                   of_text(wax_bytes_of_text(rule->name)),
                   of_text(wax_bytes_of_text(rule->when)),
                   of_number(rule->condition),
                   of_number(rule->amount),
                   of_number(rule->mask),
                   of_text(wax_bytes_of_text(rule->minimum)),
                   of_number(rule->action),
                   of_text(wax_bytes_of_text(rule->groups)),
                   of_text(wax_bytes_of_text(rule->devices)),
                   of_number(rule->most),
                   of_number(rule->period_s),
                   of_number(rule->is_dry ? 1 : 0),
                   of_number(rule->since_s),
               });
}

wax_status wax_authority_add_rule(wax_authority *self, const wax_authority_deed *deed,
                                  const wax_authority_rule *wanted)
{
    struct rule rule = {.is_dry = wanted->is_dry, .since_s = deed->now_s};

    deed_begin(self);
    read_rule(self, wanted, &rule);
    rule.id = ledger_number(self, "SELECT coalesce(max(id),0)+1 FROM rule_set", NULL);
    if (self->status == WAX_OK) {
        insert(self, &rule);
        rule_begin(self, &rule);
        note_rule(self, deed, "add", &rule);
    }
    return deed_end(self);
}

/* --- Changed --- */

wax_status wax_authority_enable_rule(wax_authority *self, const wax_authority_deed *deed,
                                     wax_bytes name, bool is_enabled)
{
    struct rule rule;

    deed_begin(self);
    rule_find_named(self, name, &rule);
    authority_need(self, self->status != WAX_OK || rule.is_enabled != is_enabled, WAX_INVALID,
                   is_enabled ? "this rule is enabled already" : "this rule is disabled already");
    if (self->status == WAX_OK) {
        rule.since_s = deed->now_s;
        ledger_run(self, "UPDATE rule_set SET is_enabled=?,is_held=0,since_s=? WHERE id=?",
                   (const struct value[]){of_number(is_enabled ? 1 : 0), of_number(rule.since_s),
                                          of_number(rule.id)});
        rule_begin(self, &rule);
        note_rule(self, deed, is_enabled ? "enable" : "disable", &rule);
    }
    return deed_end(self);
}

wax_status wax_authority_remove_rule(wax_authority *self, const wax_authority_deed *deed,
                                     wax_bytes name)
{
    struct rule rule;
    struct value by;

    deed_begin(self);
    rule_find_named(self, name, &rule);
    by = of_number(rule.id);
    ledger_run(self, "DELETE FROM rule_marks WHERE rule_id=?", &by);
    ledger_run(self, "DELETE FROM rule_events WHERE rule_id=?", &by);
    ledger_run(self, "DELETE FROM rule_firings WHERE rule_id=?", &by);
    ledger_run(self, "DELETE FROM rule_set WHERE id=?", &by);
    if (self->status == WAX_OK) {
        note_rule(self, deed, "remove", &rule);
    }
    return deed_end(self);
}

/* --- Shown --- */

wax_status wax_authority_visit_rules(wax_authority *self, wax_authority_rule_visitor *visitor)
{
    uint64_t id = 0;

    deed_begin(self);
    while ((id = ledger_number(self, "SELECT min(id) FROM rule_set WHERE id>?",
                               (const struct value[]){of_number(id)})) != 0) {
        const struct value by = of_number(id);
        wax_authority_rule_state state = {.fired = 0};
        struct rule rule;

        rule_load(self, id, &rule);
        state.rule = (wax_authority_rule){
            .name = wax_bytes_of_text(rule.name),
            .when = wax_bytes_of_text(rule.when),
            .act = wax_bytes_of_text(rule_action_word(rule.action)),
            .groups = wax_bytes_of_text(rule.groups),
            .devices = wax_bytes_of_text(rule.devices),
            .is_dry = rule.is_dry,
        };
        state.is_enabled = rule.is_enabled;
        state.is_held = rule.is_held;
        state.most = rule.most;
        state.period_s = rule.period_s;
        state.fired = ledger_number(self, "SELECT fired FROM rule_set WHERE id=?", &by);
        state.fired_s = ledger_number(self, "SELECT fired_s FROM rule_set WHERE id=?", &by);
        if (self->status == WAX_OK) {
            visitor->rule(visitor, &state);
        }
    }
    return deed_end(self);
}
