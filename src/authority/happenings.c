/* What happens, written down for rules. */
#include "authority/happenings.h"
#include "authority/versions.h"

/* `rule_set` because some are disabled. A mark says what a rule has acted on already, of a group,
 * of a device: a time, a sum, or that it has. An event waits until its rule has acted. Tallies add
 * up what devices tell of one start after the other; `told` is what was told last, of this start.
 */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS rule_set(id INTEGER PRIMARY KEY,name TEXT NOT NULL UNIQUE,"
    " said TEXT NOT NULL,condition INTEGER NOT NULL,amount INTEGER NOT NULL,mask INTEGER NOT NULL,"
    " minimum TEXT NOT NULL,action INTEGER NOT NULL,groups TEXT NOT NULL,devices TEXT NOT NULL,"
    " most INTEGER NOT NULL,period_s INTEGER NOT NULL,is_dry INTEGER NOT NULL,"
    " is_enabled INTEGER NOT NULL DEFAULT 1,is_held INTEGER NOT NULL DEFAULT 0,"
    " since_s INTEGER NOT NULL,fired INTEGER NOT NULL DEFAULT 0,"
    " fired_s INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS rule_marks(rule_id INTEGER NOT NULL,group_id INTEGER NOT NULL,"
    " device_id INTEGER NOT NULL,mark INTEGER NOT NULL,PRIMARY KEY(rule_id,group_id,device_id))"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS rule_events(rule_id INTEGER NOT NULL,group_id INTEGER NOT NULL,"
    " device_id INTEGER NOT NULL,PRIMARY KEY(rule_id,group_id,device_id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS rule_firings(rule_id INTEGER NOT NULL,at_s INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS rule_firings_of_rule ON rule_firings(rule_id,at_s);"
    "CREATE TABLE IF NOT EXISTS tallies(device_id INTEGER NOT NULL,group_id INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,told INTEGER NOT NULL,total INTEGER NOT NULL,"
    " PRIMARY KEY(device_id,group_id,kind)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS suspensions(group_id INTEGER NOT NULL,device_id INTEGER NOT NULL,"
    " rule TEXT NOT NULL,epoch INTEGER NOT NULL,PRIMARY KEY(group_id,device_id,rule))"
    " WITHOUT ROWID;";

/* wax_older(version, minimum) */
static void older(sqlite3_context *context, int count, sqlite3_value **values)
{
    const wax_bytes version = {(const uint8_t *)sqlite3_value_blob(values[0]),
                               (size_t)sqlite3_value_bytes(values[0])};
    const wax_bytes minimum = {(const uint8_t *)sqlite3_value_blob(values[1]),
                               (size_t)sqlite3_value_bytes(values[1])};

    (void)count;
    sqlite3_result_int(context, version_is_older(version, minimum) ? 1 : 0);
}

void rules_open(wax_authority *self)
{
    int result = SQLITE_OK;

    if (self->status != WAX_OK) {
        return;
    }
    result = sqlite3_create_function_v2(self->handle, "wax_older", 2,
                                        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                        NULL, older, NULL, NULL, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_exec(self->handle, schema, NULL, NULL, NULL);
    }
    authority_need(self, result == SQLITE_OK, WAX_IO, sqlite3_errstr(result));
}

/* --- What happens --- */

static void note_event(wax_authority *self, enum rule_condition condition, uint64_t group_id,
                       uint64_t device_id)
{
    ledger_run(self,
               "INSERT OR IGNORE INTO rule_events SELECT r.id,g.id,d.id FROM rule_set r,groups g,"
               "devices d WHERE r.condition=? AND r.is_enabled=1 AND g.id=? AND d.id=?"
               " AND g.name GLOB r.groups AND d.name GLOB r.devices",
               (const struct value[]){
                   of_number(condition),
                   of_number(group_id),
                   of_number(device_id),
               });
}

/* Whoever was judged by its firmware is judged again: it is in one more group. */
void rules_note_join(wax_authority *self, uint64_t group_id, uint64_t device_id)
{
    note_event(self, CONDITION_JOIN, group_id, device_id);
    ledger_run(self,
               "DELETE FROM rule_marks WHERE device_id=? AND rule_id IN"
               "(SELECT id FROM rule_set WHERE condition=?)",
               (const struct value[]){of_number(device_id), of_number(CONDITION_FIRMWARE)});
}

void rules_note_leave(wax_authority *self, uint64_t group_id, uint64_t device_id)
{
    note_event(self, CONDITION_LEAVE, group_id, device_id);
    ledger_run(self, "DELETE FROM suspensions WHERE group_id=? AND device_id=?",
               (const struct value[]){of_number(group_id), of_number(device_id)});
}

void rules_note_epoch(wax_authority *self, uint64_t group_id)
{
    const struct value by = of_number(group_id);

    ledger_run(self,
               "INSERT OR REPLACE INTO rule_marks SELECT r.id,?1,0,(SELECT coalesce(sum(total),0)"
               " FROM tallies JOIN devices d ON d.id=device_id WHERE group_id=?1 AND kind=r.mask"
               " AND d.name GLOB r.devices) FROM rule_set r WHERE r.condition IN (2,3)",
               &by);
}

/* A device begins to count anew when it starts. */
static void tally(wax_authority *self, const struct value *of, uint64_t kind, uint64_t told)
{
    const uint64_t most = UINT64_C(1) << 44U; /* sums of many stay numbers */
    const struct value values[] = {of[0], of[1], of_number(kind),
                                   of_number(told < most ? told : most)};

    ledger_run(self,
               "INSERT INTO tallies VALUES(?1,?2,?3,?4,?4) ON CONFLICT(device_id,group_id,kind)"
               " DO UPDATE SET total=min(total+max(excluded.told-told,0),17592186044416),"
               "told=excluded.told",
               values);
}

void rules_note_status(wax_authority *self, uint64_t device_id, const wax_keys_status *status,
                       bool is_new_boot)
{
    struct value of[] = {of_number(device_id), of_number(0)};
    wax_keys_list refusals = status->refusals;
    wax_keys_list sealed = status->sealed;
    wax_keys_sealed row;
    uint64_t kind;
    uint64_t count;

    if (is_new_boot) {
        ledger_run(self, "UPDATE tallies SET told=0 WHERE device_id=?", of);
    }
    while (self->status == WAX_OK && wax_keys_next_refusal(&refusals, &kind, &count)) {
        tally(self, of, kind, count);
    }
    while (self->status == WAX_OK && wax_keys_next_sealed(&sealed, &row)) {
        const struct value id = of_blob(row.group, WAX_KEYS_ID_SIZE);

        of[1] = of_number(ledger_number(self, "SELECT id FROM groups WHERE name_id=?", &id));
        if (of[1].number != 0) {
            tally(self, of, TALLY_MESSAGES, row.messages);
            tally(self, of, TALLY_BYTES, row.bytes);
        }
    }
}
