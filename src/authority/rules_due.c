/* What rules look for: of which group, of which device, and when. */
#include "authority/rules_due.h"

/* --- The table of conditions --- */

/* All statements have the same parameters: ?1 the rule, ?2 now, ?3 its amount, ?4 and ?5 its
 * patterns of groups and devices, ?6 since when it looks, ?7 its version, ?8 since when statuses
 * come, ?9 its mask, ?10 its name. */
#define MARK_OF_GROUP                                                                              \
    " LEFT JOIN rule_marks m ON m.rule_id=?1 AND m.group_id=g.id AND m.device_id=0 "
#define MARK_OF_DEVICE                                                                             \
    " LEFT JOIN rule_marks m ON m.rule_id=?1 AND m.group_id=0 AND m.device_id=d.id "
#define IS_WANTED                                                                                  \
    " d.standing=1 AND d.name GLOB ?5 AND (?4='*' OR EXISTS(SELECT 1 FROM members JOIN groups g"   \
    " ON g.id=group_id WHERE device_id=d.id AND g.name GLOB ?4)) "
#define SEALED                                                                                     \
    "(SELECT group_id,sum(total) AS sum FROM tallies JOIN devices d ON d.id=device_id"             \
    " WHERE kind=?9 AND d.name GLOB ?5 GROUP BY group_id)"
#define REFUSED                                                                                    \
    "(SELECT device_id,sum(total) AS sum FROM tallies WHERE group_id=0 AND kind<32"                \
    " AND ((?9>>kind)&1)=1 GROUP BY device_id)"
#define EVENTS "SELECT group_id,device_id,0 FROM rule_events WHERE rule_id=?1 LIMIT 1"
#define SINCE  "max(d.seen_s,?6,?8)+?3"
#define SILENT                                                                                     \
    "FROM devices d" MARK_OF_DEVICE "WHERE d.seen_s>0 AND ?8>0 AND coalesce(m.mark,-1)<>d.seen_s"  \
    " AND" IS_WANTED
#define VOLUME                                                                                     \
    {                                                                                              \
        .find =                                                                                    \
            "SELECT g.id,0,s.sum FROM groups g JOIN " SEALED " s ON s.group_id=g.id" MARK_OF_GROUP \
            "WHERE g.name GLOB ?4 AND s.sum-coalesce(m.mark,0)>=?3 LIMIT 1",                       \
        .begin = "INSERT INTO rule_marks SELECT ?1,group_id,0,sum FROM " SEALED                    \
    }

/* What a condition asks the file: who is due, with the mark that says so; when the next will be;
 * and which marks a rule begins with. */
static const struct condition {
    const char *find;
    const char *next;
    const char *begin;
} conditions[] = {
    [CONDITION_EVERY] =
        {
                           .find = "SELECT g.id,0,?2 FROM groups g" MARK_OF_GROUP
                    "WHERE g.name GLOB ?4 AND coalesce(m.mark,?6)+?3<=?2 LIMIT 1", .next = "SELECT min(coalesce(m.mark,?6)+?3) FROM groups g" MARK_OF_GROUP
                    "WHERE g.name GLOB ?4", },
    [CONDITION_MESSAGES] = VOLUME,
    [CONDITION_BYTES] = VOLUME,
    [CONDITION_JOIN] = {.find = EVENTS},
    [CONDITION_LEAVE] = {.find = EVENTS},
    [CONDITION_SILENT] =
        {
                           .find = "SELECT 0,d.id,d.seen_s " SILENT "AND " SINCE "<=?2 ORDER BY d.seen_s LIMIT 1",
                           .next = "SELECT min(" SINCE ") " SILENT,
                           },
    [CONDITION_ALARM] =
        {
                           .find = "SELECT 0,d.id,s.sum FROM devices d JOIN " REFUSED
                    " s ON s.device_id=d.id" MARK_OF_DEVICE
                    "WHERE s.sum-coalesce(m.mark,0)>?3 AND" IS_WANTED "LIMIT 1",
                           .begin = "INSERT INTO rule_marks SELECT ?1,0,device_id,sum FROM " REFUSED,
                           },
    [CONDITION_FIRMWARE] =
        {
                           .find = "SELECT 0,d.id,1 FROM devices d" MARK_OF_DEVICE
                    "WHERE d.seen_s>0 AND m.mark IS NULL AND wax_older(d.firmware,?7) AND" IS_WANTED
                    "LIMIT 1", },
};

/* Values for the statements of conditions. */
struct values {
    struct value at[10];
};

static struct values values_of(const wax_authority *self, const struct rule *rule, uint64_t now_s)
{
    return (struct values){
        .at =
            {
                 of_number(rule->id),
                 of_number(now_s),
                 of_number(rule->amount),
                 of_text(wax_bytes_of_text(rule->groups)),
                 of_text(wax_bytes_of_text(rule->devices)),
                 of_number(rule->since_s),
                 of_text(wax_bytes_of_text(rule->minimum)),
                 of_number(self->listens_s),
                 of_number(rule->mask),
                 of_text(wax_bytes_of_text(rule->name)),
                 },
    };
}

static const struct condition *condition_of(const struct rule *rule)
{
    return &conditions[rule->condition < WAX_COUNT(conditions) ? rule->condition : 0];
}

static bool ask(wax_authority *self, const char *sql, const struct values *values,
                struct subject *subject)
{
    sqlite3_stmt *row = sql == NULL ? NULL : ledger_ask(self, sql, values->at);

    *subject = (struct subject){.group = 0};
    if (!ledger_next(self, row)) {
        return false;
    }
    *subject =
        (struct subject){ledger_column(row, 0), ledger_column(row, 1), ledger_column(row, 2)};
    ledger_drop(row);
    return true;
}

bool rule_find(wax_authority *self, const struct rule *rule, uint64_t now_s,
               struct subject *subject)
{
    const struct values values = values_of(self, rule, now_s);

    return ask(self, condition_of(rule)->find, &values, subject);
}

uint64_t rule_next(wax_authority *self, const struct rule *rule, uint64_t now_s)
{
    const struct values values = values_of(self, rule, now_s);
    const char *sql = condition_of(rule)->next;

    return sql == NULL ? 0 : ledger_number(self, sql, values.at);
}

void rule_begin(wax_authority *self, const struct rule *rule)
{
    const struct values values = values_of(self, rule, rule->since_s);
    const char *sql = condition_of(rule)->begin;

    ledger_run(self, "DELETE FROM rule_marks WHERE rule_id=?1", values.at);
    ledger_run(self, "DELETE FROM rule_events WHERE rule_id=?1", values.at);
    if (sql != NULL) {
        ledger_run(self, sql, values.at);
    }
}

/* What was done to a group for one device was done for all whose events wait. */
void rule_settle(wax_authority *self, const struct rule *rule, const struct subject *subject)
{
    const bool is_of_group = rule->action == ACTION_ROTATE || rule->action == ACTION_REKEY;
    const struct value values[] = {of_number(rule->id), of_number(subject->group),
                                   of_number(subject->device), of_number(subject->mark),
                                   of_number(is_of_group ? 1 : 0)};

    if (rule->condition == CONDITION_JOIN || rule->condition == CONDITION_LEAVE) {
        ledger_run(self,
                   "DELETE FROM rule_events WHERE rule_id=?1 AND group_id=?2"
                   " AND (device_id=?3 OR ?5=1)",
                   values);
    } else {
        ledger_run(self, "INSERT OR REPLACE INTO rule_marks VALUES(?1,?2,?3,?4)", values);
    }
}

bool rule_find_mended(wax_authority *self, const struct rule *rule, struct subject *subject)
{
    const struct values values = values_of(self, rule, 0);

    if (rule->condition != CONDITION_FIRMWARE ||
        !ask(self,
             "SELECT 0,id,1 FROM devices WHERE id IN(SELECT device_id FROM rule_marks WHERE"
             " rule_id=?1 UNION SELECT device_id FROM suspensions WHERE rule=?10)"
             " AND NOT wax_older(firmware,?7) LIMIT 1",
             &values, subject)) {
        return false;
    }
    ledger_run(self, "DELETE FROM rule_marks WHERE rule_id=? AND device_id=?",
               (const struct value[]){of_number(rule->id), of_number(subject->device)});
    return true;
}
